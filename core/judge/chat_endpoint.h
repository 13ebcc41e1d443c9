// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/error.h"
#include "core/support/json.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mpo {

struct ChatEndpointOptions
{
    std::string baseUrl; ///< "https://HOST/v1"; /chat/completions is added
    std::string key; ///< goes into one header of the requests and nowhere else; empty: none
    int attempts = 6; ///< of one request, where a later one may mend it
    double firstDelay = 1.0; ///< seconds before the second attempt; doubles each time
    double longestWait = 600.0; ///< seconds that a server may ask for (Retry-After)
    double timeout = 120.0; ///< seconds for one whole answer
    double perMinute = 0.0; ///< requests at most; 0: as many as it takes
    std::size_t maxBytes = std::size_t(4) << 20; ///< of an answer
};

/// An answer that was paid for.
struct ChatAnswer
{
    std::string text;
    std::optional<std::int64_t> promptTokens, answerTokens; ///< as the server counts them
    int attempts = 1;
    double seconds = 0.0; ///< of the last attempt
};

/// What a single request fails with while others may go well: the answer is too long, no JSON, or the server has had
/// too many bad moments. Other Errors (a refused key, an unknown model, an unknown host) end the whole.
struct ChatFailure : Error
{
    using Error::Error;
};

/// Any endpoint that speaks the chat completions of OpenAI. Time-outs, dropped connections, answers that break off, 429
/// and 5xx are tried again after a while, as long as the server asks for. Redirects are not followed, so that the key
/// stays with its host; TLS is always verified. Neither Errors nor answers hold the key, even if the server sends it
/// back. One thread.
class ChatEndpoint
{
public:
    /// stopped: asked often; when it says so, Error ends what is under way. warn: a sentence when something is tried
    /// again. Throws Error for a base URL that is no address.
    ChatEndpoint(const ChatEndpointOptions& options, std::function<bool()> stopped,
        std::function<void(const std::string&)> warn);
    ~ChatEndpoint();
    ChatEndpoint(const ChatEndpoint&) = delete;
    ChatEndpoint& operator=(const ChatEndpoint&) = delete;

    /// Throws ChatFailure or Error.
    ChatAnswer complete(const Json& request);

private:
    struct Private;
    struct Attempt;
    Attempt attempt(const std::string& body);
    void wait(double seconds) const;
    std::string withoutKey(std::string text) const;
    std::unique_ptr<Private> m_d;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/hub/hub_options.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mpo {

/// An answer. Names of headers in lower case.
struct HubReply
{
    long status = 0;
    std::map<std::string, std::string> headers;
    std::string body;
    std::string header(const std::string& name) const;
};

/// HTTP as the hub needs it: redirects by hand, so that the token stays with its host; a dropped connection, 429 and
/// 5xx are tried again after a while; TLS is always verified. One thread.
class HubHttp
{
public:
    /// stopped: asked often; when it says so, Error ends what is under way. Throws Error for an endpoint that is no
    /// address. warn: a sentence when something is tried again.
    HubHttp(const HubOptions& options, std::function<bool()> stopped, std::function<void(const std::string&)> warn);
    ~HubHttp();
    HubHttp(const HubHttp&) = delete;
    HubHttp& operator=(const HubHttp&) = delete;

    /// path: from the endpoint's root, encoded. Any answer below 500 but 429 is returned. Throws Error when there is
    /// none.
    HubReply get(const std::string& path, std::size_t maxBytes);
    /// Follows redirects only as long as they say nothing about the file: the hub names ETag and size in the answer
    /// that sends on to another host.
    HubReply head(const std::string& path);

    /// Content that comes in piece by piece.
    struct Receiver
    {
        std::function<std::uint64_t()> have; ///< bytes that are there already; the rest is asked for
        std::function<void()> restart; ///< the server begins at the beginning all the same
        std::function<void(std::string_view)> append; ///< may throw
        std::optional<std::uint64_t> size; ///< as announced
    };
    /// Until all is there; goes on where a dropped connection ended. An answer that is no content (404 ...) is
    /// returned.
    HubReply download(const std::string& path, const Receiver& receiver);

    static std::string escaped(std::string_view text); ///< as one part of a path
    const std::string& endpoint() const; ///< without a slash at its end

private:
    struct Private;
    struct Attempt;
    Attempt attempt(bool head, const std::string& path, std::size_t maxBytes, const Receiver* receiver);
    HubReply repeated(bool head, const std::string& path, std::size_t maxBytes, const Receiver* receiver);
    void wait(double seconds) const;
    std::unique_ptr<Private> m_d;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/error.h"
#include "core/support/json.h"
#include "core/tokenizer/tokenizer.h"

#include <ctime>

namespace mpo {

/// A stretch of a rendered dialogue. Only what is trusted, because the template wrote it, may become a special token.
struct RenderedPart
{
    std::string text;
    bool trusted = false;
    bool operator==(const RenderedPart&) const = default;
};
std::string textOf(std::span<const RenderedPart> parts);

/// A row that the template itself refuses (roles that do not alternate, say): trouble of the data, not of the program.
class RowRefusal : public Error
{
public:
    using Error::Error;
};

/// The chat template of a model, as transformers' apply_chat_template carries it out: a Jinja template in a sandbox
/// with limits of time, memory and output. Immutable after construction; every member may be called on any thread.
class ChatTemplate
{
public:
    /// Throws Error "The chat template, line 3: ..." for what is no template.
    explicit ChatTemplate(const std::string& source);
    ~ChatTemplate();
    ChatTemplate(ChatTemplate&&) noexcept;

    struct Request
    {
        Json messages = Json::array(); ///< objects with "role" and "content"; content: a text or a list of parts
        Json tools, documents; ///< null: none
        Json variables = Json::object(); ///< more names that the template may know
        bool addGenerationPrompt = false;
        bool continueFinalMessage = false; ///< the last message is left open, for the model to go on
        std::optional<std::time_t> now; ///< what strftime_now shows; empty: the time of the call
    };
    /// Throws RowRefusal where the template refuses the messages (roles that do not alternate, say), Error where it
    /// fails.
    std::vector<RenderedPart> render(const Request& request, const Tokenizer& tokenizer) const;
    std::vector<RenderedPart> render(
        std::span<const ChatMessage> messages, bool addGenerationPrompt, const Tokenizer& tokenizer) const;

    /// apply_chat_template(tokenize=True): no BOS but the template's, and no special token from messages.
    TokenIds encode(std::span<const ChatMessage> messages, bool addGenerationPrompt, const Tokenizer& tokenizer) const;

    static Json toJson(std::span<const ChatMessage> messages);

private:
    struct Private;
    std::unique_ptr<const Private> m_d;
};

TokenIds encodeRendered(std::span<const RenderedPart> parts, const Tokenizer& tokenizer);

} // namespace mpo

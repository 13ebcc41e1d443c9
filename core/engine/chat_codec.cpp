// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/chat_codec.h"

#include "core/chat/chat_template.h"
#include "core/support/error.h"

namespace mpo {

struct ChatCodec::Private
{
    std::shared_ptr<const Tokenizer> tokenizer;
    std::optional<ChatTemplate> own; ///< the model's, made when it is needed first
    std::string folder;
};

ChatCodec::ChatCodec(const std::string& modelFolder)
    : m_d(new Private {Tokenizer::load(modelFolder), {}, modelFolder})
{
}

ChatCodec::~ChatCodec() = default;

ChatCodec::Rendered ChatCodec::render(const Json& row, bool addGenerationPrompt) const
{
    ChatTemplate::Request request;
    request.addGenerationPrompt = addGenerationPrompt;
    std::optional<ChatTemplate> given;
    if (!row.is_object() || !row.contains("messages"))
        fail("A row needs \"messages\", a list of objects with \"role\" and \"content\"");
    for (const auto& [key, value] : row.items()) {
        const bool isFlag = key == "add_generation_prompt" || key == "continue_final_message";
        if (isFlag && !value.is_boolean())
            fail("\"{}\" is true or false", key);
        if (key == "chat_template" && !value.is_string())
            fail("\"chat_template\" is the text of a template");
        if (key == "chat_template_kwargs" && !value.is_object())
            fail("\"chat_template_kwargs\" is an object of variables");
        if (key == "messages")
            request.messages = value;
        else if (key == "tools")
            request.tools = value;
        else if (key == "documents")
            request.documents = value;
        else if (key == "chat_template_kwargs")
            request.variables = value;
        else if (key == "add_generation_prompt")
            request.addGenerationPrompt = value.get<bool>();
        else if (key == "continue_final_message")
            request.continueFinalMessage = value.get<bool>();
        else if (key == "chat_template")
            given.emplace(value.get<std::string>());
    }
    if (!given && !m_d->own) {
        if (m_d->tokenizer->chatTemplate.empty())
            fail("{}: the model has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja)",
                m_d->folder);
        m_d->own.emplace(m_d->tokenizer->chatTemplate);
    }
    const auto parts = (given ? *given : *m_d->own).render(request, *m_d->tokenizer);
    return {textOf(parts), encodeRendered(parts, *m_d->tokenizer)};
}

} // namespace mpo

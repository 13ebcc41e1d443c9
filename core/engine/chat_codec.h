// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mpo {

/// Dialogues through the chat template of a model folder, for `mpo chat-template`. One thread.
class ChatCodec
{
public:
    explicit ChatCodec(const std::string& modelFolder);
    ~ChatCodec();

    struct Rendered
    {
        std::string text;
        std::vector<std::int32_t> ids;
    };
    /// `row`: {"messages", and perhaps "tools", "documents", "add_generation_prompt", "continue_final_message",
    /// "chat_template" (instead of the model's), "chat_template_kwargs" (more variables)}. Throws Error.
    Rendered render(const Json& row, bool addGenerationPrompt) const;

private:
    struct Private;
    std::unique_ptr<Private> m_d;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/workspace.h"
#include "core/judge/chat_endpoint.h"

namespace mpo {

/// A language model on this machine that answers what an endpoint would be asked. Answers repeat: greedy at temperature
/// 0, else drawn from a stream of the question.
class LocalJudge
{
public:
    /// Throws Error: a reward model, or one without a tokenizer.
    LocalJudge(const Workspace& workspace, const std::string& model);

    /// `request`: {"messages", "temperature", "max_tokens"}. Throws ChatFailure for a question that leaves no room for
    /// an answer in the model's positions, Error when it is stopped.
    ChatAnswer complete(const Json& request) const;

private:
    const Workspace& m_workspace;
    std::string m_name;
    Model m_model;
};

} // namespace mpo

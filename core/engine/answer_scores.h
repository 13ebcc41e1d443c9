// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/workspace.h"

namespace mpo {

/// Scores of a text as the answer to each row's prompt, as `mpo score` scores responses. This process alone computes
/// them. Throws Error for an answer without a token.
std::vector<double> scoresOfAnswers(const Workspace& workspace, const Model& reward,
    const std::vector<PreferencePair>& rows, const std::vector<std::string>& answers);

} // namespace mpo

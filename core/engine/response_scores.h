// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/workspace.h"

namespace mpo {

// Scores of texts by a reward model, as `mpo score` scores responses. The reward model need not have the tokenizer of
// the model that wrote them. This process alone computes them, also in the midst of work that several share. Both throw
// Error when stopped.

/// Of both responses of each pair; NaN for a pair with a response without a token. Of DatasetKind::Completions: of the
/// one response, and NaN for `rejected`. `scored` is told of each row that has scores, as they come.
std::vector<PairScore> scoresOfTexts(const Workspace& workspace, const Model& reward, const Dataset& texts,
    const std::function<void(std::size_t number, const PairScore& score)>& scored = {});

/// Of an answer to the prompt of each row; what else the rows hold does not count. Throws Error for an answer without a
/// token. REQUIRES as many answers as rows.
std::vector<double> scoresOfAnswers(const Workspace& workspace, const Model& reward, std::vector<PreferencePair> rows,
    const std::vector<std::string>& answers);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// ORPO, Hong et al. 2024 (arXiv 2403.07691) eq. 6 and 7: the negative log-likelihood of the chosen response, mean over
/// its tokens, plus beta (the paper's lambda) times -log sigmoid of the log odds ratio. The odds of a response are
/// p / (1 - p), log p being its mean token log-prob. There is no reference. The likelihood is of the response only; TRL
/// counts the tokens of the prompt too. Result: (B).
at::Tensor orpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

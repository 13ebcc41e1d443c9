// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// The negative log-likelihood of the chosen responses: one mean over all their tokens in the batch, the same for each
/// pair. The rejected responses and the reference do not enter. Result: (B).
at::Tensor chosenLikelihoodLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

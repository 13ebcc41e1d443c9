// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// APO-zero, D'Oosterlinck et al. 2024 (arXiv 2408.06266) eq. 7, for chosen responses better than what the model
/// writes: 1 - sigmoid(c) + sigmoid(r) of the implicit rewards, which raises c and lowers r. Result: (B).
at::Tensor apoZeroLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

/// APO-down, eq. 8, for chosen responses worse than what the model writes: sigmoid(c) + 1 - sigmoid(c - r), which
/// lowers both, the rejected one more. Result: (B).
at::Tensor apoDownLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

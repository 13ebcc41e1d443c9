// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// SimPO, Meng et al. 2024 (arXiv 2405.14734) eq. 6: -log sigmoid(beta * (mean token log-prob of chosen - that of
/// rejected) - gamma). There is no reference; gamma is the margin that the chosen response is to win by. Result: (B).
at::Tensor simpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

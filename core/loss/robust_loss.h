// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// Robust DPO, Chowdhury et al. 2024 (arXiv 2403.00409): with z as in DPO and e the share of flipped labels,
/// -((1 - e) log sigmoid(z) - e log sigmoid(-z)) / (1 - 2 e), whose expectation under such flips is the DPO loss on
/// true labels. It goes below 0. e is options.labelSmoothing, below 1/2; with e = 0 it is DPO. Result: (B).
at::Tensor robustLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

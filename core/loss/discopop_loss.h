// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// DiscoPOP (log-ratio modulated loss), Lu et al. 2024 (arXiv 2406.08414) eq. 5: a mix of -log sigmoid(z) and exp(-z)
/// with the weight sigmoid(z / 0.05) on the second. Its slope at z = 0 is positive: from a fresh start it drives
/// margins down at first. Result: (B).
at::Tensor discopopLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// IPO, Azar et al. 2023 (arXiv 2310.12036) eq. 17: (h - 1 / (2 beta))^2, h = difference of log-ratios, each divided by the number
/// of its response tokens, as in TRL (whose authors confirmed the mean with the paper's); the DPO repository uses sums.
/// Result: (B).
at::Tensor ipoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

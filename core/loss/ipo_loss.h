// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// IPO, Azar et al. 2023 (arXiv 2310.12036) eq. 17: (h - 1 / (2 beta))^2, beta standing for the paper's tau. h is the
/// difference of the two log-ratios, each divided by the number of its response tokens. The paper does not say so; TRL
/// divides, and its authors had it confirmed by the paper's that the published results are of this form. The DPO
/// repository and OpenRLHF take sums: there the same beta is another loss. We follow TRL, since a sum would make the
/// target 1 / (2 beta) easier to reach the longer the responses are. Result: (B).
at::Tensor ipoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

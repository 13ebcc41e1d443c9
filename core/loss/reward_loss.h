// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace mpo {

/// Bradley-Terry: -log sigmoid(chosen - rejected) + centering * (chosen + rejected)^2. Scores and result: (B) fp32.
/// InstructGPT (arXiv 2203.02155) eq. 1; the centering term as in TRL's center_rewards_coefficient (arXiv 2312.09244).
at::Tensor rewardLoss(const at::Tensor& chosenScores, const at::Tensor& rejectedScores, double centering = 0.0);

} // namespace mpo

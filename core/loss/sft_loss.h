// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace mpo {

/// Negative log-likelihood of response tokens, (R) -> scalar: -sum / `tokens`. `tokens` is the number of response
/// tokens of the whole optimiser step, so that micro-batches add up to one token mean and long responses weigh by their
/// length: as in TRL's SFT and unlike the pair losses, which are means over pairs. 0: the tokens given.
at::Tensor sftLoss(const at::Tensor& logProbs, double tokens = 0.0);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/sft_loss.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace mpo {

at::Tensor sftLoss(const at::Tensor& logProbs, double tokens)
{
    return -logProbs.sum() / std::max(1.0, tokens > 0.0 ? tokens : double(logProbs.size(0)));
}

} // namespace mpo

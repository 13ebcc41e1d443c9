// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// AOT, Melnyk et al. 2024 (arXiv 2406.05882): the margins of a batch shall exceed those of the reference as
/// distributions, so both are sorted before they are compared. A micro-batch is the sample that is sorted: the larger
/// batch_size, the more this differs from DPO. Label smoothing as in conservative DPO. Result: (B), in sorted order.
at::Tensor aotLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

/// The same without pairs: the log-ratios of the chosen responses, sorted, against the sorted ones of the rejected.
at::Tensor aotUnpairedLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

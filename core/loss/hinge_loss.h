// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// Hinge on the margin, SLiC-HF (arXiv 2305.10425) with DPO's log-ratios as in RSO (arXiv 2309.06657): max(0, 1 - z).
/// Result: (B).
at::Tensor hingeLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

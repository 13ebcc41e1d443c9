// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// Length-normalised DPO, as in Tulu 3 (arXiv 2411.15124) section 5: DPO whose log-ratios are divided by the number of
/// tokens of their response. Result: (B).
at::Tensor lengthNormalizedDpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

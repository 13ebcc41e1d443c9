// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// EXO on pairs, Ji et al. 2024 (arXiv 2402.00856) eq. 16: the KL from the policy's choice between the two responses,
/// sigmoid(z) with z as in DPO, to the label, (1 - e, e). e is options.labelSmoothing and must be above 0. Result: (B).
at::Tensor exoPairLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

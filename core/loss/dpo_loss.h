// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// DPO, Rafailov et al. 2023 (arXiv 2305.18290) eq. 7, with z = beta * (log-ratio of chosen - log-ratio of rejected):
/// -(1 - e) log sigmoid(z) - e log sigmoid(-z). With label smoothing e this is conservative DPO (Mitchell 2023), the
/// expected loss when a share e of the labels is flipped. The authors' repository, OpenRLHF and TRL up to 0.12 read e
/// so; TRL 1.x ignores it for "sigmoid" and has "robust" instead, which is another loss (it divides by 1 - 2 e and goes
/// below 0). We follow the authors; with e = 0 all agree. Result: (B).
at::Tensor dpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

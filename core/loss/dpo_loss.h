// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// DPO, Rafailov et al. 2023 (arXiv 2305.18290) eq. 7: z = beta * (log-ratio of chosen - log-ratio of rejected),
/// -(1 - e) log sigmoid(z) - e log sigmoid(-z). e = label smoothing: conservative DPO (Mitchell 2023), as in the authors' repository;
/// TRL 1.x ignores label smoothing for "sigmoid", we follow the authors.
/// Result: (B).
at::Tensor dpoLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

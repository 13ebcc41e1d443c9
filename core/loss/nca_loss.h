// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// NCA on pairs, Chen et al. 2024 (arXiv 2402.05369): with the implicit rewards c and r of the two responses,
/// -log sigmoid(c) - (log sigmoid(-c) + log sigmoid(-r)) / 2. The level of c counts, not the margin alone. Result: (B).
at::Tensor ncaPairLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// BCO on pairs, Jung et al. 2024 (arXiv 2404.04656): a binary classifier of the implicit rewards,
/// -log sigmoid(c) - log sigmoid(-r), without the paper's moving shift of the rewards, as in TRL. Result: (B).
at::Tensor bcoPairLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

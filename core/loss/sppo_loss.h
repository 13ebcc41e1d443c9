// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/loss/preference_loss.h"

namespace mpo {

/// SPPO with hard labels, Wu et al. 2024 (arXiv 2405.00675) eq. 4.7 with the winner's probability 1: the log-ratio of
/// the chosen response is drawn to 1 / (2 beta), that of the rejected one to -1 / (2 beta). Result: (B).
at::Tensor sppoHardLoss(const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

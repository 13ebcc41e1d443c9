// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/linear.h"

namespace mpo {

/// GFLOP/s of one large matrix product on all threads, the best of half a second: what nothing here can exceed.
double measureGemmPeak(ComputeType type);

} // namespace mpo

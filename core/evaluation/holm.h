// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

namespace mpo {

/// P-values of several tests, raised so that calling those below 5 % differences is wrong for any of them in at most 5
/// % of such families (Holm 1979, step-down). In the order given; NaN stays and does not count. REQUIRES others in [0,
/// 1].
std::vector<double> holmAdjusted(std::span<const double> p);

} // namespace mpo

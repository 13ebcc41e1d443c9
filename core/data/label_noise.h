// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"

#include <cstdint>

namespace mpo {

/// Exchanges chosen and rejected, as a flip by hand does it, in this share of the pairs, rounded to whole pairs. Which
/// ones follows from the seed alone: those of a smaller share are among those of a larger one. REQUIRES 0 <= share
/// <= 1.
void flipLabels(Dataset& data, double share, std::uint64_t seed);

} // namespace mpo

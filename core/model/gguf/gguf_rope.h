// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <cstdint>
#include <span>

namespace mpo {

/// "rope_scaling" of the kind llama3 whose divisors of the rotary frequencies are `factors` (rope_freqs.weight: one for
/// each pair of a head's entries). null: all are 1. Throws Error when no such scaling gives them.
Json llama3Scaling(std::span<const float> factors, double theta);

} // namespace mpo

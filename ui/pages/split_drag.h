// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace mpo {

// How closely what stands around the histogram follows a drag of the threshold: a step has 16 ms (tests/bench/split).
inline constexpr int kFollowMilliseconds = 40; ///< between two lists of pairs, or two sets of numbers of a comparison
inline constexpr int kRestMilliseconds = 80; ///< without a change until texts are laid out

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>

namespace mpo {

/// Calls part(begin, end) for ranges that cover 0..count, at least `grain` long but for the last, on the threads that
/// LibTorch computes with. `part` must not throw. (at::parallel_for runs in one thread unless its caller is compiled
/// with OpenMP, and that could bring a second OpenMP library into the program.)
void overThreads(
    std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t begin, std::int64_t end)>& part);

} // namespace mpo

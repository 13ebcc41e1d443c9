// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gemm_peak.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

namespace mpo {

double measureGemmPeak(ComputeType type)
{
    const at::NoGradGuard noGrad;
    constexpr std::int64_t rows = 1024, inner = 2048, columns = 2048; // large enough to hide every overhead
    constexpr double flop = 2.0 * double(rows) * double(inner) * double(columns);
    const at::Tensor a = at::ones({rows, inner}, scalarType(type)), b = at::ones({inner, columns}, scalarType(type));
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::milliseconds(500);
    double best = 0.0;
    while (Clock::now() < end) {
        const auto begin = Clock::now();
        const at::Tensor product = at::matmul(a, b);
        best = std::max(best, flop / std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return best * 1e-9;
}

} // namespace mpo

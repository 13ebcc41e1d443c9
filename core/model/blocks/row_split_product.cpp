// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/row_split_product.h"

#include "core/model/blocks/thread_team.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <array>
#include <exception>

namespace mpo {

namespace {

constexpr std::int64_t kFewestRows = 640, kFewestOutputs = 128, kMostOutputs = 1200;

} // namespace

at::Tensor rowSplitProduct(const at::Tensor& a, const at::Tensor& b)
{
    const std::int64_t rows = a.size(0), outputs = b.size(1);
    if (!a.is_cpu() || at::get_num_threads() != 2 || at::in_parallel_region() || rows < kFewestRows
        || outputs < kFewestOutputs || outputs > kMostOutputs)
        return at::matmul(a, b);
    const std::int64_t half = (rows / 2 + 31) / 32 * 32; // whole tiles of the matrix registers
    const at::Tensor y = at::empty({rows, outputs}, a.options());
    std::array<std::exception_ptr, 2> failures;
    overThreads(2, 1, [&](std::int64_t begin, std::int64_t end) {
        const at::AutoDispatchBelowADInplaceOrView noAutograd;
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t first = i == 0 ? 0 : half, count = i == 0 ? half : rows - half;
            try {
                at::Tensor part = y.narrow(0, first, count);
                at::mm_out(part, a.narrow(0, first, count), b);
            } catch (...) {
                failures[std::size_t(i)] = std::current_exception();
            }
        }
    });
    for (const std::exception_ptr& failure : failures)
        if (failure)
            std::rethrow_exception(failure);
    return y;
}

} // namespace mpo

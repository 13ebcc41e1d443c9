// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/attention_kernels.h"

#include "core/model/blocks/lanes.h"

#include <cmath>

namespace mpo {

namespace {

#if defined(__x86_64__)
namespace avx512 {
#define MPO_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#define MPO_TILE_LANES 4
#include "core/model/blocks/attention_kernels.inl"
#undef MPO_INLINE
#undef MPO_TARGET
#undef MPO_TILE_LANES
} // namespace avx512
namespace avx2 {
#define MPO_TARGET __attribute__((target("avx2,fma")))
#define MPO_TILE_LANES 1
#include "core/model/blocks/attention_kernels.inl"
#undef MPO_INLINE
#undef MPO_TARGET
#undef MPO_TILE_LANES
} // namespace avx2
#endif
namespace plain {
#define MPO_TARGET
#define MPO_TILE_LANES 1
#include "core/model/blocks/attention_kernels.inl"
#undef MPO_INLINE
#undef MPO_TARGET
#undef MPO_TILE_LANES
} // namespace plain

} // namespace

const AttentionKernels& attentionKernels()
{
    static const AttentionKernels all {MPO_KERNEL(product), MPO_KERNEL(joinScores), MPO_KERNEL(shareGradients),
        MPO_KERNEL(multiplyRow), MPO_KERNEL(addRow), MPO_KERNEL(dot), MPO_KERNEL(widen<float>),
        MPO_KERNEL(widen<std::uint16_t>), MPO_KERNEL(narrow<float>), MPO_KERNEL(narrow<std::uint16_t>)};
    return all;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Includes the kernels in the file that MPO_KERNELS names once for each kind of processor, each time in a namespace of
// that name (lanes.h). MPO_TARGET marks functions for its instructions; MPO_TILE_LANES: how many lanes beside each other
// its registers hold for each of four rows.

#if defined(__x86_64__)
namespace avx512 {
#define MPO_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#define MPO_TILE_LANES 4
#include MPO_KERNELS
#undef MPO_INLINE
#undef MPO_TARGET
#undef MPO_TILE_LANES
} // namespace avx512
namespace avx2 {
#define MPO_TARGET __attribute__((target("avx2,fma")))
#define MPO_TILE_LANES 1
#include MPO_KERNELS
#undef MPO_INLINE
#undef MPO_TARGET
#undef MPO_TILE_LANES
} // namespace avx2
#endif
namespace plain {
#define MPO_TARGET
#define MPO_TILE_LANES 1
#include MPO_KERNELS
#undef MPO_INLINE
#undef MPO_TARGET
#undef MPO_TILE_LANES
} // namespace plain

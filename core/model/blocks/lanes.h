// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mpo {

/// Sixteen numbers at a time, in the vectors of GCC and Clang. Kernels with them stand in an .inl file that is included
/// once for each kind of processor (for_each_processor.inl), as vectors of this size become registers only
/// in functions that are marked for it from the start.
inline constexpr std::int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef float HalfLanes __attribute__((vector_size(kLanes / 2 * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef float QuarterLanes __attribute__((vector_size(kLanes / 4 * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef std::int32_t WholeLanes __attribute__((vector_size(kLanes * sizeof(float)), may_alias));
typedef std::uint32_t BitLanes __attribute__((vector_size(kLanes * sizeof(float)), may_alias));
typedef std::uint16_t ShortLanes
    __attribute__((vector_size(kLanes * sizeof(std::uint16_t)), aligned(sizeof(std::uint16_t)), may_alias));

enum class Processor { Plain, Avx2, Avx512 };

/// The best kind that this machine is.
inline Processor processorHere()
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl"))
        return Processor::Avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return Processor::Avx2;
#endif
    return Processor::Plain;
}

/// Of a kernel that was compiled for each kind, the one for this machine.
template<class Function>
Function chosen([[maybe_unused]] Function avx512, [[maybe_unused]] Function avx2, Function plain)
{
    static const Processor processor = processorHere();
    switch (processor) {
    case Processor::Avx512:
        return avx512;
    case Processor::Avx2:
        return avx2;
    case Processor::Plain:
        break;
    }
    return plain;
}

#if defined(__x86_64__)
#define MPO_KERNEL(...) chosen(&avx512::__VA_ARGS__, &avx2::__VA_ARGS__, &plain::__VA_ARGS__)
#else
#define MPO_KERNEL(...) (&plain::__VA_ARGS__)
#endif

} // namespace mpo

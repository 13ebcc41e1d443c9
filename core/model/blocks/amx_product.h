// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mpo {

/// Products of bf16 with the matrix registers of newer Xeons (AMX; Intel's Architecture Instruction Set Extensions
/// Reference, chapter 3).
namespace amx {

inline constexpr std::int64_t kDepth = 32; ///< inputs that one instruction takes
inline constexpr int kPanels = 4; ///< panels of 16 outputs that are computed together

/// Whether the processor has them and the kernel lets this program use them, which it is asked for here.
bool isThere();

/// y = x W^T. x: (rows, inputs) bf16; panels: W as PackedWeight has it, (outputs/16, inputs/2, 16, 2) bf16; y: fp32,
/// rows `yStride` apart, of which `width` outputs are written. inputs: a multiple of kDepth. REQUIRES isThere(); any
/// thread
void product(const std::uint16_t* x, std::int64_t rows, std::int64_t inputs, const std::uint16_t* panels, float* y,
    std::int64_t yStride, std::int64_t width);

} // namespace amx

} // namespace mpo

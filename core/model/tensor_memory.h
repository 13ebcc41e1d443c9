// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace mpo {

/// From now on LibTorch gets the memory of large tensors from here, for the rest of the program. Blocks that are given
/// back are handed out again instead of going to the system and coming back page by page, full of zeros, which takes
/// longer than many a product; they are aligned and marked for pages of 2 MiB. What is kept and what is in use are
/// never more together than what was in use at the worst moment, so that the peak stays what it is. Any thread; more
/// than once is once. Does nothing on systems without mmap.
void keepTensorMemory();

/// Gives back to the system what is kept and not in use.
void releaseTensorMemory();

struct TensorMemoryUse
{
    std::size_t inUse = 0, kept = 0, mostInUse = 0; ///< bytes of large blocks
};
TensorMemoryUse tensorMemoryUse();

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/page_heap.h"

namespace mpo {

/// From now on LibTorch gets the memory of large tensors from a PageHeap, for the rest of the program. Any thread; more
/// than once is once.
void keepTensorMemory();

/// Gives back to the system what is kept and not in use.
void releaseTensorMemory();

PageHeap::Use tensorMemoryUse();

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <exception>

namespace mpo {

/// Whether an exception says that memory has run out: the standard library's, or an allocator's of LibTorch, which has
/// no type of its own on a CPU.
bool isOutOfMemory(const std::exception& error);

} // namespace mpo

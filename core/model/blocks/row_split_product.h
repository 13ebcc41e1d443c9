// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace mpo {

/// a b. a: (M, K), b: (K, N), either of them perhaps a transposed view; both bf16, no autograd. With two threads,
/// oneDNN 3.12 (in torch 2.13) gives all of a product with N below some 1,200 and M between some 640 and 1,500 to one
/// of them; such products are computed here by halves of the rows, one for each thread. With any other number of
/// threads it spreads its work and is left alone. tests/bench/training/README.md has the figures.
at::Tensor rowSplitProduct(const at::Tensor& a, const at::Tensor& b);

} // namespace mpo

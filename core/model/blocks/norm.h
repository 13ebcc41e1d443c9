// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

namespace mpo {

/// The normalisation of a family over the last dimension, in fp32; the result is handed out in `type`, for the product
/// that follows.
struct Norm
{
    enum class Kind {
        Rms, ///< arXiv 1910.07467
        RmsFromOne, ///< the same with 1 + weight (Gemma)
        Layer, ///< arXiv 1607.06450, with bias
    };

    at::Tensor weight, bias; ///< (D), (D) or undefined. No weight: there is no norm at this place
    Kind kind = Kind::Rms;
    double eps = 1e-5;

    bool defined() const { return weight.defined(); }
    /// x: (..., D) fp32. Where there is no norm, x itself.
    at::Tensor operator()(const at::Tensor& x, at::ScalarType type) const;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/rms_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace mpo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// at::rms_norm is a chain of small operations on a CPU, forward and backward; this needs half as many passes over
/// memory and keeps x alone.
struct RmsNorm : torch::autograd::Function<RmsNorm>
{
    static at::Tensor forward(
        AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type)
    {
        const at::Tensor norm = at::linalg_vector_norm(x, 2, at::IntArrayRef {-1}, /*keepdim=*/true); // (N, 1)
        const at::Tensor scale = norm.square_().div_(double(x.size(-1))).add_(eps).rsqrt_();
        context->save_for_backward({x, weight, scale});
        return (x * scale).mul_(weight).to(type);
    }

    // With n = x * scale: dw = sum over rows of g n;  dx = scale (g w - n mean(g w n)).
    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &scale = saved[2];
        const at::Tensor g = gradients[0].to(at::kFloat);
        const at::Tensor n = x * scale, gn = g * n;
        const at::Tensor mean = gn.mv(weight).div_(double(x.size(-1))).unsqueeze(1); // (N, 1)
        return {(g * weight).addcmul_(n, mean, -1).mul_(scale), context->needs_input_grad(1) ? gn.sum(0) : at::Tensor(),
            {}, {}};
    }
};

} // namespace

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type)
{
    return RmsNorm::apply(x, weight, eps, type);
}

} // namespace mpo

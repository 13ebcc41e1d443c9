// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/rms_norm.h"

#include "core/model/blocks/row_kernels.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace mpo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// at::rms_norm is a chain of small operations on a CPU, forward and backward, and keeps more than x.
struct RmsNorm : torch::autograd::Function<RmsNorm>
{
    static at::Tensor forward(
        AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type)
    {
        rows::Normalised result;
        if (x.is_cpu()) {
            result = rows::rmsNorm(x, weight, eps, type);
        } else {
            const at::Tensor wide = x.to(at::kFloat);
            result.scale = wide.square().mean(-1).add_(eps).rsqrt_(); // (N)
            result.y = (wide * result.scale.unsqueeze(1)).mul_(weight).to(type);
        }
        context->save_for_backward({x, weight, result.scale});
        return result.y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &scale = saved[2], &g = gradients[0];
        const bool weightGradient = context->needs_input_grad(1);
        if (x.is_cpu()) {
            const auto [dx, dw] = rows::rmsNormBackward(g, x, weight, scale, weightGradient);
            return {dx.to(x.scalar_type()), dw, {}, {}};
        }
        // With n = x * scale: dw = sum over rows of g n;  dx = scale (g w - n mean(g w n)).
        const at::Tensor by = scale.unsqueeze(1), wide = g.to(at::kFloat), n = x.to(at::kFloat) * by, gn = wide * n;
        const at::Tensor mean = gn.mv(weight).div_(double(x.size(-1))).unsqueeze(1); // (N, 1)
        return {(wide * weight).addcmul_(n, mean, -1).mul_(by).to(x.scalar_type()),
            weightGradient ? gn.sum(0) : at::Tensor(), {}, {}};
    }
};

} // namespace

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type)
{
    return RmsNorm::apply(x, weight, eps, type);
}

} // namespace mpo

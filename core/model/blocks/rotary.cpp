// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/rotary.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace mpo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// direction 1: by the angle; -1: back. Four passes instead of the seven of x cos + rotate_half(x) sin.
at::Tensor turned(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, double direction)
{
    const at::Tensor in = x.to(at::kFloat);
    const std::int64_t half = in.size(-1) / 2;
    const at::Tensor a = in.narrow(-1, 0, half), b = in.narrow(-1, half, half);
    at::Tensor out = at::empty(in.sizes(), in.options());
    at::Tensor outA = out.narrow(-1, 0, half), outB = out.narrow(-1, half, half);
    at::mul_out(outA, a, cos);
    at::mul_out(outB, b, cos);
    outA.addcmul_(b, sin, -direction);
    outB.addcmul_(a, sin, direction);
    return out;
}

struct Rotate : torch::autograd::Function<Rotate>
{
    static at::Tensor forward(
        AutogradContext* context, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin)
    {
        context->save_for_backward({cos, sin});
        context->saved_data["type"] = std::int64_t(x.scalar_type());
        return turned(x, cos, sin, 1.0);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const auto type = at::ScalarType(context->saved_data["type"].toInt());
        return {turned(gradients[0], saved[0], saved[1], -1.0).to(type), {}, {}};
    }
};

} // namespace

at::Tensor rotaryFrequencies(double theta, std::int64_t headWidth)
{
    const at::Tensor exponents = at::arange(0, headWidth, 2, at::kLong).to(at::kFloat).div(double(headWidth));
    return at::pow(theta, exponents).reciprocal();
}

Rotary rotaryAngles(const at::Tensor& positions, const at::Tensor& frequencies)
{
    const at::Tensor angles = (positions.to(at::kFloat).unsqueeze(1) * frequencies).unsqueeze(1); // (N, 1, W / 2)
    return {angles.cos(), angles.sin()};
}

at::Tensor rotate(const at::Tensor& x, const Rotary& rotary) { return Rotate::apply(x, rotary.cos, rotary.sin); }

} // namespace mpo

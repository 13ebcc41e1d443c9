// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/feed_forward.h"

#include "core/model/blocks/packed_weight.h"
#include "core/model/blocks/row_kernels.h"
#include "core/support/error.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace mpo {

namespace {

at::Tensor activate(const at::Tensor& x, Activation activation)
{
    switch (activation) {
    case Activation::Silu:
        return at::silu(x);
    case Activation::Gelu:
        return at::gelu(x);
    case Activation::GeluTanh:
        return at::gelu(x, "tanh");
    case Activation::Relu:
        return at::relu(x);
    case Activation::QuickGelu:
        return x * at::sigmoid(1.702 * x);
    }
    return x;
}

/// silu(gate) * up, of which only gate and up are kept for the backward pass.
struct GatedSilu : torch::autograd::Function<GatedSilu>
{
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& gate, const at::Tensor& up)
    {
        context->save_for_backward({gate, up});
        return gate.is_cpu() ? rows::gatedSilu(gate, up, gate.scalar_type()) : at::silu(gate).mul_(up);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &gate = saved[0], &up = saved[1], &g = gradients[0];
        if (gate.is_cpu()) {
            const auto [dGate, dUp] = rows::gatedSiluBackward(g, gate, up);
            return {dGate, dUp};
        }
        return {at::silu_backward(g * up, gate), at::silu(gate).mul_(g)};
    }
};

at::Tensor gated(const at::Tensor& gate, const at::Tensor& up, Activation activation)
{
    return activation == Activation::Silu ? GatedSilu::apply(gate, up) : activate(gate, activation) * up;
}

} // namespace

Activation activationFromName(const std::string& field, const std::string& name)
{
    for (const auto& [text, activation] : {std::pair {"silu", Activation::Silu}, {"swish", Activation::Silu},
             {"gelu", Activation::Gelu}, {"gelu_python", Activation::Gelu}, {"gelu_new", Activation::GeluTanh},
             {"gelu_pytorch_tanh", Activation::GeluTanh}, {"gelu_fast", Activation::GeluTanh},
             {"relu", Activation::Relu}, {"quick_gelu", Activation::QuickGelu}})
        if (name == text)
            return activation;
    fail("\"{}\" is \"{}\"; there are silu, gelu, gelu_new, gelu_pytorch_tanh, relu and quick_gelu", field, name);
}

at::Tensor FeedForward::operator()(const at::Tensor& x, ComputeType type) const
{
    if (packed && PackedWeight::suits(x)) {
        const auto halves = (*packed)(x).chunk(2, -1);
        return down(activation == Activation::Silu ? rows::gatedSilu(halves[0], halves[1], scalarType(type))
                                                   : activate(halves[0], activation).mul_(halves[1]),
            type);
    }
    if (gateUp.defined()) {
        const auto halves = gateUp(x, type).chunk(2, -1);
        return down(gated(halves[0], halves[1], activation), type);
    }
    if (!gate.defined())
        return down(activate(up(x, type), activation), type);
    return down(gated(gate(x, type), up(x, type), activation), type);
}

void FeedForward::pack(ComputeType type)
{
    down.pack(type);
    if (gate.defined())
        packed = PackedWeight::make({&gate, &up}, type);
    else
        (gateUp.defined() ? gateUp : up).pack(type);
}

void FeedForward::unpack()
{
    packed.reset();
    for (Linear* linear : {&gate, &up, &gateUp, &down})
        linear->packed.reset();
}

} // namespace mpo

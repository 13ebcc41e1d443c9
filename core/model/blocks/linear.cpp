// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/linear.h"

#include "core/model/blocks/packed_weight.h"
#include "core/model/blocks/row_split_product.h"
#include "core/support/random.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/custom_function.h>

namespace mpo {

at::ScalarType scalarType(ComputeType type) { return type == ComputeType::BFloat16 ? at::kBFloat16 : at::kFloat; }

namespace {

bool drops(const LowRank& lowRank) { return lowRank.state && lowRank.state->active && lowRank.dropout > 0.0; }

/// x with a share of its entries set to 0 and the others scaled up.
at::Tensor dropped(const at::Tensor& x, const LowRank& lowRank, const std::string& name)
{
    if (!drops(lowRank))
        return x;
    at::Generator generator
        = at::make_generator<at::CPUGeneratorImpl>(RandomStream(lowRank.state->seed, "dropout of " + name).next());
    const double kept = 1.0 - lowRank.dropout;
    const at::Tensor mask = at::empty(x.sizes(), at::kFloat).bernoulli_(kept, generator).div_(kept);
    return x * mask.to(x.options());
}

/// x W^T in bf16. Between the passes nothing of W is kept, as autograd would keep the rounded copy: it is rounded
/// again.
struct RoundedProduct : torch::autograd::Function<RoundedProduct>
{
    static at::Tensor forward(
        torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, bool transposed)
    {
        context->save_for_backward({x, weight});
        context->saved_data["transposed"] = transposed;
        const at::Tensor rounded = weight.to(at::kBFloat16);
        return rowSplitProduct(x, transposed ? rounded : rounded.t());
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &g = gradients[0];
        const bool transposed = context->saved_data["transposed"].toBool();
        at::Tensor dx, dw;
        if (context->needs_input_grad(0)) {
            const at::Tensor rounded = weight.to(at::kBFloat16);
            dx = rowSplitProduct(g, transposed ? rounded.t() : rounded);
        }
        if (context->needs_input_grad(1))
            dw = (transposed ? x.t().matmul(g) : g.t().matmul(x)).to(at::kFloat);
        return {dx, dw, {}};
    }
};

/// x W^T + scale x A^T B^T in bf16 with a W that is not trained: the second product is added to the first in its place,
/// forward and backward, where autograd would copy and add results of the size of x and y.
struct AdaptedProduct : torch::autograd::Function<AdaptedProduct>
{
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
        bool transposed, const at::Tensor& a, const at::Tensor& b, double scale)
    {
        const at::Tensor rounded = weight.to(at::kBFloat16);
        const at::Tensor low = at::linear(x, a.to(at::kBFloat16)); // (N, r)
        at::Tensor y = rowSplitProduct(x, transposed ? rounded : rounded.t());
        y.addmm_(low, b.to(at::kBFloat16).t(), 1.0, scale);
        context->save_for_backward({x, weight, a, b, low});
        context->saved_data["transposed"] = transposed;
        context->saved_data["scale"] = scale;
        return y;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &a = saved[2], &b = saved[3], &low = saved[4];
        const at::Tensor& g = gradients[0];
        const double scale = context->saved_data["scale"].toDouble();
        const at::Tensor dLow = g.matmul(b.to(at::kBFloat16)).mul_(scale); // (N, r)
        at::Tensor dx, da, db;
        if (context->needs_input_grad(0)) {
            const at::Tensor rounded = weight.to(at::kBFloat16);
            dx = rowSplitProduct(g, context->saved_data["transposed"].toBool() ? rounded.t() : rounded);
            dx.addmm_(dLow, a.to(at::kBFloat16));
        }
        if (context->needs_input_grad(2))
            da = dLow.t().matmul(x).to(at::kFloat);
        if (context->needs_input_grad(3))
            db = g.t().matmul(low).to(at::kFloat).mul_(scale);
        return {dx, {}, {}, da, db, {}};
    }
};

} // namespace

at::Tensor Linear::operator()(const at::Tensor& x, ComputeType type) const
{
    if (packed && PackedWeight::suits(x))
        return (*packed)(x);
    const at::ScalarType compute = scalarType(type);
    const at::Tensor in = x.to(compute);
    const bool rounds = type == ComputeType::BFloat16;
    at::Tensor y;
    if (rounds && lowRank && !weight.requires_grad() && !drops(*lowRank)) {
        y = AdaptedProduct::apply(in, weight, transposed, lowRank->a, lowRank->b, lowRank->scale);
    } else {
        y = rounds ? RoundedProduct::apply(in, weight, transposed) : at::linear(in, transposed ? weight.t() : weight);
        if (lowRank) {
            const at::Tensor low = at::linear(dropped(in, *lowRank, name), lowRank->a.to(compute)); // (N, r)
            y = at::addmm(y, low * lowRank->scale, lowRank->b.to(compute).t()); // the factor where the rows are short
        }
    }
    return bias.defined() ? y + bias.to(compute) : y;
}

at::Tensor Linear::wholeWeight() const
{
    const at::NoGradGuard noGrad;
    const at::Tensor own = transposed ? weight.t() : weight;
    return lowRank ? at::addmm(own.to(at::kFloat), lowRank->b, lowRank->a, 1.0, lowRank->scale) : own;
}

void Linear::pack(ComputeType type) { packed = PackedWeight::make({this}, type); }

void Linear::merge()
{
    if (!lowRank)
        return;
    const at::NoGradGuard noGrad;
    const at::Tensor change = lowRank->b.matmul(lowRank->a).mul_(lowRank->scale);
    weight = weight + (transposed ? change.t() : change);
    lowRank.reset();
    packed.reset();
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/recompute.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

namespace mpo {

namespace {

struct Part : torch::CustomClassHolder
{
    explicit Part(std::function<at::Tensor(const at::Tensor&)> part)
        : compute(std::move(part))
    {
    }
    std::function<at::Tensor(const at::Tensor&)> compute;
};

struct Recomputed : torch::autograd::Function<Recomputed>
{
    /// `anchor` wants a gradient, so that there is a backward pass even where x wants none (a frozen embedding).
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
        [[maybe_unused]] const at::Tensor& anchor, const c10::intrusive_ptr<Part>& part)
    {
        context->save_for_backward({x});
        context->saved_data["part"] = c10::IValue::make_capsule(part);
        return part->compute(x);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients)
    {
        const auto part = c10::static_intrusive_pointer_cast<Part>(context->saved_data["part"].toCapsule());
        const at::Tensor x = context->get_saved_variables()[0].detach().requires_grad_();
        const at::AutoGradMode withGradient(true);
        torch::autograd::backward({part->compute(x)}, {gradients[0]});
        return {x.grad(), {}, {}};
    }
};

} // namespace

at::Tensor recomputed(const at::Tensor& x, std::function<at::Tensor(const at::Tensor&)> part)
{
    if (!at::GradMode::is_enabled())
        return part(x);
    return Recomputed::apply(x, at::zeros({}).requires_grad_(), c10::make_intrusive<Part>(std::move(part)));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/optimizer.h"

#include "core/support/error.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace mpo {

namespace {

/// transformers' rule: no decay for biases and for the weights of norms.
bool decays(const std::string& name, const at::Tensor& parameter)
{
    return parameter.dim() >= 2 && name.find("norm") == std::string::npos && !name.ends_with(".bias");
}

} // namespace

OptimizerOptions optimizerOptions(const Settings& settings)
{
    OptimizerOptions options;
    options.learningRate = settings.real("learning_rate");
    options.beta1 = settings.real("adam_beta1");
    options.beta2 = settings.real("adam_beta2");
    options.epsilon = settings.real("adam_epsilon");
    options.weightDecay = settings.real("weight_decay");
    options.maxGradNorm = settings.real("max_grad_norm");
    options.schedule = settings.text("lr_schedule");
    options.warmupSteps = settings.integer("warmup_steps");
    return options;
}

double scheduledRate(const OptimizerOptions& options, std::int64_t step, std::int64_t totalSteps)
{
    if (step < options.warmupSteps)
        return options.learningRate * double(step) / double(options.warmupSteps);
    if (options.schedule == "constant")
        return options.learningRate;
    const double span = double(std::max<std::int64_t>(1, totalSteps - options.warmupSteps));
    const double progress = std::min(1.0, double(step - options.warmupSteps) / span);
    if (options.schedule == "cosine")
        return options.learningRate * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    return options.learningRate * (1.0 - progress);
}

bool allFinite(const NamedTensors& tensors)
{
    for (const auto& [name, tensor] : tensors)
        if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>())
            return false;
    return true;
}

Optimizer::Optimizer(NamedTensors parameters, OptimizerOptions options)
    : m_parameters(std::move(parameters))
    , m_options(std::move(options))
{
    for (const auto& [name, parameter] : m_parameters) {
        m_first.push_back(at::zeros_like(parameter, parameter.options().requires_grad(false)));
        m_second.push_back(at::zeros_like(parameter, parameter.options().requires_grad(false)));
        m_steps.push_back(at::zeros({}, parameter.options().requires_grad(false)));
    }
}

std::vector<at::Tensor> Optimizer::gradients() const
{
    std::vector<at::Tensor> gradients;
    for (const auto& [name, parameter] : m_parameters)
        if (parameter.grad().defined())
            gradients.push_back(parameter.grad());
    return gradients;
}

double Optimizer::gradientNorm() const
{
    const at::NoGradGuard noGrad;
    const auto all = gradients();
    return all.empty() ? 0.0 : at::stack(at::_foreach_norm(all)).norm().item<double>();
}

Optimizer::Step Optimizer::step(std::int64_t step, std::int64_t totalSteps, std::optional<double> gradNorm)
{
    const at::NoGradGuard noGrad;
    std::vector<at::Tensor> gradients = this->gradients();
    Step result;
    result.learningRate = scheduledRate(m_options, step, totalSteps);
    if (gradients.empty()) {
        result.applied = true;
        return result;
    }
    result.gradNorm = gradNorm ? *gradNorm : gradientNorm();
    if (!std::isfinite(result.gradNorm)) {
        clearGradients();
        return result;
    }
    if (m_options.maxGradNorm > 0.0) {
        const double factor = m_options.maxGradNorm / (result.gradNorm + 1e-6);
        if (factor < 1.0)
            at::_foreach_mul_(gradients, factor);
    }
    for (const bool withDecay : {true, false}) {
        std::vector<at::Tensor> parameters, grads, first, second, steps;
        for (std::size_t i = 0; i < m_parameters.size(); ++i) {
            const auto& [name, parameter] = m_parameters[i];
            if (!parameter.grad().defined() || decays(name, parameter) != withDecay)
                continue;
            parameters.push_back(parameter);
            grads.push_back(parameter.grad());
            first.push_back(m_first[i]);
            second.push_back(m_second[i]);
            steps.push_back(m_steps[i]);
        }
        if (parameters.empty())
            continue;
        at::_foreach_add_(steps, 1);
        at::_fused_adamw_(parameters, grads, first, second, {}, steps, result.learningRate, m_options.beta1,
            m_options.beta2, withDecay ? m_options.weightDecay : 0.0, m_options.epsilon, /*amsgrad=*/false,
            /*maximize=*/false);
    }
    clearGradients();
    result.applied = true;
    return result;
}

void Optimizer::clearGradients()
{
    for (auto& [name, parameter] : m_parameters)
        parameter.mutable_grad() = at::Tensor();
}

NamedTensors Optimizer::state() const
{
    NamedTensors state;
    for (std::size_t i = 0; i < m_parameters.size(); ++i) {
        state.emplace_back("first." + m_parameters[i].first, m_first[i]);
        state.emplace_back("second." + m_parameters[i].first, m_second[i]);
        state.emplace_back("step." + m_parameters[i].first, m_steps[i]);
    }
    return state;
}

void Optimizer::restore(const std::map<std::string, at::Tensor>& state, const std::string& prefix)
{
    const at::NoGradGuard noGrad;
    const auto take = [&](const std::string& name, at::Tensor& into) {
        const auto found = state.find(prefix + name);
        if (found == state.end() || found->second.sizes() != into.sizes())
            fail("checkpoint: the optimiser state of {} is missing or of another shape; start again with --restart",
                name);
        into.copy_(found->second);
    };
    for (std::size_t i = 0; i < m_parameters.size(); ++i) {
        take("first." + m_parameters[i].first, m_first[i]);
        take("second." + m_parameters[i].first, m_second[i]);
        take("step." + m_parameters[i].first, m_steps[i]);
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/rotary.h"

#include "core/model/blocks/row_kernels.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mpo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// direction 1: by the angle; -1: back.
at::Tensor turned(
    const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, double direction, at::ScalarType type)
{
    if (x.is_cpu())
        return rows::rotated(x, cos, sin, direction, type);
    const at::Tensor in = x.to(at::kFloat);
    const std::int64_t half = cos.size(-1), rest = in.size(-1) - 2 * half;
    const at::Tensor a = in.narrow(-1, 0, half), b = in.narrow(-1, half, half);
    return at::cat({a * cos - b * sin * direction, b * cos + a * sin * direction, in.narrow(-1, 2 * half, rest)}, -1)
        .to(type);
}

struct Rotate : torch::autograd::Function<Rotate>
{
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& cos,
        const at::Tensor& sin, at::ScalarType type)
    {
        context->save_for_backward({cos, sin});
        context->saved_data["type"] = std::int64_t(x.scalar_type());
        return turned(x, cos, sin, 1.0, type);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const auto type = at::ScalarType(context->saved_data["type"].toInt());
        return {turned(gradients[0], saved[0], saved[1], -1.0, type), {}, {}, {}};
    }
};

at::Tensor exponents(std::int64_t width)
{
    return at::arange(0, width, 2, at::kLong).to(at::kFloat).div(double(width)); // (width / 2)
}

at::Tensor llama3Frequencies(const at::Tensor& plain, const RotaryOptions& options)
{
    const auto original = double(options.maxPositions);
    const double low = options.lowFrequencyFactor, high = options.highFrequencyFactor;
    const at::Tensor waves = 2.0 * std::numbers::pi / plain;
    const at::Tensor smooth = (original / waves - low) / (high - low);
    const at::Tensor between = (1.0 - smooth) * plain / options.factor + smooth * plain;
    return at::where(
        waves > original / low, plain / options.factor, at::where(waves < original / high, plain, between));
}

at::Tensor yarnFrequencies(const at::Tensor& plain, const RotaryOptions& options)
{
    const auto width = double(options.width);
    // The place in the list of frequencies at which this many turns fit into the original window.
    const auto place = [&](double turns) {
        return width * std::log(double(options.maxPositions) / (turns * 2.0 * std::numbers::pi))
            / (2.0 * std::log(options.theta));
    };
    double low = place(options.betaFast), high = place(options.betaSlow);
    if (options.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, width - 1.0);
    if (low == high)
        high += 0.001;
    const at::Tensor ramp = at::arange(options.width / 2, at::kFloat).sub(low).div(high - low).clamp(0.0, 1.0);
    return plain / options.factor * ramp + plain * (1.0 - ramp);
}

at::Tensor longRopeFrequencies(const RotaryOptions& options, const std::vector<double>& factors)
{
    return (at::tensor(factors, at::kFloat) * at::pow(options.theta, exponents(options.width))).reciprocal();
}

} // namespace

at::Tensor rotaryFrequencies(double theta, std::int64_t width) { return at::pow(theta, exponents(width)).reciprocal(); }

RotaryPositions::RotaryPositions(RotaryOptions options)
    : m_options(std::move(options))
{
    using Scaling = RotaryOptions::Scaling;
    const at::Tensor plain = rotaryFrequencies(m_options.theta, m_options.width);
    switch (m_options.scaling) {
    case Scaling::None:
    case Scaling::Dynamic:
        m_frequencies = plain;
        break;
    case Scaling::Linear:
        m_frequencies = plain / m_options.factor;
        break;
    case Scaling::Llama3:
        m_frequencies = llama3Frequencies(plain, m_options);
        break;
    case Scaling::Yarn:
        m_frequencies = yarnFrequencies(plain, m_options);
        break;
    case Scaling::LongRope:
        m_frequencies = longRopeFrequencies(m_options, m_options.shortFactors);
        m_longFrequencies = longRopeFrequencies(m_options, m_options.longFactors);
        break;
    }
}

bool RotaryPositions::dependsOnLength() const
{
    return m_options.scaling == RotaryOptions::Scaling::Dynamic
        || m_options.scaling == RotaryOptions::Scaling::LongRope;
}

Rotary RotaryPositions::angles(const at::Tensor& positions, const at::Tensor& lengths) const
{
    at::Tensor frequencies = m_frequencies;
    if (dependsOnLength() && lengths.numel() > 0 && lengths.max().item<std::int64_t>() > m_options.maxPositions) {
        if (m_options.scaling == RotaryOptions::Scaling::LongRope) {
            frequencies = at::where((lengths > m_options.maxPositions).unsqueeze(1), m_longFrequencies, m_frequencies);
        } else {
            const auto width = double(m_options.width);
            const at::Tensor length = lengths.clamp_min(m_options.maxPositions).to(at::kFloat);
            const at::Tensor stretch
                = length * m_options.factor / double(m_options.maxPositions) - (m_options.factor - 1.0);
            const at::Tensor theta = stretch.pow(width / (width - 2.0)).mul(m_options.theta).unsqueeze(1); // (N, 1)
            frequencies = at::pow(theta, exponents(m_options.width)).reciprocal(); // (N, width / 2)
        }
    }
    const at::Tensor angles = (positions.to(at::kFloat).unsqueeze(1) * frequencies).unsqueeze(1); // (N, 1, width / 2)
    const double factor = m_options.attentionFactor;
    return factor == 1.0 ? Rotary {angles.cos(), angles.sin()} : Rotary {angles.cos() * factor, angles.sin() * factor};
}

at::Tensor rotate(const at::Tensor& x, const Rotary& rotary, at::ScalarType type)
{
    return Rotate::apply(x, rotary.cos, rotary.sin, type);
}

} // namespace mpo

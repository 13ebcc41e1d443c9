// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/weight_source.h"

#include "core/support/error.h"
#include "core/support/random.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <cmath>

namespace mpo {

std::string shapeText(at::IntArrayRef shape)
{
    return fmt::format("({})", fmt::join(shape.begin(), shape.end(), ", "));
}

at::Tensor randomNormal(
    const std::vector<std::int64_t>& shape, double deviation, std::uint64_t seed, const std::string& purpose)
{
    at::Tensor tensor = at::empty(shape, at::kFloat);
    RandomStream random(seed, purpose);
    auto* values = tensor.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
        values[i] = float(deviation * random.normal());
    return tensor;
}

void checkFinite(const std::string& name, const at::Tensor& tensor)
{
    // A sum is quick and shows it; only where finite numbers add up to infinity is a second look needed.
    if (!std::isfinite(tensor.sum().item<double>()) && !tensor.isfinite().all().item<bool>())
        fail("tensor {} holds NaN or infinite values; the file is damaged, or the training that made it diverged: take "
             "an earlier checkpoint",
            name);
}

WeightSource::WeightSource(std::map<std::string, at::Tensor>& tensors, std::uint64_t seed, double deviation)
    : m_tensors(tensors)
    , m_seed(seed)
    , m_deviation(deviation)
    , m_random(tensors.empty())
{
}

at::Tensor WeightSource::take(const std::string& name, const std::vector<std::int64_t>& shape, Start start)
{
    if (m_random) {
        if (start == Start::Normal)
            return randomNormal(shape, m_deviation, m_seed, "init " + name);
        return start == Start::Ones ? at::ones(shape, at::kFloat) : at::zeros(shape, at::kFloat);
    }
    const auto found = m_tensors.find(name);
    if (found == m_tensors.end())
        fail("tensor {} is missing; the weights do not belong to this config.json", name);
    const at::Tensor tensor = std::move(found->second);
    m_tensors.erase(found);
    if (tensor.sizes() != at::IntArrayRef(shape))
        fail("tensor {} has the shape {} instead of {}; the weights do not belong to this config.json", name,
            shapeText(tensor.sizes()), shapeText(shape));
    if (!tensor.is_floating_point())
        fail("tensor {} holds whole numbers; quantised weights are not supported in safetensors files", name);
    const at::Tensor values = tensor.to(at::kFloat).contiguous();
    checkFinite(name, values);
    return values;
}

} // namespace mpo

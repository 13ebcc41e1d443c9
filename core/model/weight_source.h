// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mpo {

/// Where a family takes its parameters from: the tensors of a checkpoint, or random numbers when there are none.
class WeightSource
{
public:
    /// tensors: those taken are erased, so that both copies never stand in memory together. Empty: random.
    WeightSource(std::map<std::string, at::Tensor>& tensors, std::uint64_t seed, double deviation);

    bool isRandom() const { return m_random; }
    bool contains(const std::string& name) const { return m_random || m_tensors.contains(name); }

    enum class Start { Normal, Zeros, Ones }; ///< what a random model begins with
    /// A contiguous fp32 leaf. Throws Error naming a tensor that is missing or of another shape. Each random tensor has
    /// a stream of its own, by name: the same values on every machine.
    at::Tensor take(const std::string& name, const std::vector<std::int64_t>& shape, Start start = Start::Normal);

private:
    std::map<std::string, at::Tensor>& m_tensors;
    std::uint64_t m_seed;
    double m_deviation;
    bool m_random;
};

/// Throws Error naming the tensor if a value is infinite or not a number.
void checkFinite(const std::string& name, const at::Tensor& tensor);

/// (2, 3)
std::string shapeText(at::IntArrayRef shape);

/// Normal numbers with mean 0 in fp32 from a stream of its own.
at::Tensor randomNormal(
    const std::vector<std::int64_t>& shape, double deviation, std::uint64_t seed, const std::string& purpose);

} // namespace mpo

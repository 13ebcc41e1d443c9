// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"
#include "core/model/tensor_file.h"

#include <map>
#include <optional>
#include <string>

namespace mpo {

struct OptimizerOptions
{
    double learningRate = 1e-6;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    double weightDecay = 0.0; ///< not applied to norms and biases
    double maxGradNorm = 1.0; ///< of all gradients together; 0: no clipping
    std::string schedule = "linear"; ///< "linear" and "cosine" fall to 0 at the last step; "constant"
    std::int64_t warmupSteps = 0; ///< the first step of a warm-up has rate 0, as in transformers
};
OptimizerOptions optimizerOptions(const Settings& settings);

/// Rate of step `step` (from 0) of `totalSteps`.
double scheduledRate(const OptimizerOptions& options, std::int64_t step, std::int64_t totalSteps);

bool allFinite(const NamedTensors& tensors); ///< those of floating point

/// AdamW (Loshchilov and Hutter, arXiv 1711.05101), fused, on fp32 leaves.
class Optimizer
{
public:
    Optimizer(NamedTensors parameters, OptimizerOptions options);

    struct Step
    {
        double gradNorm = 0.0; ///< L2 norm of all gradients before clipping
        double learningRate = 0.0;
        bool applied = false; ///< false: the norm was not finite, nothing changed
    };
    double gradientNorm() const; ///< of all gradients together; 0 without any
    /// Uses and clears the gradients. Parameters without a gradient stay. `gradNorm`: gradientNorm(), where it is
    /// known.
    Step step(std::int64_t step, std::int64_t totalSteps, std::optional<double> gradNorm = {});
    void clearGradients();

    NamedTensors state() const; ///< moments and step counts, for checkpoints
    void restore(const std::map<std::string, at::Tensor>& state,
        const std::string& prefix = {}); ///< throws Error when one is missing

private:
    std::vector<at::Tensor> gradients() const; ///< those there are

    NamedTensors m_parameters;
    std::vector<at::Tensor> m_first, m_second, m_steps;
    OptimizerOptions m_options;
};

} // namespace mpo

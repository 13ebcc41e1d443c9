// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_rope.h"

#include "core/support/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace mpo {

namespace {

struct Scaling
{
    double factor, low, high, positions;
};

/// Long waves are divided by `factor`, short ones by 1, those between by something between.
double divisorOf(const Scaling& scaling, double wave)
{
    const double turns = scaling.positions / wave; // in the original context
    if (turns > scaling.high)
        return 1.0;
    if (turns < scaling.low)
        return scaling.factor;
    const double smooth = (turns - scaling.low) / (scaling.high - scaling.low);
    return 1.0 / ((1.0 - smooth) / scaling.factor + smooth);
}

bool gives(const Scaling& scaling, std::span<const float> factors, const std::vector<double>& waves)
{
    constexpr double kRounding = 1e-4; // relative; the frequencies were computed in fp32
    for (std::size_t i = 0; i < factors.size(); ++i)
        if (!(std::abs(divisorOf(scaling, waves[i]) - double(factors[i])) <= kRounding * double(factors[i])))
            return false;
    return true;
}

} // namespace

Json llama3Scaling(std::span<const float> factors, double theta)
{
    if (!std::all_of(factors.begin(), factors.end(), [](float f) { return std::isfinite(f) && f >= 1.0f; }))
        fail("tensor rope_freqs.weight holds numbers below 1");
    const float factor = factors.empty() ? 1.0f : *std::max_element(factors.begin(), factors.end());
    if (factor == 1.0f)
        return {};
    std::vector<double> waves;
    for (std::size_t i = 0; i < factors.size(); ++i)
        waves.push_back(2.0 * std::numbers::pi * std::pow(theta, double(i) / double(factors.size())));

    // The file has neither of the bounds. Those of Llama 3 (arXiv 2407.21783, config.json of 3.1) first; else, with the
    // lower one at 1, two of the waves in between tell them: smooth = positions / (high - 1) / wave - 1 / (high - 1).
    Scaling scaling {double(factor), 1.0, 4.0, 8192.0};
    if (!gives(scaling, factors, waves)) {
        std::vector<std::size_t> between;
        for (std::size_t i = 0; i < factors.size(); ++i)
            if (factors[i] > 1.0f && factors[i] < factor)
                between.push_back(i);
        if (between.size() >= 2) {
            const auto smooth = [&](std::size_t i) {
                return (1.0 / double(factors[i]) - 1.0 / scaling.factor) / (1.0 - 1.0 / scaling.factor);
            };
            const std::size_t a = between.front(), b = between.back();
            const double slope = (smooth(a) - smooth(b)) / (1.0 / waves[a] - 1.0 / waves[b]);
            const double offset = smooth(a) - slope / waves[a]; // -1 / (high - 1)
            scaling.high = std::round((1.0 - 1.0 / offset) * 1000.0) / 1000.0;
            scaling.positions = std::round(slope * (scaling.high - 1.0));
        }
        if (!(scaling.high > 1.0) || !(scaling.positions >= 1.0) || !gives(scaling, factors, waves))
            fail("tensor rope_freqs.weight holds factors that no scaling of the kind \"llama3\" gives; take the model "
                 "as a Hugging Face folder");
    }
    return {{"rope_type", "llama3"}, {"factor", scaling.factor}, {"low_freq_factor", scaling.low},
        {"high_freq_factor", scaling.high}, {"original_max_position_embeddings", std::int64_t(scaling.positions)}};
}

} // namespace mpo

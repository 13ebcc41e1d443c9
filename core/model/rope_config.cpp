// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/rope_config.h"

#include "core/model/config_reader.h"
#include "core/support/error.h"

#include <cmath>

namespace mpo {

namespace {

using Scaling = RotaryOptions::Scaling;

Scaling scalingFromName(std::string name, const RopeFields& fields)
{
    if (name == "su" || (name == "yarn" && fields.yarnIsLongRope))
        name = "longrope";
    for (const auto& [text, scaling] :
        {std::pair {"default", Scaling::None}, {"linear", Scaling::Linear}, {"dynamic", Scaling::Dynamic},
            {"llama3", Scaling::Llama3}, {"yarn", Scaling::Yarn}, {"longrope", Scaling::LongRope}})
        if (name == text)
            return scaling;
    fail("rotary positions of the type \"{}\" are not supported; there are default, linear, dynamic, llama3, yarn and "
         "longrope",
        name);
}

std::vector<double> readFactors(const ConfigReader& rope, const char* field, std::int64_t count)
{
    const Json* list = rope.find(field);
    if (!list || !list->is_array() || std::int64_t(list->size()) != count)
        fail("\"{}\" must be a list of {} numbers", field, count);
    std::vector<double> factors;
    for (const Json& factor : *list) {
        if (!factor.is_number() || !std::isfinite(factor.get<double>()) || factor.get<double>() <= 0.0)
            fail("\"{}\" must hold numbers above 0", field);
        factors.push_back(factor.get<double>());
    }
    return factors;
}

double yarnAttentionFactor(const ConfigReader& rope, double factor)
{
    const auto scale = [&](double weight) { return factor <= 1.0 ? 1.0 : 0.1 * weight * std::log(factor) + 1.0; };
    if (rope.find("mscale") && rope.find("mscale_all_dim"))
        return scale(rope.positive("mscale", 1.0)) / scale(rope.positive("mscale_all_dim", 1.0));
    return scale(1.0);
}

void readScaling(const ConfigReader& rope, const ModelConfig& config, const RopeFields& fields, RotaryOptions& options)
{
    const ConfigReader reader(config.raw);
    const auto maxPositions = double(config.maxPositions);
    options.maxPositions = config.maxPositions;
    const bool hasOriginal = options.scaling == Scaling::Llama3 || options.scaling == Scaling::Yarn
        || options.scaling == Scaling::LongRope;
    if (hasOriginal) {
        // A family that has the field beside the rotary ones gives it priority, as transformers does.
        if (fields.originalPositions > 0 || reader.find("original_max_position_embeddings"))
            options.maxPositions = reader.size("original_max_position_embeddings", fields.originalPositions);
        else
            options.maxPositions = rope.size("original_max_position_embeddings", config.maxPositions);
    }
    switch (options.scaling) {
    case Scaling::None:
        break;
    case Scaling::Linear:
    case Scaling::Dynamic:
        if (!rope.find("factor"))
            fail("\"factor\" is missing");
        options.factor = rope.positive("factor", 1.0);
        if (options.scaling == Scaling::Dynamic && options.width <= 2)
            fail("dynamic scaling needs heads wider than 2");
        break;
    case Scaling::Llama3:
        options.factor = rope.positive("factor", 8.0);
        options.lowFrequencyFactor = rope.positive("low_freq_factor", 1.0);
        options.highFrequencyFactor = rope.positive("high_freq_factor", 4.0);
        if (options.lowFrequencyFactor >= options.highFrequencyFactor)
            fail("\"low_freq_factor\" must be below \"high_freq_factor\"");
        break;
    case Scaling::Yarn:
        options.factor = rope.positive("factor", maxPositions / double(options.maxPositions));
        options.betaFast = rope.positive("beta_fast", 32.0);
        options.betaSlow = rope.positive("beta_slow", 1.0);
        options.truncate = rope.flag("truncate", true);
        options.attentionFactor = rope.positive("attention_factor", yarnAttentionFactor(rope, options.factor));
        break;
    case Scaling::LongRope: {
        options.shortFactors = readFactors(rope, "short_factor", options.width / 2);
        options.longFactors = readFactors(rope, "long_factor", options.width / 2);
        const auto original = double(options.maxPositions);
        const double factor = rope.positive("factor", maxPositions / original);
        options.attentionFactor = rope.positive("attention_factor",
            factor <= 1.0 || original <= 1.0 ? 1.0 : std::sqrt(1.0 + std::log(factor) / std::log(original)));
        break;
    }
    }
}

} // namespace

RotaryOptions readRotary(const ModelConfig& config, const RopeFields& fields)
{
    const ConfigReader reader(config.raw);
    const Json none = Json::object();
    const char* field = "rope_scaling";
    const Json* given = fields.useScaling ? reader.find(field) : nullptr;
    if (!given || (given->is_object() && given->empty())) {
        field = "rope_parameters";
        given = reader.find(field);
        if (given && given->is_object() && !fields.layerType.empty()) {
            const auto inner = given->find(fields.layerType);
            if (inner != given->end())
                given = inner->is_null() ? nullptr : &*inner;
        }
    }
    if (config.headWidth % 2 != 0)
        fail("\"head_dim\" is {}; rotary positions need an even number", config.headWidth);
    try {
        const ConfigReader rope(given ? *given : none);
        RotaryOptions options;
        options.theta = rope.positive("rope_theta", reader.positive(fields.theta, fields.defaultTheta));
        const double partial
            = rope.positive("partial_rotary_factor", reader.positive(fields.partial, fields.defaultPartial));
        if (partial > 1.0)
            fail("\"{}\" is {}, more than the whole head", fields.partial, partial);
        options.width = std::int64_t(double(config.headWidth) * partial);
        if (options.width < 2 || options.width % 2 != 0)
            fail("{} entries of a head turn; rotary positions need an even number", options.width);
        options.scaling = scalingFromName(rope.text("rope_type", rope.text("type", "default")), fields);
        readScaling(rope, config, fields, options);
        return options;
    } catch (const Error& error) {
        fail("\"{}\": {}", field, error.what());
    }
}

} // namespace mpo

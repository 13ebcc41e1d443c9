// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/config_reader.h"

#include "core/model/blocks/feed_forward.h"
#include "core/support/error.h"

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr std::uint64_t kLargest = std::uint64_t(1) << 31; // so that a product of two sizes cannot overflow

} // namespace

ConfigReader::ConfigReader(const Json& config)
    : m_config(config)
{
    if (!config.is_object())
        fail("the model's configuration is not a JSON object");
}

const Json* ConfigReader::find(const char* field) const
{
    const auto found = m_config.find(field);
    return found == m_config.end() || found->is_null() ? nullptr : &*found;
}

std::int64_t ConfigReader::size(const char* field) const
{
    if (!find(field))
        fail("\"{}\" is missing", field);
    return size(field, 0);
}

std::int64_t ConfigReader::size(const char* field, std::int64_t otherwise) const
{
    const Json* value = find(field);
    if (!value)
        return otherwise;
    const bool whole = value->is_number_integer();
    const bool tooLarge = value->is_number_unsigned() && value->get<std::uint64_t>() > kLargest;
    if (!whole || tooLarge || value->get<std::int64_t>() < 1 || value->get<std::int64_t>() > std::int64_t(kLargest))
        fail("\"{}\" is {} where a whole number from 1 on is needed", field, toLine(*value).substr(0, 40));
    return value->get<std::int64_t>();
}

double ConfigReader::positive(const char* field, double otherwise) const
{
    const Json* value = find(field);
    if (!value)
        return otherwise;
    const double number = value->is_number() ? value->get<double>() : -1.0;
    if (!std::isfinite(number) || number <= 0.0)
        fail("\"{}\" is {} where a number above 0 is needed", field, toLine(*value).substr(0, 40));
    return number;
}

bool ConfigReader::flag(const char* field, bool otherwise) const
{
    const Json* value = find(field);
    if (value && !value->is_boolean())
        fail("\"{}\" is {} where true or false is needed", field, toLine(*value).substr(0, 40));
    return value ? value->get<bool>() : otherwise;
}

std::string ConfigReader::text(const char* field, const std::string& otherwise) const
{
    const Json* value = find(field);
    if (value && !value->is_string())
        fail("\"{}\" is {} where a text is needed", field, toLine(*value).substr(0, 40));
    return value ? value->get<std::string>() : otherwise;
}

std::int64_t ConfigReader::tokenId(const char* field) const
{
    const std::vector<std::int64_t> ids = tokenIds(field);
    return ids.empty() ? -1 : ids.front();
}

std::vector<std::int64_t> ConfigReader::tokenIds(const char* field) const
{
    std::vector<std::int64_t> ids;
    const auto add = [&](const Json& value) {
        if (!value.is_number_integer())
            fail("\"{}\" is {} where a token id is needed", field, toLine(value).substr(0, 40));
        // Some folders write -1 for "none".
        if (const auto id = value.get<std::int64_t>(); id >= 0)
            ids.push_back(id);
    };
    if (const Json* value = find(field)) {
        if (value->is_array())
            for (const Json& element : *value)
                add(element);
        else
            add(*value);
    }
    return ids;
}

std::int64_t ConfigReader::count(const char* field, std::int64_t otherwise) const
{
    const Json* value = find(field);
    return value && value->is_number_integer() && *value == 0 ? 0 : size(field, otherwise);
}

std::int64_t ConfigReader::sizeOrNone(const char* field, std::int64_t otherwise) const
{
    const auto found = m_config.find(field);
    const bool none = found == m_config.end() ? otherwise == 0 : found->is_null();
    return none ? 0 : size(field, otherwise);
}

ModelConfig readCommonConfig(const Json& json, const std::string& family, std::int64_t headWidth)
{
    const ConfigReader reader(json);
    if (reader.find("quantization_config"))
        fail("\"quantization_config\": quantised weights are not supported; take the model in fp32, fp16 or bf16, or "
             "a GGUF file of it");
    ModelConfig config;
    config.raw = json;
    config.family = family;
    config.vocabulary = reader.size("vocab_size");
    config.hidden = reader.size("hidden_size");
    config.intermediate = reader.size("intermediate_size");
    config.layers = reader.size("num_hidden_layers");
    config.heads = reader.size("num_attention_heads");
    config.kvHeads = reader.size("num_key_value_heads", config.heads);
    config.headWidth
        = reader.size("head_dim", headWidth > 0 ? headWidth : std::max<std::int64_t>(1, config.hidden / config.heads));
    config.maxPositions = reader.size("max_position_embeddings", 2048);
    for (const char* field : {"hidden_act", "hidden_activation"})
        if (reader.find(field))
            activationFromName(field, reader.text(field, {}));
    readTokenIds(json, config);
    checkHeads(config);
    return config;
}

void checkHeads(const ModelConfig& config)
{
    if (config.heads % config.kvHeads != 0)
        fail("\"num_key_value_heads\" is {}, which does not divide the {} of \"num_attention_heads\"", config.kvHeads,
            config.heads);
    if (!ConfigReader(config.raw).find("head_dim") && config.headWidth * config.heads != config.hidden
        && config.headWidth == config.hidden / config.heads)
        fail("\"hidden_size\" is {}, which the {} heads of \"num_attention_heads\" do not divide", config.hidden,
            config.heads);
}

std::vector<bool> readSlidingLayers(
    const Json& config, std::int64_t layers, const std::function<bool(std::int64_t)>& otherwise)
{
    std::vector<bool> sliding;
    const Json* types = ConfigReader(config).find("layer_types");
    if (types && (!types->is_array() || std::int64_t(types->size()) != layers))
        fail("\"layer_types\" must be a list of {} entries, one for each layer", layers);
    for (std::int64_t layer = 0; layer < layers; ++layer) {
        if (!types) {
            sliding.push_back(otherwise(layer));
            continue;
        }
        const Json& type = (*types)[std::size_t(layer)];
        if (type != "sliding_attention" && type != "full_attention")
            fail("\"layer_types\": {} is not known; there are full_attention and sliding_attention",
                toLine(type).substr(0, 40));
        sliding.push_back(type == "sliding_attention");
    }
    return sliding;
}

void readTokenIds(const Json& config, ModelConfig& into)
{
    const ConfigReader reader(config);
    into.bosId = reader.tokenId("bos_token_id");
    into.padId = reader.tokenId("pad_token_id");
    into.eosIds = reader.tokenIds("eos_token_id");
    into.eosId = into.eosIds.empty() ? -1 : into.eosIds.front();
}

} // namespace mpo

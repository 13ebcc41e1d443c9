// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/config_reader.h"

#include "core/support/error.h"

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

double readRopeTheta(const Json& config)
{
    const ConfigReader reader(config);
    double theta = reader.positive("rope_theta", 10000.0);
    for (const char* field : {"rope_scaling", "rope_parameters"}) {
        const Json* rope = reader.find(field);
        if (!rope)
            continue;
        const ConfigReader ropeReader(*rope);
        const std::string type = ropeReader.text("rope_type", ropeReader.text("type", "default"));
        if (type != "default")
            fail("\"{}\": rotary positions of the type \"{}\" are not supported; there is \"default\"", field, type);
        theta = ropeReader.positive("rope_theta", theta);
        if (ropeReader.positive("partial_rotary_factor", 1.0) != 1.0)
            fail("\"{}\": partial_rotary_factor is not supported", field);
    }
    return theta;
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

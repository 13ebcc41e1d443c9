// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_config.h"

namespace mpo {

/// Fields of config.json, which is not trusted. null counts as absent. Each throws Error naming the field; the caller
/// puts the file in front.
class ConfigReader
{
public:
    explicit ConfigReader(const Json& config);

    std::int64_t size(const char* field) const; ///< from 1 to 2^31; must be there
    std::int64_t size(const char* field, std::int64_t otherwise) const;
    double positive(const char* field, double otherwise) const; ///< a finite number above 0
    bool flag(const char* field, bool otherwise) const;
    std::string text(const char* field, const std::string& otherwise) const;
    std::int64_t tokenId(const char* field) const; ///< -1: none
    std::vector<std::int64_t> tokenIds(const char* field) const; ///< one number or a list of them
    /// nullptr: absent or null.
    const Json* find(const char* field) const;

private:
    const Json& m_config;
};

/// Theta of the plain rotary positions, from "rope_parameters" (transformers 5) or "rope_theta" and "rope_scaling"
/// (before). Throws Error naming a kind of scaling that is not supported.
double readRopeTheta(const Json& config);

/// bosId, eosId, eosIds, padId.
void readTokenIds(const Json& config, ModelConfig& into);

} // namespace mpo

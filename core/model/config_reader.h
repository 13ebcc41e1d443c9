// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_config.h"

#include <functional>

namespace mpo {

/// Fields of config.json, which is not trusted. null counts as absent. Each throws Error naming the field; the caller
/// puts the file in front.
class ConfigReader
{
public:
    explicit ConfigReader(const Json& config);

    std::int64_t size(const char* field) const; ///< from 1 to 2^31; must be there
    std::int64_t size(const char* field, std::int64_t otherwise) const;
    std::int64_t count(const char* field, std::int64_t otherwise) const; ///< as size(), or 0
    std::int64_t sizeOrNone(const char* field, std::int64_t otherwise) const; ///< as size(); null in the file: 0
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

/// What the families name alike, by transformers' names: sizes, heads, max_position_embeddings, ids of special tokens.
/// `headWidth`: where "head_dim" is absent; 0: hidden / heads. Refuses quantised checkpoints.
ModelConfig readCommonConfig(const Json& json, const std::string& family, std::int64_t headWidth = 0);

/// Throws Error unless the key and value heads divide the query heads and the hidden size fits.
void checkHeads(const ModelConfig& config);

/// bosId, eosId, eosIds, padId.
void readTokenIds(const Json& config, ModelConfig& into);

/// For each layer, whether it is a sliding one: "layer_types" where the file has it, else `otherwise(layer)`.
std::vector<bool> readSlidingLayers(
    const Json& config, std::int64_t layers, const std::function<bool(std::int64_t layer)>& otherwise);

} // namespace mpo

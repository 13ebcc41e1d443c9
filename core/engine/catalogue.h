// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mpo {

/// What exists, by name, for menus and help: read from the tables of core, so that a new loss, family or format appears
/// by itself.
struct CatalogueEntry
{
    std::string name, description;
};
std::vector<CatalogueEntry> knownFormats();
std::vector<CatalogueEntry> knownFamilies();
std::vector<CatalogueEntry> knownPreferenceLosses();

/// Data of a model folder without loading its weights. Throws Error.
struct ModelSummary
{
    std::string family, kind; ///< kind: "policy" or "reward"
    std::int64_t parameters = 0, layers = 0, hidden = 0, vocabulary = 0, maxPositions = 0;
    bool tokenizer = false;
};
ModelSummary summariseModel(const std::string& folder);

/// "LibTorch 2.13.0, 2 threads, AVX-512 + bf16": what computes here.
std::string describeMachine();

/// Token ids and back for `mpo tokenize`; keeps the tokenizer of a model folder loaded. One thread.
class TextCodec
{
public:
    explicit TextCodec(const std::string& modelFolder);
    ~TextCodec();
    std::vector<std::int32_t> encode(const std::string& text) const; ///< as transformers' tokenizer(text)
    std::string decode(const std::vector<std::int32_t>& ids) const; ///< keeps special tokens
private:
    struct Private;
    Private* m_d;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/catalogue.h"

#include "core/data/dataset_importer.h"
#include "core/data/formats/dataset_format.h"
#include "core/loss/preference_loss.h"
#include "core/model/model_family.h"
#include "core/model/model_folder.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/core.h>
#include <torch/headeronly/version.h>

namespace mpo {

std::vector<CatalogueEntry> knownFormats()
{
    std::vector<CatalogueEntry> entries;
    for (const DatasetFormat& format : datasetFormats())
        entries.push_back({std::string(format.name), std::string(format.description)});
    return entries;
}

std::vector<CatalogueEntry> knownFamilies()
{
    std::vector<CatalogueEntry> entries;
    for (const ModelFamily& family : modelFamilies())
        entries.push_back({std::string(family.name), std::string(family.causalClass)});
    return entries;
}

std::vector<CatalogueEntry> knownPreferenceLosses()
{
    std::vector<CatalogueEntry> entries;
    for (const PreferenceLoss& loss : preferenceLosses())
        entries.push_back({std::string(loss.name), std::string(loss.description)});
    return entries;
}

ModelSummary summariseModel(const std::string& folder)
{
    const Model model = loadModel(folder);
    const ModelConfig& config = model.config();
    return {config.family, model.isReward() ? "reward" : "policy", model.parameterCount(), config.layers, config.hidden,
        config.vocabulary, config.maxPositions, model.tokenizer != nullptr};
}

std::string describeMachine()
{
    const bool bf16 = processorHasBFloat16();
    return fmt::format("LibTorch {}.{}.{}, {} threads, {}{}", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR,
        TORCH_VERSION_PATCH, at::get_num_threads(), at::get_cpu_capability(), bf16 ? " with bf16" : "");
}

struct TextCodec::Private
{
    std::shared_ptr<const Tokenizer> tokenizer;
};

TextCodec::TextCodec(const std::string& modelFolder)
    : m_d(new Private {Tokenizer::load(modelFolder)})
{
}

TextCodec::~TextCodec() { delete m_d; }

std::vector<std::int32_t> TextCodec::encode(const std::string& text) const
{
    return m_d->tokenizer->encodeWithTemplate(text);
}

std::string TextCodec::decode(const std::vector<std::int32_t>& ids) const { return m_d->tokenizer->decode(ids); }

} // namespace mpo

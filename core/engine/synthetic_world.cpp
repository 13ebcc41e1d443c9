// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/synthetic_world.h"

#include "core/data/synthetic_preferences.h"
#include "core/model/model_folder.h"
#include "core/tokenizer/bpe_trainer.h"

#include <fmt/core.h>

#include <algorithm>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr int kVocabulary = 512;

Json smallLlama(std::int64_t vocabulary)
{
    return Json {{"architectures", {"LlamaForCausalLM"}}, {"model_type", "llama"}, {"vocab_size", vocabulary},
        {"hidden_size", 128}, {"intermediate_size", 344}, {"num_hidden_layers", 4}, {"num_attention_heads", 4},
        {"num_key_value_heads", 2}, {"max_position_embeddings", 256}, {"rms_norm_eps", 1e-5}, {"rope_theta", 10000.0},
        {"tie_word_embeddings", true}, {"hidden_act", "silu"}, {"initializer_range", 0.02}, {"bos_token_id", nullptr},
        {"eos_token_id", 0}, {"pad_token_id", 1}};
}

} // namespace

std::string datasetStoredOrNew(const Workspace& workspace, Dataset data, const std::string& source)
{
    Project& project = workspace.project();
    const std::string digest = data.digest();
    for (const DatasetRow& row : project.datasets())
        if (row.digest == digest && row.name.starts_with(data.name))
            return row.name;
    data.name = project.freeName(data.name);
    project.addDataset(data, source);
    return data.name;
}

SyntheticWorld syntheticWorld(const Workspace& workspace, const SyntheticWorldOptions& options)
{
    Project& project = workspace.project();
    SyntheticPreferences preferences(options.seed);
    Dataset completions = preferences.completions(options.completions), pairs = preferences.pairs(options.pairs);
    SyntheticWorld world;
    world.prompts = preferences.prompts(options.prompts);
    std::vector<std::string> texts;
    for (const PreferencePair& row : completions.pairs)
        texts.push_back(row.prompt + row.chosen);
    for (const PreferencePair& row : world.prompts.pairs)
        texts.push_back(row.prompt);
    const fs::path tokenizerFolder = project.folder() / "models" / ".demo-tokenizer";
    trainByteLevelBpe(texts, kVocabulary, tokenizerFolder);
    const auto tokenizer = Tokenizer::load(tokenizerFolder);

    completions.name = options.completionsName;
    pairs.name = options.pairsName;
    world.prompts.name = options.promptsName;
    const std::string source = fmt::format("made by the program, seed {}", options.seed);
    world.completions = datasetStoredOrNew(workspace, std::move(completions), source);
    world.pairs = datasetStoredOrNew(workspace, std::move(pairs), source);
    datasetStoredOrNew(workspace, world.prompts, source);

    world.model = options.modelName;
    const Model model = createModel(smallLlama(tokenizer->vocabularySize()), options.seed, tokenizer);
    const auto stored = project.model(world.model);
    if (!stored || stored->digest != modelDigest(model) || !fs::exists(workspace.modelFolder(world.model)))
        workspace.save(model, world.model, std::nullopt, {});
    return world;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/model_files.h"

#include "core/hub/hub_paths.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <array>
#include <set>

namespace mpo {

namespace {

constexpr std::size_t kMaxShards = 10'000;

/// Tokenizer files that are not JSON.
constexpr auto kTokenizerFiles = std::to_array<std::string_view>(
    {"merges.txt", "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"});

bool contains(std::span<const std::string> names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

bool isSettingsFile(std::string_view name)
{
    // Indices of other formats tell nothing here; this one is asked for by name.
    if (name.ends_with(".index.json"))
        return false;
    return name.ends_with(".json") || name.ends_with(".jinja")
        || std::find(kTokenizerFiles.begin(), kTokenizerFiles.end(), name) != kTokenizerFiles.end();
}

bool isPickleFile(std::string_view name)
{
    return name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth") || name.ends_with(".ckpt")
        || name.ends_with(".pkl");
}

std::string pickleAdvice(const std::string& repository)
{
    return fmt::format("pickled weights can run code when they are opened and are not read here; where you trust them, "
                       "convert them with transformers, AutoModelForCausalLM.from_pretrained(\"{}\")"
                       ".save_pretrained(\"FOLDER\") and the same with AutoTokenizer, then `mpo model import FOLDER`",
        repository);
}

WantedFiles wantedFiles(std::span<const std::string> names, const std::string& repository)
{
    WantedFiles wanted;
    for (const std::string& name : names)
        if (isPlainFileName(name) && name.front() != '.' && isSettingsFile(name))
            wanted.plain.push_back(name);
    std::sort(wanted.plain.begin(), wanted.plain.end());
    wanted.plain.erase(std::unique(wanted.plain.begin(), wanted.plain.end()), wanted.plain.end());
    std::stable_partition(
        wanted.plain.begin(), wanted.plain.end(), [](const std::string& name) { return name == model_file::kConfig; });

    // The order in which the weights of a folder are looked for when it is read.
    if (contains(names, model_file::kConfig) && contains(names, model_file::kWeights)) {
        wanted.plain.emplace_back(model_file::kWeights);
    } else if (contains(names, model_file::kConfig) && contains(names, model_file::kIndex)) {
        wanted.plain.emplace_back(model_file::kIndex);
        wanted.sharded = true;
    } else if (contains(names, model_file::kAdapterConfig) && contains(names, model_file::kAdapterWeights)) {
        wanted.plain.emplace_back(model_file::kAdapterWeights);
    } else {
        const auto pickle = std::find_if(names.begin(), names.end(), isPickleFile);
        if (pickle != names.end())
            fail("{}: there is no model.safetensors, only {}; {}", repository, toPrintable(shortened(*pickle, 100)),
                pickleAdvice(repository));
        if (std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".gguf"); }))
            fail("{}: there are only GGUF files; download the one you want in the browser and give its path",
                repository);
        fail(
            "{}: there are no config.json and model.safetensors, so this is not a model that is read here", repository);
    }
    return wanted;
}

std::vector<std::string> shardsOf(const Json& index, const std::string& source)
{
    const auto map = index.is_object() ? index.find("weight_map") : index.end();
    if (!index.is_object() || map == index.end() || !map->is_object() || map->empty())
        fail("{}: this is no index of weights: \"weight_map\" is missing", source);
    std::set<std::string> shards;
    for (const auto& [tensor, file] : map->items()) {
        if (!file.is_string())
            fail("{}: the file of the tensor {} is not a name", source, toPrintable(shortened(tensor, 100)));
        const auto& name = file.get_ref<const std::string&>();
        if (!isPlainFileName(name) || name.front() == '.' || !name.ends_with(".safetensors"))
            fail("{}: \"{}\" cannot be the name of a file with weights", source, toPrintable(shortened(name, 100)));
        shards.insert(name);
        if (shards.size() > kMaxShards)
            fail("{}: more than {} files are named", source, kMaxShards);
    }
    return {shards.begin(), shards.end()};
}

} // namespace mpo

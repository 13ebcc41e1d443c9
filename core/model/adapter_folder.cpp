// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/adapter_folder.h"

#include "core/model/config_reader.h"
#include "core/model/in_file.h"
#include "core/model/weight_source.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/tokenizer/pattern.h"

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <set>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr const char *kConfigFile = "adapter_config.json", *kTensorFile = "adapter_model.safetensors";
constexpr std::string_view kRoot = "base_model.model.";

bool isSet(const Json& config, const char* field)
{
    const auto found = config.find(field);
    return found != config.end() && !found->is_null() && *found != false && !(found->is_string() && *found == "none")
        && !((found->is_object() || found->is_array()) && found->empty());
}

/// Throws Error naming the first thing in the configuration that would change the numbers and is not done here.
void checkConfig(const Json& config)
{
    if (const std::string type = ConfigReader(config).text("peft_type", {}); type != "LORA")
        fail("\"peft_type\" is \"{}\"; only LORA is supported", type);
    for (const auto& [field, what] : {std::pair {"use_dora", "DoRA"}, {"lora_bias", "biases of LoRA matrices"},
             {"bias", "trained biases"}, {"layer_replication", "replicated layers"},
             {"trainable_token_indices", "trained token embeddings"}, {"target_parameters", "bare parameters"},
             {"use_qalora", "QALoRA"}, {"alora_invocation_tokens", "activated LoRA"}, {"arrow_config", "Arrow"},
             {"use_bdlora", "block-diagonal LoRA"}, {"megatron_config", "Megatron layers"}})
        if (isSet(config, field))
            fail("\"{}\": only plain LoRA (with rsLoRA) is supported, not {}", field, what);
    if (const auto found = config.find("init_lora_weights"); found != config.end() && found->is_string()) {
        // These change the base model's weights when they begin, which the base on disk does not show.
        const auto kind = found->get<std::string>();
        for (const std::string_view changing : {"pissa", "olora", "loftq", "corda", "lora_ga"})
            if (kind.starts_with(changing))
                fail("\"init_lora_weights\" is \"{}\": such an adapter belongs to a changed base model; convert it to "
                     "plain LoRA in PEFT first (save_pretrained with path_initial_model_for_weight_conversion)",
                    kind);
    }
    if (const auto saved = config.find("modules_to_save"); saved != config.end() && saved->is_array())
        for (const Json& module : *saved)
            if (module != "score" && module != "classifier")
                fail("\"modules_to_save\": {} is not supported; only the score head of a reward model is",
                    toLine(module).substr(0, 60));
}

/// alpha of a module: PEFT's patterns are regular expressions for the end of its name.
double alphaOf(const Json& config, const std::string& module)
{
    const double alpha = ConfigReader(config).positive("lora_alpha", 8.0);
    const auto patterns = config.find("alpha_pattern");
    if (patterns == config.end() || !patterns->is_object())
        return alpha;
    for (const auto& [pattern, value] : patterns->items()) {
        std::vector<Pattern::Part> parts;
        Pattern::regex("^(?:.*\\.)?(?:" + pattern + ")$").split(module, parts);
        if (parts.size() == 1 && parts.front().match) {
            if (!value.is_number() || !(value.get<double>() > 0.0))
                fail("\"alpha_pattern\": {} is not a number above 0", toLine(value).substr(0, 40));
            return value.get<double>();
        }
    }
    return alpha;
}

struct Pair
{
    at::Tensor a, b;
};

/// The matrices by module, and the head. Takes them out of `tensors`.
struct Read
{
    std::map<std::string, Pair> pairs;
    at::Tensor head;
};
Read sorted(const std::map<std::string, at::Tensor>& tensors)
{
    Read read;
    for (const auto& [name, tensor] : tensors) {
        if (!name.starts_with(kRoot))
            fail("tensor {} does not begin with {}", name.substr(0, 200), kRoot);
        if (!tensor.is_floating_point())
            fail("tensor {} holds whole numbers", name.substr(0, 200));
        const at::Tensor values = tensor.to(at::kFloat).contiguous();
        std::string module = name.substr(kRoot.size());
        const auto without = [&](std::string_view end) {
            if (!module.ends_with(end))
                return false;
            module.resize(module.size() - end.size());
            return true;
        };
        if (module == "score.weight" || module == "score.modules_to_save.default.weight"
            || module == "score.modules_to_save.weight")
            read.head = values;
        else if (without(".lora_A.weight") || without(".lora_A.default.weight"))
            read.pairs[module].a = values;
        else if (without(".lora_B.weight") || without(".lora_B.default.weight"))
            read.pairs[module].b = values;
        else
            fail("tensor {} is neither a LoRA matrix of a linear layer nor the score head; adapters on embeddings and "
                 "output layers (\"target_modules\") are not supported",
                name.substr(0, 200));
    }
    if (read.pairs.empty())
        fail("there is no LoRA matrix in it");
    return read;
}

/// What is saved where an earlier adapter was merged: both as one, [A1; A2] and [s1 B1, s2 B2] with scale 1.
struct Stacked
{
    NamedTensors tensors;
    Json ranks = Json::object(); ///< by module
};
Stacked stackedTensors(const Model& model)
{
    Stacked stacked;
    for (const Linear* linear : std::as_const(*model.trunk).linears()) {
        std::vector<at::Tensor> a, b;
        const auto add = [&](const LowRank& lowRank) {
            a.push_back(lowRank.a.detach());
            b.push_back(lowRank.b.detach() * lowRank.scale);
        };
        if (const auto earlier = model.adapter->merged.find(linear->name); earlier != model.adapter->merged.end())
            add(earlier->second);
        if (linear->lowRank)
            add(*linear->lowRank);
        if (a.empty())
            continue;
        const std::string name = std::string(kRoot) + linear->name;
        stacked.tensors.emplace_back(name + ".lora_A.weight", at::cat(a, 0));
        stacked.tensors.emplace_back(name + ".lora_B.weight", at::cat(b, 1));
        stacked.ranks[linear->name] = stacked.tensors.back().second.size(1);
    }
    if (model.isReward())
        stacked.tensors.emplace_back(std::string(kRoot) + "score.weight", model.head);
    return stacked;
}

} // namespace

bool isAdapterFolder(const fs::path& folder)
{
    return fs::exists(folder / kConfigFile) && !fs::exists(folder / "config.json");
}

fs::path baseOfAdapter(const fs::path& folder)
{
    const Json config = readJsonFile(folder / kConfigFile);
    const std::string name
        = inFile(folder / kConfigFile, [&] { return ConfigReader(config).text("base_model_name_or_path", {}); });
    if (name.empty())
        fail("{}: \"base_model_name_or_path\" is missing; give the base as the model and this folder with --adapter",
            (folder / kConfigFile).string());
    const fs::path given = name;
    for (const fs::path& place :
        {given, folder / given, fs::absolute(folder).lexically_normal().parent_path() / given.filename()})
        if (fs::exists(place))
            return place;
    fail("{}: its base model {} is not there; give the base as the model and this folder with --adapter",
        folder.string(), name);
}

void readAdapter(Model& model, const fs::path& folder)
{
    const fs::path configFile = folder / kConfigFile, tensorFile = folder / kTensorFile;
    if (!fs::exists(configFile))
        fail("{}: there is no {}; a folder of PEFT is needed", folder.string(), kConfigFile);
    const Json config = readJsonFile(configFile);
    inFile(configFile, [&] { checkConfig(config); });
    if (!fs::exists(tensorFile) && fs::exists(folder / "adapter_model.bin"))
        fail("{}: the adapter is in adapter_model.bin, a format that can run code when it is read; load it in PEFT and "
             "save it with safe_serialization=True",
            folder.string());
    if (!fs::exists(tensorFile))
        fail("{}: there is no {}", folder.string(), kTensorFile);
    Read read = inFile(tensorFile, [&] { return sorted(readTensorFile(tensorFile)); });

    Adapter adapter;
    adapter.config = config;
    adapter.base = model.folder;
    adapter.dropout = std::make_shared<DropoutState>();
    mergeAdapter(model);
    const bool stabilised = inFile(configFile, [&] { return ConfigReader(config).flag("use_rslora", false); });
    const double dropout = inFile(configFile, [&] {
        const ConfigReader reader(config);
        const double value
            = reader.find("lora_dropout") && config["lora_dropout"] != 0.0 ? reader.positive("lora_dropout", 0.0) : 0.0;
        if (value >= 1.0)
            fail("\"lora_dropout\" is {}; it must be below 1", value);
        return value;
    });
    for (Linear* linear : model.trunk->linears()) {
        const auto found = read.pairs.find(linear->name);
        if (found == read.pairs.end())
            continue;
        const auto& [a, b] = found->second;
        inFile(tensorFile, [&] {
            if (!a.defined() || !b.defined())
                fail("{} has only one of its two LoRA matrices", linear->name);
            if (a.dim() != 2 || b.dim() != 2 || a.size(0) < 1 || a.size(0) != b.size(1) || a.size(1) != linear->inputs()
                || b.size(0) != linear->outputs())
                fail("the LoRA matrices {} and {} of {} do not fit its weight of {} outputs and {} inputs; the adapter "
                     "belongs to another model",
                    shapeText(a.sizes()), shapeText(b.sizes()), linear->name, linear->outputs(), linear->inputs());
        });
        const double alpha = inFile(configFile, [&] { return alphaOf(config, linear->name); });
        linear->lowRank = LowRank {a, b, loraScale(alpha, a.size(0), stabilised), dropout, adapter.dropout};
        read.pairs.erase(found);
    }
    if (!read.pairs.empty())
        fail("{}: it changes {}, which is no linear layer of this {} model; adapters on embeddings and output layers "
             "are not supported",
            tensorFile.string(), read.pairs.begin()->first.substr(0, 200), model.config().family);

    if (read.head.defined()) {
        if (read.head.sizes() != at::IntArrayRef({1, model.config().hidden}))
            fail("{}: the score head has the shape {} instead of (1, {})", tensorFile.string(),
                shapeText(read.head.sizes()), model.config().hidden);
        if (!model.isReward())
            settlePadding(model);
        model.head = read.head;
    }
    model.adapter = std::move(adapter);
}

void writeAdapter(const Model& model, const fs::path& folder)
{
    Json config = model.adapter->config;
    config["inference_mode"] = true;
    config["base_model_name_or_path"] = model.adapter->base.string();
    NamedTensors tensors = adapterTensors(model);
    if (!model.adapter->merged.empty()) {
        Stacked stacked = stackedTensors(model);
        tensors = std::move(stacked.tensors);
        std::vector<std::string> modules;
        for (const auto& [module, rank] : stacked.ranks.items())
            modules.push_back(module);
        config["target_modules"] = modules;
        config["use_rslora"] = false;
        config["r"] = config["lora_alpha"] = stacked.ranks.begin().value();
        config["rank_pattern"] = config["alpha_pattern"] = stacked.ranks;
    }
    writeJsonFile(folder / kConfigFile, config);
    writeTensorFile(folder / kTensorFile, tensors);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_folder.h"

#include "core/model/adapter_folder.h"
#include "core/model/config_reader.h"
#include "core/model/gguf/gguf_model.h"
#include "core/model/in_file.h"
#include "core/model/model_family.h"
#include "core/model/weight_source.h"
#include "core/support/file.h"
#include "core/support/gguf_file.h"
#include "core/support/log.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <functional>
#include <system_error>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mpo {

namespace {

/// Ends of names of tensors that older versions of transformers wrote although the configuration gives them.
constexpr std::array<std::string_view, 5> kDerived {
    "rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias"};

fs::path weightsFile(const fs::path& folder)
{
    const fs::path whole = folder / "model.safetensors";
    return fs::exists(whole) ? whole : folder / "model.safetensors.index.json";
}

/// config.json as transformers writes it, with what has changed since it was read.
Json configToSave(const Model& model, const ModelFamily& family)
{
    Json config = model.config().raw;
    config["architectures"] = Json::array({std::string(model.isReward() ? family.rewardClass : family.causalClass)});
    config["model_type"] = family.name;
    config.erase("torch_dtype"); // the name before transformers 5
    config["dtype"] = "float32";
    if (model.isReward()) {
        config["num_labels"] = 1;
        config["id2label"] = Json {{"0", "LABEL_0"}};
        config["label2id"] = Json {{"LABEL_0", 0}};
    }
    return config;
}

Json generationToSave(const Model& model)
{
    if (model.generationConfig.is_object())
        return model.generationConfig;
    Json generation = Json::object();
    for (const char* key : {"bos_token_id", "eos_token_id", "pad_token_id"})
        if (const auto found = model.config().raw.find(key); found != model.config().raw.end() && !found->is_null())
            generation[key] = *found;
    return generation;
}

void writeWhole(const Model& model, const fs::path& folder)
{
    writeJsonFile(folder / "config.json", configToSave(model, findModelFamily(model.config().family)));
    writeTensorFile(folder / "model.safetensors", model.parameters());
    if (!model.isReward())
        writeJsonFile(folder / "generation_config.json", generationToSave(model));
}

/// Where the parts of a model were read: for messages.
struct ModelFiles
{
    fs::path model, config, generation, weights;
};

/// The model without its tokenizer. `generation`: null where there is none.
Model assembled(const ModelFiles& files, const Json& json, const Json& generation,
    const std::function<std::map<std::string, at::Tensor>()>& readTensors)
{
    Model model;
    model.folder = files.model;
    ModelConfig config;
    const ModelFamily& family = *inFile(files.config, [&] {
        const ConfigReader reader(json);
        if (!reader.find("model_type"))
            fail("\"model_type\" is missing");
        const ModelFamily& found = findModelFamily(reader.text("model_type", {}));
        config = found.readConfig(json);
        return &found;
    });

    // What ends a response: generation_config.json, else config.json.
    if (!generation.is_null()) {
        model.generationConfig = generation;
        const auto ids
            = inFile(files.generation, [&] { return ConfigReader(model.generationConfig).tokenIds("eos_token_id"); });
        if (!ids.empty()) {
            config.eosIds = ids;
            config.eosId = ids.front();
        }
    }

    std::map<std::string, at::Tensor> tensors = readTensors();
    inFile(files.weights, [&] {
        if (tensors.empty())
            fail("there is no tensor in it");
        if (const auto score = tensors.find("score.weight"); score != tensors.end()) {
            if (!score->second.is_floating_point())
                fail("tensor score.weight holds whole numbers");
            if (score->second.sizes() != at::IntArrayRef({1, config.hidden}))
                fail("tensor score.weight has the shape {} instead of (1, {}); only reward models with one output are "
                     "read",
                    shapeText(score->second.sizes()), config.hidden);
            model.head = score->second.to(at::kFloat).contiguous();
            checkFinite("score.weight", model.head);
            tensors.erase(score);
        }
        model.trunk = family.create(config, tensors, 0);
        if (!model.isReward() && !model.trunk->hasOutput())
            fail("tensor {} is missing and the embeddings are not tied; the weights do not belong to this config.json",
                model.trunk->outputName());
    });
    // A tied output layer, rotary tables and causal masks may stand in a file beside what defines them.
    std::erase_if(tensors, [&](const auto& entry) {
        const std::string& name = entry.first;
        return name == model.trunk->outputName()
            || std::any_of(kDerived.begin(), kDerived.end(), [&](std::string_view end) { return name.ends_with(end); });
    });
    if (!tensors.empty())
        log().warn("{}: {} tensors are not used by this kind of model, {} first", files.weights.string(),
            tensors.size(), tensors.begin()->first.substr(0, 200));

    return model;
}

Model loadWithAdapter(const fs::path& folder)
{
    const fs::path base = baseOfAdapter(folder);
    if (fs::is_directory(base) && isAdapterFolder(base))
        fail("{}: its base {} is an adapter too; export that one with --merge first", folder.string(), base.string());
    Model model = loadModel(base);
    if (Tokenizer::isIn(folder))
        model.tokenizer = Tokenizer::load(folder);
    readAdapter(model, folder);
    return model;
}

} // namespace

Model loadModel(const fs::path& folder)
{
    if (isGgufFile(folder)) {
        GgufModel gguf = readGgufModel(folder);
        Model model = assembled({folder, folder, folder, folder}, gguf.config, gguf.generationConfig,
            [&] { return std::move(gguf.tensors); });
        model.tokenizer = gguf.tokenizer;
        return model;
    }
    const fs::path configFile = folder / "config.json", generationFile = folder / "generation_config.json";
    if (!fs::is_directory(folder))
        fail("{}: there is no such model folder", folder.string());
    if (isAdapterFolder(folder))
        return loadWithAdapter(folder);
    if (!fs::exists(configFile))
        fail("{}: there is no config.json; a Hugging Face model folder is needed", folder.string());
    Model model = assembled({folder, configFile, generationFile, weightsFile(folder)}, readJsonFile(configFile),
        fs::exists(generationFile) ? readJsonFile(generationFile) : Json(), [&] { return readModelTensors(folder); });
    if (Tokenizer::isIn(folder))
        model.tokenizer = Tokenizer::load(folder);
    return model;
}

void saveModel(const Model& model, const fs::path& folder)
{
    fs::path target = fs::absolute(folder).lexically_normal();
    if (!target.has_filename())
        target = target.parent_path();
    const fs::path temporary = target.parent_path() / fmt::format(".{}.{}.tmp", target.filename().string(), ::getpid());
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    try {
        fs::create_directories(temporary);
        if (model.adapter)
            writeAdapter(model, temporary);
        else
            writeWhole(model, temporary);
        if (model.tokenizer && !model.tokenizer->files.empty())
            for (const auto& [name, content] : model.tokenizer->files)
                writeFileAtomically(temporary / name, content);
        else if (model.tokenizer && !model.tokenizer->file.empty())
            for (const std::string& name : Tokenizer::fileNames()) {
                const fs::path source = model.tokenizer->file.parent_path() / name;
                if (fs::exists(source))
                    writeFileAtomically(temporary / name, readTextFile(source));
            }
        if (const int error = replaceFolder(temporary, target))
            fail("{}: the model cannot be written ({})", target.string(), std::generic_category().message(error));
    } catch (const fs::filesystem_error& error) {
        fs::remove_all(temporary, ignored);
        fail("{}: the model cannot be written ({})", target.string(), error.code().message());
    } catch (...) {
        fs::remove_all(temporary, ignored);
        throw;
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_family.h"

#include "core/model/config_reader.h"
#include "core/model/families/llama.h"
#include "core/model/gguf/gguf_model.h"
#include "core/model/weight_source.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/gguf_file.h"
#include "core/support/log.h"

#include <ATen/ATen.h>

#include <cassert>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <system_error>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mpo {

std::span<const ModelFamily> modelFamilies()
{
    static const std::vector<ModelFamily> families {
        llamaFamily(),
    };
    return families;
}

const ModelFamily& findModelFamily(std::string_view name)
{
    std::string known;
    for (const ModelFamily& family : modelFamilies()) {
        if (family.name == name)
            return family;
        known += (known.empty() ? "" : ", ") + std::string(family.name);
    }
    fail("\"model_type\" is \"{}\", which is not supported; there is {}", name, known);
}

namespace {

/// Runs a step that does not know its file and puts the file in front of its sentence.
template<class Step>
auto inFile(const fs::path& file, Step step)
{
    try {
        return step();
    } catch (const Error& error) {
        fail("{}: {}", file.string(), error.what());
    }
}

std::map<std::string, at::Tensor> copiesOf(const NamedTensors& parameters)
{
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, tensor] : parameters)
        tensors[name] = tensor.detach().clone();
    return tensors;
}

/// All but the trunk's weights and the head.
Model emptyCopy(const Model& model, const ModelConfig& config, std::map<std::string, at::Tensor> tensors)
{
    Model copy;
    copy.trunk = findModelFamily(config.family).create(config, tensors, 0);
    copy.trunk->computeType = model.trunk->computeType;
    copy.tokenizer = model.tokenizer;
    copy.generationConfig = model.generationConfig;
    copy.folder = model.folder;
    return copy;
}

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

} // namespace

NamedTensors Model::parameters() const
{
    NamedTensors all = trunk->parameters(!isReward());
    if (isReward())
        all.emplace_back("score.weight", head);
    return all;
}

std::int64_t Model::parameterCount() const
{
    std::int64_t count = 0;
    for (const auto& [name, tensor] : parameters())
        count += tensor.numel();
    return count;
}

void Model::setRequiresGrad(bool requiresGrad)
{
    for (auto& [name, tensor] : parameters()) {
        at::Tensor parameter = tensor;
        parameter.requires_grad_(requiresGrad);
        if (!requiresGrad)
            parameter.mutable_grad() = at::Tensor();
    }
}

namespace {

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
            if (score->second.sizes() != at::IntArrayRef({1, config.hidden}))
                fail("tensor score.weight has the shape {} instead of (1, {}); only reward models with one output are "
                     "read",
                    shapeText(score->second.sizes()), config.hidden);
            model.head = score->second.to(at::kFloat).contiguous();
            tensors.erase(score);
        } else if (!config.tiedEmbeddings && !tensors.contains("lm_head.weight")) {
            fail("tensor lm_head.weight is missing and the embeddings are not tied; the weights do not belong to this "
                 "config.json");
        }
        model.trunk = family.create(config, tensors, 0);
        return true;
    });
    // A tied output layer and rotary tables may stand in a file beside what defines them.
    std::erase_if(tensors, [](const auto& entry) {
        return entry.first == "lm_head.weight" || entry.first.ends_with("rotary_emb.inv_freq");
    });
    if (!tensors.empty())
        log().warn("{}: {} tensors are not used by this kind of model, {} first", files.weights.string(),
            tensors.size(), tensors.begin()->first.substr(0, 200));
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
    if (!fs::exists(configFile) && fs::exists(folder / "adapter_config.json"))
        fail("{}: this is an adapter (adapter_config.json); a whole model with a config.json is needed here",
            folder.string());
    if (!fs::exists(configFile))
        fail("{}: there is no config.json; a Hugging Face model folder is needed", folder.string());
    Model model = assembled({folder, configFile, generationFile, weightsFile(folder)}, readJsonFile(configFile),
        fs::exists(generationFile) ? readJsonFile(generationFile) : Json(), [&] { return readModelTensors(folder); });
    if (fs::exists(folder / "tokenizer.json"))
        model.tokenizer = Tokenizer::load(folder);
    return model;
}

Model createModel(const Json& json, std::uint64_t seed, std::shared_ptr<const Tokenizer> tokenizer)
{
    const ModelFamily& family = findModelFamily(ConfigReader(json).text("model_type", {}));
    Model model;
    std::map<std::string, at::Tensor> none;
    model.trunk = family.create(family.readConfig(json), none, seed);
    model.tokenizer = std::move(tokenizer);
    return model;
}

Model cloneModel(const Model& model)
{
    Model copy = emptyCopy(model, model.config(), copiesOf(model.trunk->parameters()));
    if (model.isReward())
        copy.head = model.head.detach().clone();
    return copy;
}

Model rewardModelFrom(const Model& policy, std::uint64_t seed)
{
    // Where a score is read depends on the padding id, so it is settled here, as TRL does.
    ModelConfig config = policy.config();
    if (policy.tokenizer && policy.tokenizer->pad)
        config.padId = *policy.tokenizer->pad;
    else if (config.padId < 0)
        config.padId = config.eosId;
    if (config.padId >= 0)
        config.raw["pad_token_id"] = config.padId;
    Model reward = emptyCopy(policy, config, copiesOf(policy.trunk->parameters(/*withOutput=*/false)));
    const std::int64_t D = policy.config().hidden;
    reward.head = randomNormal({1, D}, 1.0 / std::sqrt(double(D) + 1.0), seed, "score.weight");
    return reward;
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
        const ModelFamily& family = findModelFamily(model.config().family);
        writeJsonFile(temporary / "config.json", configToSave(model, family));
        writeTensorFile(temporary / "model.safetensors", model.parameters());
        if (!model.isReward())
            writeJsonFile(temporary / "generation_config.json", generationToSave(model));
        if (model.tokenizer && !model.tokenizer->file.empty())
            for (const char* name :
                {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"}) {
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

std::string modelDigest(const Model& model)
{
    Sha256 digest;
    for (const auto& [name, tensor] : model.parameters()) {
        const at::Tensor flat = tensor.detach().contiguous();
        digest.add(fmt::format("{} {}\n", name, shapeText(flat.sizes())));
        digest.add({static_cast<const char*>(flat.const_data_ptr()), flat.nbytes()});
    }
    return digest.hex();
}

std::int64_t scoredLength(const ModelConfig& config, std::span<const TokenId> ids)
{
    std::int64_t length = std::int64_t(ids.size());
    while (config.padId >= 0 && length > 0 && ids[std::size_t(length) - 1] == config.padId)
        --length;
    return length;
}

at::Tensor scores(const Model& model, const PackedBatch& batch, std::span<const std::int64_t> segments)
{
    assert(model.isReward());
    const at::Tensor hidden = model.trunk->hidden(batch).index_select(0, lastRows(batch, segments)); // (S, D)
    return hidden.mv(model.head.squeeze(0));
}

} // namespace mpo

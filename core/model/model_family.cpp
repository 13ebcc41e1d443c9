// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_family.h"

#include "core/model/families/llama.h"
#include "core/support/error.h"
#include "core/support/file.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <fstream>
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
    fail("config.json: the model_type \"{}\" is not known; there are {}", name, known);
}

namespace {

ModelConfig configFrom(const Json& json, const ModelFamily& family)
{
    ModelConfig config = family.readConfig(json);
    const auto id = [&](const char* key) {
        return json.contains(key) && json[key].is_number_integer() ? json[key].get<std::int64_t>() : std::int64_t(-1);
    };
    config.bosId = id("bos_token_id");
    config.padId = id("pad_token_id");
    config.eosId = id("eos_token_id");
    if (json.contains("eos_token_id") && json["eos_token_id"].is_array())
        for (const Json& value : json["eos_token_id"])
            if (value.is_number_integer())
                config.eosIds.push_back(value.get<std::int64_t>());
    if (config.eosId >= 0)
        config.eosIds = {config.eosId};
    if (config.eosId < 0 && !config.eosIds.empty())
        config.eosId = config.eosIds.front();
    return config;
}

std::unique_ptr<CausalLm> copyOf(const Model& model)
{
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, tensor] : model.trunk->parameters(true))
        tensors[name] = tensor.detach().clone();
    auto trunk = findModelFamily(model.config().family).create(model.config(), tensors, 0);
    trunk->computeType = model.trunk->computeType;
    return trunk;
}

at::Tensor randomHead(std::int64_t hidden, std::uint64_t seed)
{
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    return at::randn({1, hidden}, generator, at::TensorOptions(at::kFloat)).div_(std::sqrt(double(hidden) + 1.0));
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

Model loadModel(const fs::path& folder)
{
    if (!fs::exists(folder / "config.json"))
        fail("{}: there is no config.json; a Hugging Face model folder is needed", folder.string());
    const Json json = readJsonFile(folder / "config.json");
    if (!json.is_object() || !json.contains("model_type") || !json["model_type"].is_string())
        fail("{}: \"model_type\" is missing", (folder / "config.json").string());
    Model model;
    try {
        const ModelFamily& family = findModelFamily(json["model_type"].get<std::string>());
        Json complete = json;
        if (fs::exists(folder / "generation_config.json")) {
            const Json generation = readJsonFile(folder / "generation_config.json");
            if (generation.is_object() && generation.contains("eos_token_id") && !generation["eos_token_id"].is_null())
                complete["eos_token_id"] = generation["eos_token_id"];
        }
        ModelConfig config = configFrom(complete, family);
        config.raw = json;
        std::map<std::string, at::Tensor> tensors = readModelTensors(folder);
        if (tensors.empty())
            fail("the weights file holds no tensor");
        if (const auto score = tensors.find("score.weight"); score != tensors.end()) {
            if (score->second.sizes() != at::IntArrayRef({1, config.hidden}))
                fail("tensor score.weight must have the shape (1, {}); only reward models with one output are read", config.hidden);
            model.head = score->second.to(at::kFloat).contiguous();
            tensors.erase(score);
        }
        if (!config.tiedEmbeddings && !model.head.defined() && !tensors.contains("lm_head.weight"))
            fail("tensor lm_head.weight is missing and the embeddings are not tied");
        model.trunk = family.create(config, tensors, 0);
    } catch (const Json::exception& error) {
        fail("{}: a field has the wrong type ({})", (folder / "config.json").string(), error.what());
    } catch (const Error& error) {
        const std::string sentence = error.what();
        if (sentence.starts_with(folder.string()))
            throw;
        fail("{}: {}", folder.string(), sentence);
    }
    if (fs::exists(folder / "tokenizer.json"))
        model.tokenizer = Tokenizer::load(folder);
    model.folder = folder;
    return model;
}

Model createModel(const Json& json, std::uint64_t seed, std::shared_ptr<const Tokenizer> tokenizer)
{
    const ModelFamily& family = findModelFamily(json.at("model_type").get<std::string>());
    Model model;
    std::map<std::string, at::Tensor> none;
    model.trunk = family.create(configFrom(json, family), none, seed);
    model.tokenizer = std::move(tokenizer);
    return model;
}

Model cloneModel(const Model& model)
{
    Model copy;
    copy.trunk = copyOf(model);
    if (model.isReward())
        copy.head = model.head.detach().clone();
    copy.tokenizer = model.tokenizer;
    copy.folder = model.folder;
    return copy;
}

Model rewardModelFrom(const Model& policy, std::uint64_t seed)
{
    Model reward = cloneModel(policy);
    reward.head = randomHead(policy.config().hidden, seed);
    return reward;
}

void saveModel(const Model& model, const fs::path& folder)
{
    const fs::path target = fs::absolute(folder).lexically_normal();
    fs::path temporary = target;
    temporary += fmt::format(".writing-{}", ::getpid());
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    try {
        fs::create_directories(temporary);
        const ModelFamily& family = findModelFamily(model.config().family);
        Json config = model.config().raw;
        config["architectures"] = Json::array({std::string(model.isReward() ? family.rewardClass : family.causalClass)});
        config["model_type"] = family.name;
        config.erase("torch_dtype");
        config["dtype"] = "float32";
        if (model.isReward()) {
            config["num_labels"] = 1;
            config["id2label"] = Json {{"0", "LABEL_0"}};
            config["label2id"] = Json {{"LABEL_0", 0}};
        }
        writeJsonFile(temporary / "config.json", config);
        writeTensorFile(temporary / "model.safetensors", model.parameters());
        if (!model.isReward()) {
            Json generation = Json::object();
            for (const char* key : {"bos_token_id", "eos_token_id", "pad_token_id"})
                if (config.contains(key) && !config[key].is_null())
                    generation[key] = config[key];
            if (!model.config().eosIds.empty())
                generation["eos_token_id"] = model.config().eosIds.size() == 1 ? Json(model.config().eosIds.front()) : Json(model.config().eosIds);
            writeJsonFile(temporary / "generation_config.json", generation);
        }
        if (model.tokenizer && !model.tokenizer->file.empty())
            for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"}) {
                const fs::path source = model.tokenizer->file.parent_path() / name;
                if (fs::exists(source))
                    writeFileAtomically(temporary / name, readTextFile(source));
            }
        // Swap: the old folder goes only when the new one is complete.
        fs::path old = target;
        old += fmt::format(".old-{}", ::getpid());
        if (fs::exists(target))
            fs::rename(target, old);
        fs::rename(temporary, target);
        fs::remove_all(old, ignored);
    } catch (const fs::filesystem_error& error) {
        fs::remove_all(temporary, ignored);
        fail("{}: the model could not be written ({})", target.string(), error.code().message());
    } catch (...) {
        fs::remove_all(temporary, ignored);
        throw;
    }
}

std::string modelDigest(const Model& model)
{
    std::string digests;
    for (const auto& [name, tensor] : model.parameters()) {
        const at::Tensor flat = tensor.detach().contiguous();
        digests += name + " " + sha256({static_cast<const char*>(flat.const_data_ptr()), flat.nbytes()}) + "\n";
    }
    return sha256(digests);
}

at::Tensor scores(const Model& model, const PackedBatch& batch, std::span<const std::int64_t> segments)
{
    const at::Tensor hidden = model.trunk->hidden(batch).index_select(0, lastRows(batch, segments)); // (S, D)
    return hidden.matmul(model.head.squeeze(0));
}

} // namespace mpo

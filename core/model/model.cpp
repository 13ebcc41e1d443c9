// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model.h"

#include "core/model/config_reader.h"
#include "core/model/model_family.h"
#include "core/model/weight_source.h"
#include "core/support/file.h"

#include <ATen/ATen.h>

#include <fmt/core.h>

#include <cassert>
#include <cmath>
#include <map>
#include <utility>

namespace mpo {

namespace {

std::map<std::string, at::Tensor> copiesOf(const NamedTensors& parameters)
{
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, tensor] : parameters)
        tensors[name] = tensor.detach().clone();
    return tensors;
}

/// All but trunk, head and adapter.
Model withTrunk(const Model& model, std::unique_ptr<CausalLm> trunk)
{
    Model copy;
    copy.trunk = std::move(trunk);
    copy.trunk->computeType = model.trunk->computeType;
    copy.tokenizer = model.tokenizer;
    copy.generationConfig = model.generationConfig;
    copy.folder = model.folder;
    return copy;
}

} // namespace

NamedTensors Model::parameters() const
{
    NamedTensors all = trunk->parameters(!isReward());
    if (isReward())
        all.emplace_back("score.weight", head);
    return all;
}

NamedTensors Model::trainable() const { return adapter ? adapterTensors(*this) : parameters(); }

std::int64_t Model::parameterCount() const
{
    std::int64_t count = 0;
    for (const auto& [name, tensor] : parameters())
        count += tensor.numel();
    for (const Linear* linear : std::as_const(*trunk).linears())
        if (linear->lowRank)
            count += linear->lowRank->a.numel() + linear->lowRank->b.numel();
    return count;
}

void Model::setRequiresGrad(bool requiresGrad)
{
    for (auto& [name, tensor] : trainable()) {
        at::Tensor parameter = tensor;
        parameter.requires_grad_(requiresGrad);
        if (!requiresGrad)
            parameter.mutable_grad() = at::Tensor();
    }
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
    auto tensors = copiesOf(model.trunk->parameters());
    Model copy = withTrunk(model, findModelFamily(model.config().family).create(model.config(), tensors, 0));
    if (model.isReward())
        copy.head = model.head.detach().clone();
    copyAdapter(model, copy);
    return copy;
}

Model frozenCopy(const Model& model)
{
    if (!model.adapter)
        return cloneModel(model);
    Model copy = withTrunk(model, model.trunk->sharedCopy());
    if (model.isReward())
        copy.head = model.head.detach().clone();
    copyAdapter(model, copy);
    return copy;
}

void settlePadding(Model& model)
{
    std::int64_t pad = model.config().padId;
    if (model.tokenizer && (model.tokenizer->pad || model.tokenizer->eos))
        pad = model.tokenizer->pad ? *model.tokenizer->pad : *model.tokenizer->eos;
    else if (pad < 0)
        pad = model.config().eosId;
    if (pad >= 0)
        model.trunk->setPadId(pad);
}

Model rewardModelFrom(const Model& policy, std::uint64_t seed)
{
    auto tensors = copiesOf(policy.trunk->parameters(/*withOutput=*/false));
    Model reward = withTrunk(policy, findModelFamily(policy.config().family).create(policy.config(), tensors, 0));
    copyAdapter(policy, reward);
    const std::int64_t D = policy.config().hidden;
    reward.head = randomNormal({1, D}, 1.0 / std::sqrt(double(D) + 1.0), seed, "score.weight");
    settlePadding(reward);
    return reward;
}

std::string modelDigest(const Model& model)
{
    Sha256 digest;
    const auto add = [&](const NamedTensors& tensors) {
        for (const auto& [name, tensor] : tensors) {
            const at::Tensor flat = tensor.detach().contiguous();
            digest.add(fmt::format("{} {}\n", name, shapeText(flat.sizes())));
            digest.add({static_cast<const char*>(flat.const_data_ptr()), flat.nbytes()});
        }
    };
    add(model.parameters());
    if (model.adapter) {
        add(adapterTensors(model));
        digest.add(model.adapter->config.dump()); // scales
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

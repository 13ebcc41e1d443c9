// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/adapter.h"

#include "core/model/model.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace mpo {

namespace {

std::string leafOf(const std::string& module) { return module.substr(module.rfind('.') + 1); }

/// PEFT's rule for lists of targets.
bool isTarget(const std::string& module, const std::vector<std::string>& targets)
{
    return targets.empty() || std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
        return module == target || module.ends_with("." + target);
    });
}

void checkTargets(const Model& model, const std::vector<std::string>& targets)
{
    std::set<std::string> known;
    for (const Linear* linear : std::as_const(*model.trunk).linears())
        known.insert(leafOf(linear->name));
    for (const std::string& target : targets) {
        const auto all = std::as_const(*model.trunk).linears();
        if (std::none_of(
                all.begin(), all.end(), [&](const Linear* linear) { return isTarget(linear->name, {target}); }))
            fail("lora_targets: this model has no linear layer \"{}\"; there are {} (or all-linear)", target,
                fmt::join(known, ", "));
    }
}

at::Tensor uniform(std::vector<std::int64_t> shape, double bound, std::uint64_t seed, const std::string& purpose)
{
    at::Tensor tensor = at::empty(shape, at::kFloat);
    RandomStream random(seed, purpose);
    auto* values = tensor.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
        values[i] = float(bound * (2.0 * random.uniform() - 1.0));
    return tensor;
}

LowRank copyOf(const LowRank& lowRank, std::shared_ptr<const DropoutState> state)
{
    return {lowRank.a.detach().clone(), lowRank.b.detach().clone(), lowRank.scale, lowRank.dropout, std::move(state)};
}

} // namespace

double loraScale(double alpha, std::int64_t rank, bool rankStabilised)
{
    return alpha / (rankStabilised ? std::sqrt(double(rank)) : double(rank));
}

void addAdapter(Model& model, const LoraOptions& options, std::uint64_t seed)
{
    checkTargets(model, options.targets);
    Adapter adapter;
    adapter.base = model.folder;
    if (model.adapter) {
        adapter.base = model.adapter->base;
        if (!model.adapter->merged.empty())
            fail("An adapter on an adapter on an adapter cannot be saved as one; export the model with --merge first");
        for (const Linear* linear : std::as_const(*model.trunk).linears())
            if (linear->lowRank)
                adapter.merged[linear->name] = copyOf(*linear->lowRank, {});
        mergeAdapter(model);
    }
    adapter.dropout = std::make_shared<DropoutState>();
    std::set<std::string> leaves;
    bool transposed = false;
    for (Linear* linear : model.trunk->linears()) {
        if (!isTarget(linear->name, options.targets))
            continue;
        const double bound = 1.0 / std::sqrt(double(linear->inputs()));
        linear->lowRank = LowRank {uniform({options.rank, linear->inputs()}, bound, seed, "lora A of " + linear->name),
            at::zeros({linear->outputs(), options.rank}, at::kFloat),
            loraScale(options.alpha, options.rank, options.rankStabilised), options.dropout, adapter.dropout};
        leaves.insert(leafOf(linear->name));
        transposed = transposed || linear->transposed;
    }
    adapter.config = Json {{"peft_type", "LORA"}, {"task_type", model.isReward() ? "SEQ_CLS" : "CAUSAL_LM"},
        {"base_model_name_or_path", adapter.base.string()}, {"revision", nullptr}, {"inference_mode", true},
        {"r", options.rank}, {"lora_alpha", options.alpha}, {"lora_dropout", options.dropout},
        {"use_rslora", options.rankStabilised}, {"use_dora", false}, {"bias", "none"}, {"fan_in_fan_out", transposed},
        {"target_modules", options.targets.empty() ? Json(leaves) : Json(options.targets)},
        {"modules_to_save", model.isReward() ? Json::array({"score"}) : Json()}, {"rank_pattern", Json::object()},
        {"alpha_pattern", Json::object()}, {"init_lora_weights", true}, {"layers_to_transform", nullptr},
        {"layers_pattern", nullptr}, {"layer_replication", nullptr}, {"auto_mapping", nullptr}};
    model.adapter = std::move(adapter);
}

void mergeAdapter(Model& model)
{
    if (!model.adapter)
        return;
    model.trunk->mergeLowRanks();
    model.adapter.reset();
}

void copyAdapter(const Model& from, Model& onto)
{
    if (!from.adapter)
        return;
    Adapter adapter = *from.adapter;
    adapter.dropout = std::make_shared<DropoutState>();
    const auto sources = std::as_const(*from.trunk).linears();
    const auto targets = onto.trunk->linears();
    for (std::size_t i = 0; i < targets.size(); ++i)
        if (sources[i]->lowRank)
            targets[i]->lowRank = copyOf(*sources[i]->lowRank, adapter.dropout);
        else
            targets[i]->lowRank.reset();
    onto.adapter = std::move(adapter);
}

NamedTensors adapterTensors(const Model& model)
{
    NamedTensors all;
    for (const Linear* linear : std::as_const(*model.trunk).linears())
        if (linear->lowRank) {
            all.emplace_back("base_model.model." + linear->name + ".lora_A.weight", linear->lowRank->a);
            all.emplace_back("base_model.model." + linear->name + ".lora_B.weight", linear->lowRank->b);
        }
    if (model.isReward())
        all.emplace_back("base_model.model.score.weight", model.head);
    return all;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/experiment_evaluation.h"

#include "core/data/synthetic_preferences.h"
#include "core/model/frozen_weights.h"

#include <fmt/core.h>

namespace mpo {

PolicyMeasures evaluatePolicy(const Workspace& workspace, const Dataset& prompts, const PolicyEvaluation& evaluation)
{
    const auto load = [&](const std::string& name) {
        Model model = workspace.model(name);
        prepareForInference(model, evaluation.dtype);
        return model;
    };
    const Model policy = load(evaluation.model);
    GenerationOptions options;
    options.maxNewTokens = evaluation.maxNewTokens;
    options.temperature = evaluation.temperature;
    options.greedy = evaluation.temperature <= 0.0;
    options.batchRows = 64;
    options.stopIds = stopIds(policy);
    const Sampled sampled = sampleFrom(workspace, policy, prompts, options, evaluation.seed);

    PolicyMeasures measures;
    std::vector<TokenIds> responses;
    for (std::size_t i = 0; i < sampled.responses.size(); ++i) {
        responses.push_back(sampled.responses[i].ids);
        measures.length.push_back(double(sampled.responses[i].ids.size()));
        if (evaluation.trueReward)
            measures.trueReward.push_back(SyntheticPreferences::trueReward(sampled.promptTexts[i], sampled.texts[i]));
    }
    measures.score = scoreResponses(workspace.rewardModel(evaluation.rewardModel), sampled.prompts, responses);

    const double temperature = options.greedy ? 1.0 : evaluation.temperature;
    const std::vector<double> own = responseSums(policy, sampled.prompts, responses, temperature);
    const auto logRatios = [&](const std::string& other) {
        if (other == evaluation.model)
            return std::vector<double>(own.size());
        std::vector<double> ratios = responseSums(load(other), sampled.prompts, responses, temperature);
        for (std::size_t i = 0; i < ratios.size(); ++i)
            ratios[i] = own[i] - ratios[i];
        return ratios;
    };
    measures.klSft = logRatios(evaluation.sft);
    if (!evaluation.reference.empty())
        measures.klReference
            = evaluation.reference == evaluation.sft ? measures.klSft : logRatios(evaluation.reference);
    return measures;
}

Json decisivePartOf(const Workspace& workspace, const Dataset& prompts, const PolicyEvaluation& evaluation)
{
    Json models = Json::object();
    for (const auto& [role, name] :
        {std::pair("model", evaluation.model), std::pair("reward_model", evaluation.rewardModel),
            std::pair("sft", evaluation.sft), std::pair("reference", evaluation.reference)}) {
        const std::string version = workspace.modelVersion(name);
        models[role] = version.empty() ? name : version;
    }
    return Json {{"models", models}, {"prompts", prompts.digest()}, {"max_new_tokens", evaluation.maxNewTokens},
        {"temperature", evaluation.temperature}, {"seed", evaluation.seed}, {"dtype", evaluation.dtype},
        {"true_reward", evaluation.trueReward}};
}

} // namespace mpo

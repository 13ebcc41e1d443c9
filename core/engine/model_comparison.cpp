// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/model_comparison.h"

#include "core/evaluation/bootstrap.h"
#include "core/model/frozen_weights.h"

#include <fmt/core.h>

#include <numeric>
#include <optional>

namespace mpo {

namespace {

double mean(const std::vector<double>& values)
{
    return values.empty() ? 0.0 : std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

} // namespace

std::vector<ComparedModel> compareModels(
    const Workspace& workspace, const Dataset& prompts, const Comparison& comparison)
{
    std::vector<ComparedModel> compared;
    std::optional<Model> baseline;
    for (const auto& [title, name] : comparison.models) {
        Model model = workspace.model(name);
        prepareForInference(model, comparison.dtype);
        GenerationOptions options = comparison.generation;
        options.stopIds = stopIds(model);
        const Sampled sampled = sampleFrom(workspace, model, prompts, options, comparison.seed);
        std::vector<TokenIds> responses;
        for (const GeneratedResponse& response : sampled.responses)
            responses.push_back(response.ids);

        ComparedModel result;
        result.title = title;
        result.model = name;
        result.rewards = comparison.reward(sampled);
        for (const TokenIds& response : responses)
            result.length += double(response.size()) / double(responses.size());
        if (baseline) {
            const auto own = responseSums(model, sampled.prompts, responses, options.temperature);
            const auto theirs = responseSums(*baseline, sampled.prompts, responses, options.temperature);
            result.kl = mean(own) - mean(theirs);
        } else {
            baseline = std::move(model);
        }
        const std::vector<double>& first = compared.empty() ? result.rewards : compared.front().rewards;
        for (std::size_t i = 0; i < first.size(); ++i) {
            Tally& tally = result.againstFirst;
            ++(result.rewards[i] > first[i] ? tally.wins : result.rewards[i] < first[i] ? tally.losses : tally.ties);
        }
        compared.push_back(std::move(result));
    }
    return compared;
}

std::vector<std::vector<std::string>> comparisonTable(
    const std::vector<ComparedModel>& models, const std::string& rewardName)
{
    std::vector<std::vector<std::string>> table {{"Model", rewardName + " (95 %)",
        "Wins against " + (models.empty() ? std::string() : models.front().title) + " (95 %)", "KL (nats)",
        "Length (tokens)"}};
    for (const ComparedModel& model : models) {
        const Interval reward = bootstrapInterval(model.rewards),
                       wins = wilsonInterval(winRate(model.againstFirst), model.againstFirst.total());
        const bool first = &model == &models.front();
        table.push_back(
            {model.title, fmt::format("{:.2f} ({:.2f} to {:.2f})", mean(model.rewards), reward.low, reward.high),
                first ? "–"
                      : fmt::format("{:.0f} % ({:.0f} to {:.0f})", 100.0 * winRate(model.againstFirst),
                          100.0 * wins.low, 100.0 * wins.high),
                first ? "–" : fmt::format("{:.1f}", model.kl), fmt::format("{:.1f}", model.length)});
    }
    return table;
}

} // namespace mpo

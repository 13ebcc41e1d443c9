// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_folder.h"
#include "core/stage/stages.h"
#include "core/support/random.h"

#include <QTest>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

/// Real stages on a tiny Llama: chosen responses hold even tokens, rejected ones odd tokens.
namespace stage_fixture {

using namespace mpo;

inline Model tiny() { return loadModel(std::filesystem::path(MPO_FIXTURES) / "model/tied"); }

inline TokenizedPairs pairs(int count)
{
    RandomStream random(5, "pairs");
    TokenizedPairs result;
    for (int i = 0; i < count; ++i) {
        TokenizedRow pair;
        for (int t = 0; t < 3; ++t)
            pair.prompt.push_back(TokenId(10 + random.below(80)));
        for (int t = 0; t < 4; ++t) {
            pair.chosen.push_back(TokenId(10 + 2 * random.below(40)));
            pair.rejected.push_back(TokenId(11 + 2 * random.below(40)));
        }
        result.add(pair, i);
    }
    return result;
}

struct Crash
{
};
struct Recorded
{
    StageContext context;
    std::vector<Metrics> steps;
    std::vector<AlarmRow> alarms;
    std::vector<std::string> warnings;
    std::int64_t crashAt = 0;
    double at(std::size_t step, std::string_view name) const
    {
        for (const Metric& metric : steps.at(step))
            if (metric.name == name)
                return metric.value;
        return std::nan("");
    }
};
inline void prepare(
    Recorded& recorded, StageKind stage, const std::vector<std::pair<std::string, SettingValue>>& settings)
{
    recorded.context.settings = Settings(stage);
    for (const auto& [name, value] : settings)
        recorded.context.settings.set(name, value);
    recorded.context.alarms = [&recorded](const std::vector<AlarmRow>& alarms) {
        recorded.alarms.insert(recorded.alarms.end(), alarms.begin(), alarms.end());
    };
    recorded.context.warning = [&recorded](const std::string& text) { recorded.warnings.push_back(text); };
    recorded.context.metrics = [&recorded](std::int64_t step, std::int64_t, const Metrics& metrics) {
        // As the store does when a run is resumed or goes back.
        if (std::size_t(step) <= recorded.steps.size())
            recorded.steps.resize(std::size_t(step) - 1);
        recorded.steps.push_back(metrics);
        if (step == recorded.crashAt)
            throw Crash();
    };
}
using I = std::int64_t;
using Values = std::vector<std::pair<std::string, SettingValue>>;

inline std::vector<TokenIds> prompts(int count)
{
    std::vector<TokenIds> result;
    const TokenizedPairs all = pairs(count);
    for (const TokenizedPair& pair : all)
        result.emplace_back(pair.prompt.begin(), pair.prompt.end());
    return result;
}

/// Two minibatches of two micro-batches in each of two epochs, three rollouts.
inline const Values kSmallPpo {{"learning_rate", 1e-3}, {"value_learning_rate", 1e-3}, {"rollout_batch", I(8)},
    {"minibatch_size", I(4)}, {"micro_batch", I(2)}, {"ppo_epochs", I(2)}, {"max_new_tokens", I(4)},
    {"max_steps", I(3)}, {"kl_adaptive", true}, {"kl_horizon", 100.0}, {"normalize_scores", std::string("running")},
    {"value_warmup_rollouts", I(1)}};

/// Fresh models; digests of policy and value model afterwards.
inline std::tuple<StageOutcome, std::string, std::string> runPpo(Recorded& recorded, const Values& settings)
{
    Model policy = tiny(), reference = tiny(), reward = rewardModelFrom(tiny(), 3), value = cloneModel(reward);
    prepare(recorded, StageKind::Ppo, settings);
    const StageOutcome outcome
        = trainPpo({policy, reference, reward, value, &reference}, prompts(12), recorded.context);
    return {outcome, modelDigest(policy), modelDigest(value)};
}

/// All but what a clock or the operating system says.
inline void compareMetrics(const Recorded& actual, const Recorded& expected)
{
    QCOMPARE(actual.steps.size(), expected.steps.size());
    for (std::size_t step = 0; step < expected.steps.size(); ++step)
        for (const Metric& metric : expected.steps[step])
            if (metric.name != "step_seconds" && metric.name != "tokens_per_second" && metric.name != "peak_rss_mb")
                QVERIFY2(actual.at(step, metric.name) == metric.value
                        || (std::isnan(metric.value) && std::isnan(actual.at(step, metric.name))),
                    metric.name.c_str());
}

} // namespace stage_fixture

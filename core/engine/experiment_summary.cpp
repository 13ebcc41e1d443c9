// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/experiment_summary.h"

#include "core/evaluation/bootstrap.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

namespace mpo {

namespace {

using Part = ExperimentCell::Part;
using Groups = std::vector<std::vector<double>>; // [seed][prompt]
using BySeed = std::map<std::int64_t, std::vector<double>>;

Estimate estimateOf(const Groups& groups) { return {meanOfGroups(groups), bootstrapOfGroups(groups)}; }

/// Entry by entry where both have the seed with as many prompts.
template<class Combine>
Groups combined(const BySeed& a, const BySeed& b, const Combine& combine)
{
    Groups groups;
    for (const auto& [seed, values] : a) {
        const auto other = b.find(seed);
        if (other == b.end() || other->second.size() != values.size())
            continue;
        std::vector<double>& group = groups.emplace_back();
        for (std::size_t i = 0; i < values.size(); ++i)
            group.push_back(combine(values[i], other->second[i]));
    }
    return groups;
}

Groups differences(const BySeed& a, const BySeed& b) { return combined(a, b, std::minus<>()); }

const char* verdictOf(const Interval& interval)
{
    return interval.low > 0.0 ? "better" : interval.high < 0.0 ? "worse" : "not told apart";
}

std::string text(const Estimate& estimate)
{
    return fmt::format("{:+.2f} ({:+.2f} to {:+.2f})", estimate.mean, estimate.interval.low, estimate.interval.high);
}

class Summariser
{
public:
    Summariser(const ExperimentPlan& plan, const std::map<std::string, PolicyMeasures>& measured)
        : m_plan(plan)
        , m_measured(measured)
    {
    }

    ExperimentSummary summary()
    {
        ExperimentSummary result;
        const bool known = !m_measured.empty() && !m_measured.begin()->second.trueReward.empty();
        result.rewardName = known ? "True reward" : "Score of the reward model";
        result.methods = rowsOf(Part::Methods);
        result.easyShare = rowsOf(Part::EasyShare);
        result.noise = rowsOf(Part::Noise);
        result.prompts = rowsOf(Part::Prompts);
        result.differences = differencesOf(result.methods);
        result.statements = aboutShares(result.easyShare);
        for (const auto& sentences : {aboutNoise(result.noise), aboutPrompts(result.prompts)})
            result.statements.insert(result.statements.end(), sentences.begin(), sentences.end());
        return result;
    }

private:
    using Field = std::function<const std::vector<double>&(const PolicyMeasures&)>;

    BySeed valuesOf(Part part, const std::string& method, double value, const Field& field) const
    {
        BySeed values;
        for (const ExperimentCell& cell : m_plan.cells)
            if (cell.part == part && cell.method.name == method && cell.value == value)
                if (const auto found = m_measured.find(cell.evaluation); found != m_measured.end())
                    if (const auto& list = field(found->second); !list.empty())
                        values[cell.seed] = list;
        return values;
    }

    BySeed rewardsOf(Part part, const std::string& method, double value) const
    {
        return valuesOf(
            part, method, value, [](const PolicyMeasures& m) -> const auto& { return m.reward(); });
    }

    std::optional<Estimate> estimate(
        Part part, const std::string& method, double value, std::vector<double> PolicyMeasures::*field) const
    {
        Groups groups;
        for (auto& [seed, values] : valuesOf(
                 part, method, value, [field](const PolicyMeasures& m) -> const auto& { return m.*field; }))
            groups.push_back(values);
        if (groups.empty())
            return std::nullopt;
        return estimateOf(groups);
    }

    std::vector<ExperimentRow> rowsOf(Part part) const
    {
        std::vector<ExperimentRow> rows;
        std::set<std::pair<double, std::string>> seen;
        for (const ExperimentCell& cell : m_plan.cells) {
            if (cell.part != part || !seen.emplace(cell.value, cell.method.name).second)
                continue;
            const std::string& name = cell.method.name;
            const BySeed rewards = rewardsOf(part, name, cell.value);
            if (rewards.empty())
                continue;
            ExperimentRow row;
            row.method = cell.method;
            row.value = cell.value;
            row.seeds = std::int64_t(rewards.size());
            for (const auto& [seed, values] : rewards)
                row.prompts += std::int64_t(values.size());
            const auto of = [&](auto field) { return estimate(part, name, cell.value, field); };
            row.trueReward = of(&PolicyMeasures::trueReward);
            row.score = of(&PolicyMeasures::score).value_or(Estimate {});
            row.klSft = of(&PolicyMeasures::klSft).value_or(Estimate {});
            row.klReference = of(&PolicyMeasures::klReference);
            row.length = of(&PolicyMeasures::length).value_or(Estimate {});
            if (name != "sft")
                if (const Groups wins = combined(rewards, rewardsOf(Part::Methods, "sft", 0.0),
                        [](double own, double sft) { return own > sft ? 1.0
                                                         : own < sft  ? 0.0
                                                                      : 0.5; });
                    !wins.empty())
                    row.wins = estimateOf(wins);
            rows.push_back(std::move(row));
        }
        return rows;
    }

    std::vector<ExperimentDifference> differencesOf(const std::vector<ExperimentRow>& rows) const
    {
        std::vector<ExperimentDifference> result;
        if (rows.size() < 2)
            return result;
        const auto mpo
            = std::find_if(rows.begin(), rows.end(), [](const auto& row) { return row.method.name == "mpo"; });
        const std::string name = mpo == rows.end() ? rows.back().method.name : mpo->method.name;
        const BySeed own = rewardsOf(Part::Methods, name, 0.0);
        for (const ExperimentRow& row : rows)
            if (row.method.name != name)
                if (const Groups groups = differences(own, rewardsOf(Part::Methods, row.method.name, 0.0));
                    !groups.empty())
                    result.push_back({name, row.method.name, estimateOf(groups)});
        return result;
    }

    static std::vector<double> valuesIn(const std::vector<ExperimentRow>& rows)
    {
        std::set<double> values;
        for (const ExperimentRow& row : rows)
            values.insert(row.value);
        return {values.begin(), values.end()};
    }
    static std::vector<std::string> methodsIn(const std::vector<ExperimentRow>& rows)
    {
        std::vector<std::string> names;
        for (const ExperimentRow& row : rows)
            if (std::find(names.begin(), names.end(), row.method.name) == names.end())
                names.push_back(row.method.name);
        return names;
    }

    std::vector<std::string> aboutShares(const std::vector<ExperimentRow>& rows) const
    {
        std::vector<std::string> sentences;
        const std::vector<double> values = valuesIn(rows);
        if (values.size() < 2)
            return sentences;
        for (const std::string& method : methodsIn(rows)) {
            const BySeed first = rewardsOf(Part::EasyShare, method, values.front()),
                         last = rewardsOf(Part::EasyShare, method, values.back());
            const Groups groups = differences(last, first);
            if (groups.empty())
                continue;
            const Estimate change = estimateOf(groups);
            sentences.push_back(fmt::format("{}: {:g} % easy pairs against {:g} %: {}, {}.", method,
                100.0 * values.back(), 100.0 * values.front(), text(change), verdictOf(change.interval)));
        }
        return sentences;
    }

    /// Reward at this noise minus that without, prompt by prompt.
    BySeed changeByNoise(const std::string& method, double clean, double noisy) const
    {
        const BySeed before = rewardsOf(Part::Noise, method, clean), after = rewardsOf(Part::Noise, method, noisy);
        BySeed change;
        for (const auto& [seed, values] : after)
            if (const auto found = before.find(seed); found != before.end() && found->second.size() == values.size())
                std::transform(values.begin(), values.end(), found->second.begin(), std::back_inserter(change[seed]),
                    std::minus<>());
        return change;
    }

    /// What flipped labels cost each method, and whether MPO loses less.
    std::vector<std::string> aboutNoise(const std::vector<ExperimentRow>& rows) const
    {
        std::vector<std::string> sentences;
        const std::vector<double> values = valuesIn(rows);
        for (std::size_t i = 1; i < values.size(); ++i) {
            std::map<std::string, BySeed> changes;
            std::string moves, comparisons;
            for (const std::string& method : methodsIn(rows)) {
                const BySeed& change = changes[method] = changeByNoise(method, values.front(), values[i]);
                Groups groups;
                for (const auto& [seed, list] : change)
                    groups.push_back(list);
                if (!groups.empty())
                    moves += fmt::format(
                        "{}of {} moves by {}", moves.empty() ? "" : ", ", method, text(estimateOf(groups)));
            }
            const BySeed mine = changes.contains("mpo") ? changes.at("mpo") : BySeed();
            for (const auto& [other, change] : changes) {
                const Groups groups = other == "mpo" ? Groups() : differences(mine, change);
                if (groups.empty())
                    continue;
                const Estimate apart = estimateOf(groups);
                comparisons += fmt::format(" The move of mpo minus that of {}: {}, mpo is {}.", other, text(apart),
                    apart.interval.low > 0.0        ? "less sensitive to the noise"
                        : apart.interval.high < 0.0 ? "more sensitive to the noise"
                                                    : "not told apart from it");
            }
            if (!moves.empty())
                sentences.push_back(fmt::format("From {:g} to {:g} % flipped labels the reward {}.{}",
                    100.0 * values.front(), 100.0 * values[i], moves, comparisons));
        }
        return sentences;
    }

    /// MPO against the others with as many responses, and with its fewest against their most.
    std::vector<std::string> aboutPrompts(const std::vector<ExperimentRow>& rows) const
    {
        std::vector<std::string> sentences;
        const std::vector<double> values = valuesIn(rows);
        for (const std::string& other : methodsIn(rows)) {
            if (other == "mpo")
                continue;
            const auto compare = [&](double own, double theirs) {
                const Groups groups
                    = differences(rewardsOf(Part::Prompts, "mpo", own), rewardsOf(Part::Prompts, other, theirs));
                if (groups.empty())
                    return;
                const Estimate estimate = estimateOf(groups);
                sentences.push_back(fmt::format("mpo with {:g} responses against {} with {:g}: {}, {}.", own, other,
                    theirs, text(estimate), verdictOf(estimate.interval)));
            };
            for (const double value : values)
                compare(value, value);
            if (values.size() > 1)
                compare(values.front(), values.back());
        }
        return sentences;
    }

    const ExperimentPlan& m_plan;
    const std::map<std::string, PolicyMeasures>& m_measured;
};

} // namespace

const char* ExperimentDifference::verdict() const { return verdictOf(difference.interval); }

Json toJson(const PolicyMeasures& measures)
{
    return Json {{"true_reward", measures.trueReward}, {"score", measures.score}, {"kl_sft", measures.klSft},
        {"kl_reference", measures.klReference}, {"length", measures.length}};
}

PolicyMeasures policyMeasuresFrom(const Json& json)
{
    const auto list = [&](const char* name) { return json.at(name).get<std::vector<double>>(); };
    return {list("true_reward"), list("score"), list("kl_sft"), list("kl_reference"), list("length")};
}

ExperimentSummary summariseExperiment(const ExperimentPlan& plan, const std::map<std::string, PolicyMeasures>& measured)
{
    return Summariser(plan, measured).summary();
}

} // namespace mpo

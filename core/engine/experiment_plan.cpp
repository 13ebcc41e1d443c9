// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/experiment_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

namespace mpo {

namespace {

using Kind = ExperimentStep::Kind;

/// What a cell of the matrix varies.
struct Variation
{
    double noise = 0.0;
    std::string splitBy;
    double splitValue = 0.0;
    std::int64_t episodes = 0;
};

std::string percent(double share) { return fmt::format("{:g}", 100.0 * share); }

class Planner
{
public:
    explicit Planner(const ExperimentRecipe& recipe)
        : m_recipe(recipe)
        , m_usual {recipe.noise, recipe.base.splitBy, recipe.base.splitValue, 0}
    {
    }

    ExperimentPlan plan()
    {
        for (const std::int64_t seed : m_recipe.seeds)
            for (const ExperimentMethod& method : m_recipe.methods)
                addCell(ExperimentCell::Part::Methods, method, seed, 0.0, m_usual);
        for (const std::int64_t seed : m_recipe.seeds) {
            sweep(ExperimentCell::Part::EasyShare, m_recipe.easyShare, seed, [](Variation& variation, double value) {
                variation.splitBy = "easy_share";
                variation.splitValue = value;
            });
            sweep(ExperimentCell::Part::Noise, m_recipe.flipped, seed,
                [](Variation& variation, double value) { variation.noise = value; });
            sweep(ExperimentCell::Part::Prompts, m_recipe.prompts, seed,
                [](Variation& variation, double value) { variation.episodes = std::int64_t(value); });
        }
        count();
        return std::move(m_plan);
    }

private:
    template<class Vary>
    void sweep(ExperimentCell::Part part, const ExperimentSweep& sweep, std::int64_t seed, const Vary& vary)
    {
        for (const double value : sweep.values)
            for (const ExperimentMethod& method : sweep.methods) {
                Variation variation = m_usual;
                vary(variation, value);
                addCell(part, method, seed, value, variation);
            }
    }

    void addCell(ExperimentCell::Part part, const ExperimentMethod& method, std::int64_t seed, double value,
        const Variation& variation)
    {
        m_plan.cells.push_back({part, method, seed, value, evaluationOf(method, seed, variation)});
    }

    /// Takes the step unless there is one of the name.
    std::string add(ExperimentStep step)
    {
        std::string name = step.name;
        if (!m_plan.find(name))
            m_plan.steps.push_back(std::move(step));
        return name;
    }

    ExperimentStep step(Kind kind, std::int64_t seed, const std::string& rest, const std::string& title) const
    {
        ExperimentStep step;
        step.kind = kind;
        step.seed = seed;
        step.name = fmt::format("{}-s{}-{}", m_recipe.base.name, seed, rest);
        step.title = fmt::format("{}; seed {}", title, seed);
        return step;
    }

    /// Data of the project serve all seeds, made ones one seed.
    std::string dataOf(std::int64_t seed)
    {
        ExperimentStep data = step(Kind::Data, seed, "pairs", "Making data, tokenizer and model");
        if (!m_recipe.synthetic) {
            data.seed = 0;
            data.name = m_recipe.base.name + "-data";
            data.title = "The preference data";
        }
        return add(std::move(data));
    }

    std::string pairsOf(std::int64_t seed, const Variation& variation)
    {
        std::string data = dataOf(seed);
        if (variation.noise <= 0.0)
            return data;
        ExperimentStep flip = step(Kind::Flip, seed, noiseTag(variation) + "pairs",
            fmt::format("Flipping {} % of the labels", percent(variation.noise)));
        flip.data = data;
        flip.noise = variation.noise;
        return add(std::move(flip));
    }

    /// The model itself where the recipe has no SFT stage. Labels do not enter.
    std::string sftOf(std::int64_t seed)
    {
        if (!m_recipe.base.sft)
            return m_recipe.base.model;
        ExperimentStep sft = step(Kind::Sft, seed, "sft", "Supervised fine-tuning");
        sft.data = dataOf(seed);
        sft.model = m_recipe.synthetic ? sft.data : m_recipe.base.model;
        return add(std::move(sft));
    }

    std::string rewardOf(std::int64_t seed, const Variation& variation)
    {
        ExperimentStep reward
            = step(Kind::Reward, seed, noiseTag(variation) + "reward", "Reward model" + noiseTitle(variation));
        reward.model = sftOf(seed);
        reward.data = pairsOf(seed, variation);
        return add(std::move(reward));
    }

    std::string scoresOf(std::int64_t seed, const Variation& variation)
    {
        ExperimentStep scores
            = step(Kind::Scores, seed, noiseTag(variation) + "scores", "Scoring the pairs" + noiseTitle(variation));
        scores.data = pairsOf(seed, variation);
        scores.model = sftOf(seed);
        if (m_recipe.base.folds < 2)
            scores.rewardModel = rewardOf(seed, variation);
        return add(std::move(scores));
    }

    std::string splitOf(std::int64_t seed, const Variation& variation)
    {
        ExperimentStep split = step(Kind::Split, seed, noiseTag(variation) + shareTag(variation) + "split",
            "Splitting the pairs" + shareTitle(variation) + noiseTitle(variation));
        split.data = pairsOf(seed, variation);
        split.scores = scoresOf(seed, variation);
        split.splitBy = variation.splitBy;
        split.splitValue = variation.splitValue;
        return add(std::move(split));
    }

    std::string randomSplitOf(std::int64_t seed, const Variation& variation)
    {
        ExperimentStep random = step(Kind::RandomSplit, seed, noiseTag(variation) + shareTag(variation) + "random",
            "Drawing as many pairs as are easy" + shareTitle(variation) + noiseTitle(variation));
        random.data = pairsOf(seed, variation);
        random.split = splitOf(seed, variation);
        return add(std::move(random));
    }

    std::string splitFor(PairSubset subset, std::int64_t seed, const Variation& variation)
    {
        return subset == PairSubset::All   ? std::string()
            : subset == PairSubset::Random ? randomSplitOf(seed, variation)
                                           : splitOf(seed, variation);
    }

    static std::string noiseTag(const Variation& v)
    {
        return v.noise > 0.0 ? fmt::format("n{}-", percent(v.noise)) : std::string();
    }
    static std::string noiseTitle(const Variation& v)
    {
        return v.noise > 0.0 ? fmt::format("; {} % of labels flipped", percent(v.noise)) : std::string();
    }
    static std::string shareTag(const Variation& v)
    {
        return v.splitBy == "easy_share" ? fmt::format("e{}-", percent(v.splitValue))
            : v.splitBy == "confidence"  ? fmt::format("c{}-", percent(v.splitValue))
                                         : fmt::format("g{:g}-", v.splitValue);
    }
    std::string shareTitle(const Variation& v) const
    {
        return v.splitBy != m_usual.splitBy || v.splitValue != m_usual.splitValue
            ? fmt::format("; {} % easy", percent(v.splitValue))
            : std::string();
    }

    std::string pairStageOf(const ExperimentMethod& method, std::int64_t seed, const Variation& variation)
    {
        ExperimentMethod alone = method;
        alone.name = firstName(method);
        alone.second.clear();
        const bool divided = method.firstPairs != PairSubset::All;
        ExperimentStep stage
            = step(Kind::PairStage, seed, noiseTag(variation) + (divided ? shareTag(variation) : "") + alone.name,
                methodTitle(alone) + (divided ? shareTitle(variation) : "") + noiseTitle(variation));
        stage.algorithm = method.first;
        stage.subset = method.firstPairs;
        stage.model = sftOf(seed);
        stage.data = pairsOf(seed, variation);
        stage.split = splitFor(method.firstPairs, seed, variation);
        return add(std::move(stage));
    }

    /// "dpo-easy" of "mpo".
    static std::string firstName(const ExperimentMethod& method)
    {
        constexpr std::array<std::string_view, 4> kSubsets {"", "-easy", "-hard", "-random"};
        return method.first + std::string(kSubsets[std::size_t(method.firstPairs)]);
    }

    std::string evaluationOf(const ExperimentMethod& method, std::int64_t seed, const Variation& variation)
    {
        const std::string sft = sftOf(seed);
        std::string policy = sft, reference;
        if (!method.first.empty()) {
            policy = pairStageOf(method, seed, variation);
            reference = method.hasReference() ? sft : std::string();
        }
        if (!method.second.empty()) {
            const bool divided = method.secondPairs != PairSubset::All
                || (!method.first.empty() && method.firstPairs != PairSubset::All);
            // As many as the settings say anyway: the table has that one.
            const std::int64_t usual = m_recipe.algorithms.at(method.second).integer("total_episodes");
            const std::int64_t wanted = variation.episodes == usual ? 0 : variation.episodes;
            const std::string episodes = wanted > 0 ? fmt::format("p{}-", wanted) : "";
            ExperimentStep stage = step(Kind::PromptStage, seed,
                noiseTag(variation) + (divided ? shareTag(variation) : "") + episodes + method.name,
                methodTitle(method) + (divided ? shareTitle(variation) : "") + noiseTitle(variation)
                    + (wanted > 0 ? fmt::format("; {} responses", wanted) : ""));
            stage.algorithm = method.second;
            stage.subset = method.secondPairs;
            stage.model = policy;
            stage.sft = sft;
            stage.data = pairsOf(seed, variation);
            stage.rewardModel = rewardOf(seed, variation);
            stage.split = splitFor(method.secondPairs, seed, variation);
            stage.episodes = wanted;
            reference = policy;
            policy = add(std::move(stage));
        }
        const ExperimentStep* made = m_plan.find(policy);
        ExperimentStep evaluation = step(Kind::Evaluation, seed, "sft", "Evaluating SFT");
        if (made) {
            evaluation.name = made->name;
            evaluation.title = "Evaluating " + made->title;
        }
        evaluation.name = "evaluate " + evaluation.name;
        evaluation.model = policy;
        evaluation.sft = sft;
        evaluation.reference = reference;
        evaluation.data = dataOf(seed);
        evaluation.rewardModel = rewardOf(seed, m_usual); // one scale for all
        return add(std::move(evaluation));
    }

    /// Who is needed how often, and what it would cost if nothing were shared.
    void count()
    {
        for (const ExperimentCell& cell : m_plan.cells) {
            std::set<std::string> all;
            collect(cell.evaluation, all);
            m_plan.stepsWithoutSharing += std::int64_t(all.size());
            ++stepOf(cell.evaluation)->uses;
        }
        for (const ExperimentStep& step : m_plan.steps)
            for (const std::string& name : step.needs())
                if (ExperimentStep* needed = stepOf(name))
                    ++needed->uses;
    }

    void collect(const std::string& name, std::set<std::string>& all)
    {
        const ExperimentStep* step = stepOf(name);
        if (step && all.insert(name).second)
            for (const std::string& need : step->needs())
                collect(need, all);
    }

    ExperimentStep* stepOf(const std::string& name)
    {
        const auto found = std::find_if(
            m_plan.steps.begin(), m_plan.steps.end(), [&](const ExperimentStep& step) { return step.name == name; });
        return found == m_plan.steps.end() ? nullptr : &*found;
    }

    const ExperimentRecipe& m_recipe;
    const Variation m_usual;
    ExperimentPlan m_plan;
};

} // namespace

std::vector<std::string> ExperimentStep::needs() const
{
    std::vector<std::string> names;
    for (const std::string* name : {&model, &data, &rewardModel, &scores, &split, &reference, &sft})
        if (!name->empty() && std::find(names.begin(), names.end(), *name) == names.end())
            names.push_back(*name);
    return names;
}

std::string_view stepKindName(ExperimentStep::Kind kind)
{
    constexpr std::array<std::string_view, 10> names {
        "data", "flip", "sft", "reward", "scores", "split", "random", "pairs", "prompts", "evaluation"};
    return names[std::size_t(kind)];
}

const ExperimentStep* ExperimentPlan::find(std::string_view name) const
{
    const auto found
        = std::find_if(steps.begin(), steps.end(), [&](const ExperimentStep& step) { return step.name == name; });
    return found == steps.end() ? nullptr : &*found;
}

ExperimentPlan experimentPlan(const ExperimentRecipe& recipe) { return Planner(recipe).plan(); }

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/data_source.h"
#include "core/data/label_noise.h"
#include "core/engine/experiment_evaluation.h"
#include "core/engine/experiment_report.h"
#include "core/engine/synthetic_world.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/random.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace fs = std::filesystem;

namespace mpo {

namespace {

using Kind = ExperimentStep::Kind;
using Clock = std::chrono::steady_clock;

/// How long is left, from how long steps of a kind have taken so far.
class TimeLeft
{
public:
    explicit TimeLeft(const ExperimentPlan& plan)
        : m_plan(plan)
    {
    }

    void took(Kind kind, double seconds)
    {
        m_seconds[kind].push_back(seconds);
        m_all.push_back(seconds);
    }

    /// "; about 12 min left", empty while there is nothing to go by. `next`: number of the step that begins now.
    std::string from(std::size_t next) const
    {
        if (m_all.empty())
            return {};
        double seconds = 0.0;
        for (std::size_t i = next; i < m_plan.steps.size(); ++i) {
            const auto known = m_seconds.find(m_plan.steps[i].kind);
            seconds += mean(known == m_seconds.end() ? m_all : known->second);
        }
        return seconds < 90.0  ? fmt::format("; about {:.0f} s left", seconds)
            : seconds < 5400.0 ? fmt::format("; about {:.0f} min left", seconds / 60.0)
                               : fmt::format("; about {:.1f} h left", seconds / 3600.0);
    }

private:
    static double mean(const std::vector<double>& values)
    {
        return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
    }

    const ExperimentPlan& m_plan;
    std::map<Kind, std::vector<double>> m_seconds;
    std::vector<double> m_all;
};

/// Carries out a plan. What is made has the step's name, or another where data or scores of that name are there
/// already; each kind of step knows itself what is done of it.
class ExperimentRun
{
public:
    ExperimentRun(const Workspace& workspace, const ExperimentRecipe& recipe)
        : m_workspace(workspace)
        , m_project(workspace.project())
        , m_recipe(recipe)
        , m_plan(experimentPlan(recipe))
        , m_folder(m_project.folder() / "experiments" / recipe.base.name)
        , m_timeLeft(m_plan)
    {
    }

    void run()
    {
        m_workspace.info(fmt::format(
            "{} steps; without shared parts it would be {}", m_plan.steps.size(), m_plan.stepsWithoutSharing));
        try {
            carryOutAll();
        } catch (const std::exception&) {
            reportSoFar();
            throw;
        }
        const ExperimentSummary summary = summariseExperiment(m_plan, m_measured);
        writeReport(summary);
        m_workspace.send(ReportWritten {reportFolder(), experimentTable(summary)});
        for (const ExperimentDifference& difference : summary.differences)
            m_workspace.info(fmt::format("{} against {}: {:+.2f} ({:+.2f} to {:+.2f}), {}", difference.method,
                difference.other, difference.difference.mean, difference.difference.interval.low,
                difference.difference.interval.high, difference.verdict()));
        for (const std::string& sentence : summary.statements)
            m_workspace.info(sentence);
    }

private:
    void carryOutAll()
    {
        for (std::size_t i = 0; i < m_plan.steps.size(); ++i) {
            const ExperimentStep& step = m_plan.steps[i];
            if (m_workspace.stopped())
                fail("The experiment was stopped; `mpo experiment` with the same recipe goes on");
            m_workspace.send(PipelineStep {step.title + m_timeLeft.from(i), int(i) + 1, int(m_plan.steps.size())});
            const auto begin = Clock::now();
            const bool isQuick = step.kind == Kind::Data || step.kind == Kind::Flip || step.kind == Kind::Split
                || step.kind == Kind::RandomSplit;
            m_isNew = isQuick; // done again each time
            carryOut(step);
            if (m_isNew)
                m_timeLeft.took(step.kind, std::chrono::duration<double>(Clock::now() - begin).count());
        }
    }

    void carryOut(const ExperimentStep& step)
    {
        switch (step.kind) {
        case Kind::Data:
            return makeData(step);
        case Kind::Flip:
            return flip(step);
        case Kind::Sft:
            return train(step, stageOf(step, StageKind::Sft, *m_recipe.base.sft));
        case Kind::Reward:
            return train(step, stageOf(step, StageKind::Reward, m_recipe.base.reward));
        case Kind::Scores:
            return score(step);
        case Kind::Split:
            return split(step);
        case Kind::RandomSplit:
            return randomSplit(step);
        case Kind::PairStage:
            return train(step, stageOf(step, StageKind::Dpo, m_recipe.algorithms.at(step.algorithm)));
        case Kind::PromptStage: {
            TrainStage stage = stageOf(step, StageKind::Ppo, m_recipe.algorithms.at(step.algorithm));
            if (step.episodes > 0)
                stage.settings.set("total_episodes", step.episodes);
            return train(step, std::move(stage));
        }
        case Kind::Evaluation:
            return evaluate(step);
        }
    }

    /// Name in the project of what a step made; a model that no step makes stands for itself.
    std::string made(const std::string& step) const
    {
        const auto found = m_names.find(step);
        return found == m_names.end() ? step : found->second;
    }

    void makeData(const ExperimentStep& step)
    {
        const Recipe& base = m_recipe.base;
        if (m_recipe.synthetic) {
            SyntheticWorldOptions options;
            options.seed = std::uint64_t(step.seed);
            options.completions = m_recipe.completions;
            options.pairs = m_recipe.pairs;
            options.prompts = base.evaluatePrompts;
            const std::string prefix = fmt::format("{}-s{}-", base.name, step.seed);
            options.completionsName = prefix + "completions";
            options.pairsName = step.name;
            options.promptsName = prefix + "prompts";
            options.modelName = prefix + "base";
            m_worlds[step.seed] = syntheticWorld(m_workspace, options);
            m_names[step.name] = m_worlds[step.seed].pairs;
            return;
        }
        std::string data = base.data;
        if (!m_project.dataset(data)) {
            data = step.name;
            if (!m_project.dataset(data)) {
                findDataSource(base.data); // a folder with several splits is to be imported first
                ImportDataset import {base.data, {}};
                import.options.name = data;
                importDatasetCommand(m_workspace, import);
            }
        }
        m_names[step.name] = data;
        m_prompts = m_workspace.data(base.evalData.empty() ? data : base.evalData);
        // The last prompts: with a limit the training did not see them.
        if (std::int64_t(m_prompts.pairs.size()) > base.evaluatePrompts)
            m_prompts.pairs.erase(
                m_prompts.pairs.begin(), m_prompts.pairs.end() - std::ptrdiff_t(base.evaluatePrompts));
    }

    void flip(const ExperimentStep& step)
    {
        Dataset data = m_workspace.data(made(step.data), m_recipe.base.limit);
        if (data.kind != DatasetKind::Pairs)
            fail("{}: only labels of preference pairs can be flipped", data.name);
        flipLabels(data, step.noise, std::uint64_t(step.seed));
        data.name = step.name;
        m_names[step.name] = datasetStoredOrNew(m_workspace, std::move(data),
            fmt::format(
                "{} with {:g} % of the labels flipped, seed {}", made(step.data), 100.0 * step.noise, step.seed));
    }

    TrainStage stageOf(const ExperimentStep& step, StageKind stage, const Settings& settings) const
    {
        TrainStage train;
        train.stage = stage;
        train.out = step.name;
        train.settings = settings;
        train.settings.set("seed", step.seed);
        train.data = made(step.data);
        train.model = made(step.model);
        if (stage == StageKind::Sft && m_recipe.synthetic) {
            train.data = m_worlds.at(step.seed).completions;
            train.model = m_worlds.at(step.seed).model;
        }
        train.limit = step.split.empty() ? m_recipe.base.limit : 0;
        train.split = step.split;
        if (!step.split.empty())
            train.splitBucket = step.subset == PairSubset::Hard ? "hard" : "easy"; // of a random split: those drawn
        train.rewardModel = step.rewardModel;
        train.sftModel = step.sft.empty() ? std::string() : made(step.sft);
        return train;
    }

    std::optional<RunRow> lastRunOf(const std::string& name) const
    {
        for (RunRow& row : m_project.runs()) // newest first
            if (row.name == name)
                return std::move(row);
        return std::nullopt;
    }

    void train(const ExperimentStep& step, const TrainStage& stage)
    {
        const auto before = lastRunOf(step.name);
        const auto tag = [&] {
            if (const auto run = lastRunOf(step.name); run && run->tags.empty())
                m_project.setRunTags(run->id, {m_recipe.base.name, fmt::format("seed {}", step.seed)});
        };
        try {
            trainCommand(m_workspace, stage);
        } catch (const std::exception&) {
            tag();
            throw;
        }
        tag();
        const auto after = lastRunOf(step.name);
        m_isNew = !before || !after || before->id != after->id || before->state != RunState::Finished;
    }

    void score(const ExperimentStep& step)
    {
        ScorePairs score;
        score.data = made(step.data);
        score.model = made(step.model);
        score.rewardModel = step.rewardModel;
        score.folds = m_recipe.base.folds;
        score.settings = m_recipe.base.reward;
        score.settings.set("seed", step.seed);
        if (score.folds >= 2)
            score.settings.set("eval_share", 0.0); // what is held out is the other fold
        score.name = step.name;
        score.limit = m_recipe.base.limit;
        const std::size_t before = m_project.scoreSets().size();
        m_names[step.name] = scoresStoredOrNew(m_workspace, score);
        m_isNew = m_project.scoreSets().size() != before;
    }

    void split(const ExperimentStep& step)
    {
        SplitPairs divide {made(step.data), made(step.scores), {}, step.name};
        divide.rule.by = step.splitBy == "gap" ? SplitRule::By::Gap
            : step.splitBy == "confidence"     ? SplitRule::By::Confidence
                                               : SplitRule::By::EasyShare;
        divide.rule.value = step.splitValue;
        splitCommand(m_workspace, divide);
    }

    void randomSplit(const ExperimentStep& step)
    {
        SplitRow row = m_project.loadSplit(step.split);
        std::vector<Bucket>& buckets = row.split.buckets;
        std::vector<std::size_t> order(buckets.size());
        std::iota(order.begin(), order.end(), std::size_t(0));
        RandomStream(std::uint64_t(step.seed), "random pairs").shuffle(order);
        const auto easy = std::size_t(row.split.counts().easy);
        for (std::size_t i = 0; i < order.size(); ++i)
            buckets[order[i]] = i < easy ? Bucket::Easy : Bucket::Hard;
        row.name = step.name;
        row.created = nowUtc();
        m_project.addSplit(row);
        m_workspace.send(SplitSaved {row.name, row.split.threshold, row.split.counts()});
    }

    /// Kept in a file, so that what is measured is not measured again.
    void evaluate(const ExperimentStep& step)
    {
        const Recipe& base = m_recipe.base;
        PolicyEvaluation evaluation;
        evaluation.model = made(step.model);
        evaluation.rewardModel = step.rewardModel;
        evaluation.sft = made(step.sft);
        evaluation.reference = step.reference.empty() ? std::string() : made(step.reference);
        evaluation.maxNewTokens = base.evaluateTokens;
        evaluation.temperature = base.evaluateTemperature;
        evaluation.seed = std::uint64_t(step.seed) + 1;
        evaluation.dtype = base.ppo.text("dtype");
        evaluation.trueReward = m_recipe.synthetic;
        const Dataset& prompts = m_recipe.synthetic ? m_worlds.at(step.seed).prompts : m_prompts;
        const Json decisive = decisivePartOf(m_workspace, prompts, evaluation);
        const fs::path file = m_folder / "results" / (step.name.substr(step.name.find(' ') + 1) + ".json");
        if (fs::exists(file)) {
            try {
                const Json stored = readJsonFile(file);
                if (stored.at("made_with") == decisive) {
                    m_measured[step.name] = policyMeasuresFrom(stored.at("measures"));
                    return;
                }
            } catch (const std::exception& error) {
                m_workspace.warning(
                    fmt::format("{}: not readable, it is measured again ({})", file.string(), error.what()));
            }
        }
        const PolicyMeasures measures = evaluatePolicy(m_workspace, prompts, evaluation);
        writeFileAtomically(file, toLine(Json {{"made_with", decisive}, {"measures", toJson(measures)}}) + "\n");
        m_measured[step.name] = measures;
        m_isNew = true;
    }

    /// Of what is measured; trouble with it must not hide what ended the experiment.
    void reportSoFar() const
    {
        try {
            if (!m_measured.empty())
                writeReport(summariseExperiment(m_plan, m_measured));
        } catch (const std::exception& error) {
            m_workspace.warning(error.what());
        }
    }

    fs::path reportFolder() const { return m_folder / "report"; }

    void writeReport(const ExperimentSummary& summary) const
    {
        const std::string what = m_recipe.synthetic
            ? fmt::format("{} preference pairs that the program made for each seed, with noisy labels{}, a small Llama "
                          "trained from nothing; the true reward is known. Prompts are about subjects that no training "
                          "pair mentions.",
                m_recipe.pairs,
                m_recipe.noise > 0.0 ? fmt::format(", {:g} % of them flipped", 100.0 * m_recipe.noise) : "")
            : fmt::format("Model {}, data {}. The true reward is not known: wins are counted by the score of the "
                          "reward model, which the stages on prompts were trained on.",
                m_recipe.base.model, m_recipe.base.data);
        std::size_t evaluations = 0;
        for (const ExperimentStep& step : m_plan.steps)
            evaluations += step.kind == Kind::Evaluation ? 1 : 0;
        const std::string unfinished = m_measured.size() < evaluations
            ? fmt::format(" Not finished: {} of {} policies are measured.", m_measured.size(), evaluations)
            : std::string();
        writeExperimentReport(reportFolder(), "Experiment: " + m_recipe.base.name,
            fmt::format("{} {} seeds, {} prompts each.{}", what, m_recipe.seeds.size(), m_recipe.base.evaluatePrompts,
                unfinished),
            summary);
    }

    const Workspace& m_workspace;
    Project& m_project;
    const ExperimentRecipe& m_recipe;
    const ExperimentPlan m_plan;
    const fs::path m_folder;
    TimeLeft m_timeLeft;
    bool m_isNew = false; ///< the step under way has made something, so its time tells of others
    std::map<std::string, std::string> m_names; ///< of what steps made, where it may be another than the step's
    std::map<std::int64_t, SyntheticWorld> m_worlds; ///< by seed
    Dataset m_prompts; ///< of data that are not made
    std::map<std::string, PolicyMeasures> m_measured;
};

} // namespace

void experimentCommand(const Workspace& workspace, const RunExperiment& command)
{
    ExperimentRun(workspace, command.recipe).run();
}

} // namespace mpo

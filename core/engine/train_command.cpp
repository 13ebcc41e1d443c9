// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/dpo_watch.h"
#include "core/engine/memory_preflight.h"
#include "core/engine/rank_jobs.h"
#include "core/engine/train_config.h"
#include "core/engine/workspace.h"
#include "core/model/adapter_folder.h"
#include "core/stage/memory_estimate.h"
#include "core/stage/training_loop.h"
#include "core/stage/training_model.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <algorithm>

namespace mpo {

namespace {

void checkDifferences(const Workspace& workspace, const RowSource& data, std::span<const TokenizedPair> pairs)
{
    const auto same = std::count_if(pairs.begin(), pairs.end(),
        [](const TokenizedPair& pair) { return std::ranges::equal(pair.chosen, pair.rejected); });
    if (same == std::int64_t(pairs.size()))
        fail("{}: the chosen and the rejected response are the same in every pair, so there is nothing to learn; look "
             "at how the columns were read (`mpo data import` shows it)",
            data.name);
    if (same > 0)
        workspace.warning(fmt::format("{}: the chosen and the rejected response are the same in {} of {} pairs, which "
                                      "teach nothing",
            data.name, same, pairs.size()));
}

/// What it computes with and needs, and a warning with what to do where it will not fit.
void tellMachine(const Workspace& workspace, const TrainStage& command, const Model& model, MemoryInput input)
{
    input.stage = command.stage;
    input.settings = command.settings;
    input.model = model.config();
    input.isReward = true; // what was made beside it is gone by now
    if (model.adapter && !command.adapter.empty())
        input.adapterRank = model.adapter->config.value("r", std::int64_t(0));
    if (command.settings.text("dtype") == "auto")
        workspace.info(fmt::format("Products are computed in {}", nameOf(computeTypeFor("auto", input.model))));
    const Preflight preflight = preflightOf(input);
    if (preflight.fits)
        workspace.info(preflight.sentence());
    else
        workspace.warning(preflight.sentence()
            + (preflight.proposals.empty() ? "" : "; what would help: " + preflight.proposals.front().sentence));
}

StageOutcome trainOnPairs(const Workspace& workspace, const TrainStage& command, Model& model,
    const std::string& gapScores, const StageContext& context)
{
    const RowSource data = trainingRows(workspace, command);
    if (data.kind == DatasetKind::Prompts || (data.kind == DatasetKind::Completions && command.stage != StageKind::Sft))
        fail("{}: {} needs {}, but the data set holds {}", data.name, stageTitle(command.stage),
            command.stage == StageKind::Sft ? "responses" : "preference pairs",
            data.kind == DatasetKind::Prompts ? "prompts only" : "single responses");
    // Texts are ended with EOS before they are tokenized; without one a policy would never learn to stop.
    auto pairs = tokenizeFor(workspace, data, model, command.settings.integer("max_length"),
        command.stage == StageKind::Reward ? Truncation::DropLong : Truncation::CutEnd, /*endsTexts=*/true);
    if (command.stage == StageKind::Reward)
        trimForScoring(pairs, model.config());
    if (command.stage != StageKind::Sft)
        checkDifferences(workspace, data, pairs);
    std::optional<Model> reference;
    if (command.stage == StageKind::Dpo && !command.reference.empty() && command.reference != command.model)
        reference = workspace.model(command.reference);
    MemoryInput memory;
    if (reference)
        memory.reference = reference->config();
    else if (command.stage == StageKind::Dpo && command.settings.flag("sync_ref_model"))
        memory.reference = model.config();
    memory.rows = lengthsOf(pairs);
    tellMachine(workspace, command, model, std::move(memory));
    switch (command.stage) {
    case StageKind::Sft:
        return trainSft(model, pairs, context);
    case StageKind::Reward:
        return trainReward(model, pairs, context);
    default:
        // Without a name the reference is the model as loaded: its log-probs are taken before a checkpoint is restored.
        return trainDpo(
            model, reference ? &*reference : nullptr, pairs, context, dpoWatch(workspace, command, pairs, gapScores));
    }
}

StageOutcome trainOnPrompts(
    const Workspace& workspace, const TrainStage& command, Model& policy, const StageContext& context)
{
    if (command.rewardModel.empty())
        fail("PPO needs a reward model (--reward-model)");
    const Model reward = workspace.rewardModel(command.rewardModel);
    if (reward.config().vocabulary != policy.config().vocabulary)
        fail("{}: the reward model has {} token ids and the policy {}; both must share one tokenizer",
            command.rewardModel, reward.config().vocabulary, policy.config().vocabulary);
    RowSource data = trainingRows(workspace, command);
    data.kind = DatasetKind::Prompts;
    std::vector<TokenIds> prompts;
    {
        const TokenizedPairs tokenized
            = tokenizeFor(workspace, data, policy, command.settings.integer("max_length"), Truncation::DropLong);
        for (const TokenizedPair& pair : tokenized)
            prompts.emplace_back(pair.prompt.begin(), pair.prompt.end());
    }
    {
        MemoryInput input;
        input.reward = reward.config();
        if (!command.reference.empty())
            input.reference = policy.config(); // of the same shape, or it could not be compared
        if (!command.sftModel.empty())
            input.sft = policy.config();
        for (const TokenIds& prompt : prompts)
            input.rows.push_back({std::int32_t(prompt.size()), 0, 0});
        tellMachine(workspace, command, policy, std::move(input));
    }
    const Model reference = command.reference.empty() ? frozenCopy(policy) : workspace.model(command.reference);
    Model value = valueModelFor(policy, reward, command.settings);
    std::optional<Model> sft;
    if (!command.sftModel.empty())
        sft = workspace.model(command.sftModel);
    return trainPpo({policy, reference, reward, value, sft ? &*sft : nullptr}, prompts, context);
}

/// Key of a run's configuration: the score set that its metrics are divided by, the same when it goes on.
constexpr const char* kGapScores = "gap_scores";

/// What of a configuration decides the result. Settings that a run of an earlier version did not know are at their
/// defaults.
Json decisivePart(Json config, StageKind stage)
{
    try {
        config["settings"] = Settings::fromJson(stage, config.at("settings")).resultJson();
    } catch (const std::exception&) { // a setting that is no longer there: not the same training
    }
    config.erase(kGapScores);
    return config;
}

/// "learning_rate was 0.1 and is 0.2": the first thing that differs.
std::string differenceOf(const Json& then, const Json& now)
{
    for (const Json* object : {&then, &now})
        for (const auto& [key, ignored] : object->items()) {
            const Json was = then.contains(key) ? then.at(key) : Json(), is = now.contains(key) ? now.at(key) : Json();
            if (was == is)
                continue;
            if (was.is_object() && is.is_object())
                return differenceOf(was, is);
            return fmt::format("{} was {} and is {}", key, was.is_null() ? "not given" : was.dump(),
                is.is_null() ? "not given" : is.dump());
        }
    return {};
}

/// There is a checkpoint to go on from, but this command would not go on with the same training.
void otherSettings(
    const Workspace& workspace, const TrainStage& command, const RunRow& row, const std::string& difference)
{
    const std::string what = fmt::format("Run {} was to make {} and has not finished ({} of {} steps), but {}", row.id,
        command.out, row.steps, row.totalSteps, difference);
    if (command.refuseOtherSettings)
        fail("{}; set it back to go on, or begin anew with --restart", what);
    workspace.warning(what + ": it is left as it is, and a new run begins");
}

/// As NAME-best, beside NAME; `model` then has its weights.
void saveBest(
    const Workspace& workspace, const TrainStage& command, Model& model, const StageOutcome& outcome, std::int64_t run)
{
    if (outcome.bestStep < 0)
        return;
    const bool loaded = outcome.bestStep == outcome.steps || command.settings.flag("load_best_at_end");
    if (loaded || restoreBest(model.trainable(), workspace.checkpointFolder(run), outcome.bestStep))
        workspace.save(model, command.out + "-best", run, command.model);
    else
        workspace.warning(fmt::format("The checkpoint of step {}, the best model, is missing or damaged: only the last "
                                      "model is saved",
            outcome.bestStep));
}

} // namespace

std::string bucketOf(const TrainStage& command)
{
    return !command.splitBucket.empty() ? command.splitBucket : command.stage == StageKind::Ppo ? "hard" : "easy";
}

RowSource trainingRows(const Workspace& workspace, const TrainStage& command)
{
    if (command.split.empty())
        return workspace.rows(command.data, command.limit);
    const SplitRow split = workspace.project().loadSplit(command.split);
    // A split made from a limited scoring covers the first pairs only.
    RowSource part = partOf(
        workspace.rows(command.data, std::int64_t(split.split.buckets.size())), split.split, bucketOf(command));
    if (command.limit > 0 && part.count > command.limit) {
        part.count = command.limit;
        part.each = [each = std::move(part.each), limit = command.limit](const RowSource::Visit& visit) {
            each([&](std::int64_t number, const PreferencePair& pair) {
                return visit(number, pair) && number + 1 < limit;
            });
        };
    }
    return part;
}

void trainCommand(const Workspace& workspace, const TrainStage& command)
{
    Project& project = workspace.project();
    const std::string stage(stageName(command.stage));
    if (const auto problems = command.settings.problems(); !problems.empty())
        fail("{}", problems.front());

    Workspace::RunSpec spec {
        stage, command.out, configOf(command), {command.model, command.data}, command.settings, {}};
    for (const std::string& parent : {command.rewardModel, command.reference, command.sftModel, command.split})
        if (!parent.empty())
            spec.parents.push_back(parent);

    // A model or split may be made anew, or fetched anew, under its name: then it is not the same training any more.
    if (command.model != command.out)
        for (const std::string& name : {command.model, command.rewardModel, command.reference, command.sftModel})
            if (const std::string version = workspace.modelVersion(name); !version.empty())
                spec.config["digests"][name] = version;
    if (!command.split.empty()) {
        const SplitRow split = project.loadSplit(command.split);
        const SplitRule& rule = split.split.rule;
        Json& made = spec.config["split_made"];
        made = {{"scores", split.scoreSet}, {"threshold", split.split.threshold}};
        if (rule.absolute)
            made["absolute"] = true;
        if (rule.contradictory) {
            made["contradictory"] = *rule.contradictory;
            made["contradictory_action"] = std::string(contradictoryActionName(rule.action));
        }
        if (!split.split.handEdits().empty())
            made["edits"] = split.split.edits;
    }

    std::string gapScores = gapScoresFor(project, command);
    if (!gapScores.empty())
        spec.config[kGapScores] = gapScores;

    // The same command again: finished is finished, interrupted goes on.
    if (!command.restart) {
        for (const RunRow& row : project.runs()) {
            if (row.stage != stage || row.name != command.out)
                continue;
            const Json then = decisivePart(row.config, command.stage), now = decisivePart(spec.config, command.stage);
            if (then != now) {
                if (row.state != RunState::Finished && std::filesystem::exists(workspace.checkpointFolder(row.id)))
                    otherSettings(workspace, command, row, differenceOf(then, now));
                break;
            }
            if (row.state == RunState::Finished && isModelFolder(workspace.outFolder(command.out))) {
                workspace.info(fmt::format(
                    "{} {} is finished already (run {}); --restart trains it anew", stage, command.out, row.id));
                workspace.removeCheckpoints(row.id); // of a program that died between the last two things it did
                return;
            }
            if (row.state != RunState::Finished) {
                spec.resume = row.id;
                gapScores = row.config.value(kGapScores, std::string());
            }
            break;
        }
    }

    const auto shared = workspace.share(jobOf(command), command.settings);
    // Rank 0 alone knows whether the run goes on, and with which; all must divide the pairs the same way.
    gapScores = workspace.context(command.settings).ranks->broadcast(gapScores);
    workspace.progress("Loading " + command.model, -1.0, {});
    Model model = workspace.model(command.model);
    if (command.stage == StageKind::Reward && !model.isReward())
        model = rewardModelFrom(model, std::uint64_t(command.settings.integer("seed")));
    else if (command.stage == StageKind::Reward)
        settlePadding(model);
    if (command.adapter.empty())
        giveAdapter(model, command.settings);
    else
        readAdapter(model, workspace.modelFolder(command.adapter));
    if (command.stage != StageKind::Reward && model.isReward())
        fail("{}: this is a reward model; {} needs a language model", command.model, stageTitle(command.stage));
    settleComputeType(spec.settings, model.config());
    StageOutcome outcome;
    workspace.run(
        spec,
        [&](const StageContext& context) {
            outcome = command.stage == StageKind::Ppo ? trainOnPrompts(workspace, command, model, context)
                                                      : trainOnPairs(workspace, command, model, gapScores, context);
            if (outcome.resumedAt > 0)
                workspace.info(fmt::format("Resumed after step {}", outcome.resumedAt));
            return outcome;
        },
        [&](std::int64_t run) {
            workspace.save(model, command.out, run, command.model);
            if (command.stage != StageKind::Ppo && command.settings.flag("keep_best"))
                saveBest(workspace, command, model, outcome, run);
        });
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/rank_jobs.h"
#include "core/engine/workspace.h"
#include "core/model/frozen_weights.h"
#include "core/stage/run_identity.h"
#include "core/stage/training_model.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace mpo {

namespace {

/// Puts scores of tokenised pairs in their places in the data set.
void place(std::vector<PairScore>& scores, std::span<const TokenizedPair> pairs, const std::vector<PairScore>& some)
{
    for (std::size_t i = 0; i < pairs.size(); ++i)
        scores[std::size_t(pairs[i].index)] = some[i];
}

/// A fold for each pair, about equally many each; pairs with the same prompt share one, since a reward model that has
/// seen a prompt has not been held out from it. Empty: fewer prompts than folds.
std::vector<int> foldsByPrompt(std::span<const TokenizedPair> pairs, int folds, std::uint64_t seed)
{
    std::map<TokenIds, std::vector<std::size_t>> byPrompt;
    for (std::size_t i = 0; i < pairs.size(); ++i)
        byPrompt[TokenIds(pairs[i].prompt.begin(), pairs[i].prompt.end())].push_back(i);
    if (byPrompt.size() < std::size_t(folds))
        return {};
    std::vector<const std::vector<std::size_t>*> groups;
    for (const auto& [prompt, members] : byPrompt)
        groups.push_back(&members);
    RandomStream(seed, "folds").shuffle(groups);
    // The largest groups first, each into the smallest fold.
    std::stable_sort(groups.begin(), groups.end(), [](const auto* a, const auto* b) { return a->size() > b->size(); });
    std::vector<std::size_t> sizes(static_cast<std::size_t>(folds));
    std::vector<int> foldOf(pairs.size());
    for (const auto* members : groups) {
        const auto smallest = std::min_element(sizes.begin(), sizes.end());
        *smallest += members->size();
        for (const std::size_t member : *members)
            foldOf[member] = int(smallest - sizes.begin());
    }
    return foldOf;
}

/// Beside the run that trained the reward model of a fold: what it said of the fold, until all folds are scored.
std::filesystem::path foldFile(const Project& project, std::int64_t run)
{
    return project.runFolder(run) / "fold_scores.json";
}

/// The newest run that trained, or was to train, this fold with the same data, model and settings.
std::optional<RunRow> runOfFold(const Project& project, const std::string& name, const Json& config)
{
    for (RunRow& row : project.runs())
        if (row.stage == "reward" && row.name == name)
            return row.config == config ? std::optional(std::move(row)) : std::nullopt;
    return std::nullopt;
}

void keepFold(const std::filesystem::path& file, const std::vector<PairScore>& some)
{
    Json rows = Json::array();
    for (const PairScore& score : some) {
        if (!std::isfinite(score.gap()))
            return;
        rows.push_back({score.chosen, score.rejected});
    }
    writeFileAtomically(file, toLine(rows));
}

/// Empty: not there, or of another number of pairs.
std::vector<PairScore> foldKept(const std::string& text, std::size_t pairs)
{
    std::vector<PairScore> some;
    try {
        for (const Json& row : parseJson(text, "fold_scores.json"))
            some.push_back({row.at(0).get<double>(), row.at(1).get<double>()});
    } catch (const std::exception&) { // damaged: it is scored again
        return {};
    }
    return some.size() == pairs ? some : std::vector<PairScore>();
}

} // namespace

void scoreCommand(const Workspace& workspace, const ScorePairs& command)
{
    Project& project = workspace.project();
    const RowSource data = workspace.rows(command.data, command.limit);
    if (data.kind != DatasetKind::Pairs)
        fail("{}: only preference pairs can be scored", command.data);
    const auto shared = workspace.share(jobOf(command), command.settings);
    std::vector<std::int64_t> foldRuns;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    auto scores = std::make_shared<std::vector<PairScore>>(std::size_t(data.count), PairScore {nan, nan});

    ScoreSetRow row;
    row.dataset = command.data;
    row.pairs = data.count;
    row.heldOut = command.folds >= 2;
    row.rewardModel = command.folds >= 2 ? fmt::format("{}-fold", command.folds) : command.rewardModel;
    row.name = command.name.empty() ? project.freeName(std::filesystem::path(command.data).stem().string() + "-scores")
                                    : command.name;
    row.created = nowUtc();

    if (command.folds < 2) {
        const Model reward = workspace.rewardModel(command.rewardModel, command.adapter);
        prepareForInference(reward, command.settings.text("dtype"));
        auto pairs = tokenizeFor(workspace, data, reward, 0, Truncation::DropLong);
        trimForScoring(pairs, reward.config());
        place(*scores, pairs, scorePairs(reward, pairs, workspace.context(command.settings)));
    } else {
        // Each pair is scored by a reward model that was trained on the other folds.
        const auto seed = std::uint64_t(command.settings.integer("seed"));
        Model base = workspace.model(command.model);
        if (!base.isReward())
            base = rewardModelFrom(base, seed);
        auto pairs = tokenizeFor(workspace, data, base, command.settings.integer("max_length"), Truncation::DropLong);
        trimForScoring(pairs, base.config());
        const std::vector<int> foldOf = foldsByPrompt(pairs, command.folds, seed);
        if (foldOf.empty())
            fail("{}: the pairs have fewer than {} different prompts, so they cannot be divided into {} folds",
                command.data, command.folds, command.folds);
        const std::string digest = digestOf(pairs);
        // Given again after an interruption, folds that are scored are not scored again. Rank 0 knows which.
        Communicator& ranks = *workspace.context(command.settings).ranks;
        for (int fold = 0; fold < command.folds && !workspace.stopped(); ++fold) {
            TokenizedPairs inside = pairs.emptyWithStore(), outside = pairs.emptyWithStore();
            for (std::size_t i = 0; i < pairs.size(); ++i)
                (foldOf[i] == fold ? inside : outside).add(pairs[i]);
            Json config {{"model", command.model}, {"data", command.data}, {"fold", fold + 1}, {"folds", command.folds},
                {"settings", command.settings.toJson()}};
            if (const std::string version = workspace.modelVersion(command.model); !version.empty())
                config["digests"][command.model] = version;
            config["digests"]["pairs"] = digest;
            const std::string name = fmt::format("{} fold {}", row.name, fold + 1);
            const auto before = ranks.isFirst() ? runOfFold(project, name, config) : std::nullopt;
            std::string kept;
            if (std::error_code ignored; before && std::filesystem::exists(foldFile(project, before->id), ignored))
                kept = readTextFile(foldFile(project, before->id));
            if (const auto some = foldKept(ranks.broadcast(kept), inside.size()); !some.empty()) {
                place(*scores, inside, some);
                if (before)
                    foldRuns.push_back(before->id);
                continue;
            }
            Workspace::RunSpec spec {"reward", name, config, {command.model, command.data}, command.settings, {}};
            if (before && before->state != RunState::Finished
                && std::filesystem::exists(workspace.checkpointFolder(before->id)))
                spec.resume = before->id;
            Model reward = cloneModel(base);
            giveAdapter(reward, command.settings);
            settleComputeType(spec.settings, reward.config());
            const std::int64_t run = workspace.run(
                spec, [&](const StageContext& context) { return trainReward(reward, outside, context); });
            const auto some = scorePairs(reward, inside, workspace.context(command.settings));
            if (ranks.isFirst() && !workspace.stop().stop_requested()) {
                keepFold(foldFile(project, run), some);
                foldRuns.push_back(run);
            }
            place(*scores, inside, some);
        }
    }
    if (workspace.stopped())
        fail("Scoring was stopped; nothing was stored");
    if (project.access() == Project::Access::ReadWrite && project.dataset(command.data))
        project.addScoreSet(row, *scores);
    for (const std::int64_t run : foldRuns) {
        std::error_code ignored;
        std::filesystem::remove(foldFile(project, run), ignored);
    }
    workspace.send(PairsScored {row.name, scores});
}

std::string scoresStoredOrNew(const Workspace& workspace, const ScorePairs& command)
{
    Project& project = workspace.project();
    const std::string key = "pipeline/" + command.name;
    const std::string& from = command.folds >= 2 ? command.model : command.rewardModel;
    const auto model = project.model(from);
    Json settings = command.settings.toJson();
    settings.erase("processes"); // decides nothing
    const Json made {{"data", project.dataset(command.data)->digest}, {"limit", command.limit},
        {"folds", command.folds}, {"model", model ? model->digest : from}, {"settings", settings}};
    if (const auto stored = project.value(key)) {
        const Json before = parseJson(*stored, key);
        const auto sets = project.scoreSets();
        if (before.at("made") == made && std::any_of(sets.begin(), sets.end(), [&](const ScoreSetRow& row) {
                return row.name == before.at("scores");
            }))
            return before.at("scores").get<std::string>();
    }
    ScorePairs score = command;
    score.name = project.freeName(command.name);
    scoreCommand(workspace, score);
    project.setValue(key, toLine(Json {{"scores", score.name}, {"made", made}}));
    return score.name;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/dpo_watch.h"

#include "core/data/score_gaps.h"
#include "core/engine/newest_scores.h"
#include "core/engine/response_scores.h"
#include "core/stage/training_loop.h"
#include "core/support/error.h"

#include <algorithm>
#include <limits>
#include <map>

namespace mpo {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Reward gaps of the rows that are trained on, in the order of trainingRows(), as they are trained on: a flipped pair
/// has the opposite gap.
std::vector<double> gapsOfRows(const Project& project, const TrainStage& command, const std::string& scoreSet)
{
    const std::vector<PairScore> scores = project.loadScores(scoreSet);
    const auto gapOf = [&](std::int64_t pair) {
        return std::size_t(pair) < scores.size() ? scores[std::size_t(pair)].gap() : kUnknown;
    };
    if (command.split.empty())
        return gapsOf(scores);
    std::vector<double> gaps;
    const Split split = project.loadSplit(command.split).split;
    const bool easy = bucketOf(command) == "easy";
    for (const std::int64_t pair : easy ? split.easyPairs() : split.hardPairs())
        gaps.push_back(split.flipped(pair) ? -gapOf(pair) : gapOf(pair));
    return gaps;
}

/// The name of the reward model that made the scores, if it can be loaded; else empty.
std::string rewardModelOf(const Project& project, const std::string& scoreSet)
{
    for (const ScoreSetRow& row : project.scoreSets())
        if (row.name == scoreSet)
            if (const auto model = project.model(row.rewardModel); model && model->kind == "reward")
                return row.rewardModel;
    return {};
}

/// Scores of responses to some rows. The reward model is in memory only while it scores; one that cannot is told of
/// once and left out from then on.
SampleScore scoreBy(const Workspace& workspace, const std::string& rewardModel, std::vector<PreferencePair> rows)
{
    return [&workspace, rewardModel, rows = std::move(rows), failed = false](
               const std::vector<TokenIds>&, const std::vector<std::string>& texts) mutable {
        if (failed)
            return std::vector<double>();
        try {
            return scoresOfAnswers(workspace, workspace.rewardModel(rewardModel), rows, texts);
        } catch (const std::exception& error) {
            if (workspace.stop().stop_requested())
                return std::vector<double>();
            failed = true;
            workspace.warning(fmt::format("Samples are shown without scores: {}", error.what()));
            return std::vector<double>();
        }
    };
}

} // namespace

std::string gapScoresFor(const Project& project, const TrainStage& command)
{
    if (command.stage != StageKind::Dpo)
        return {};
    if (command.split.empty())
        return newestScores(project, command.data);
    const std::string ofSplit = project.loadSplit(command.split).scoreSet;
    const std::vector<ScoreSetRow> sets = project.scoreSets();
    return std::any_of(sets.begin(), sets.end(), [&](const ScoreSetRow& row) { return row.name == ofSplit; })
        ? ofSplit
        : std::string();
}

DpoWatch dpoWatch(const Workspace& workspace, const TrainStage& command, std::span<const TokenizedPair> pairs,
    const std::string& scoreSet)
{
    const Project& project = workspace.project();
    DpoWatch watch;
    if (!scoreSet.empty()) {
        const std::vector<double> gaps = gapsOfRows(project, command, scoreSet);
        for (const TokenizedPair& pair : pairs)
            watch.gaps.push_back(std::size_t(pair.index) < gaps.size() ? gaps[std::size_t(pair.index)] : kUnknown);
    }

    // Held-out prompts where there are some.
    const Settings& settings = command.settings;
    const HeldOut held
        = holdOut(std::int64_t(pairs.size()), settings.real("eval_share"), std::uint64_t(settings.integer("seed")));
    std::vector<std::int64_t> from = held.evaluation.empty() ? held.train : held.evaluation;
    std::erase_if(from, [&](std::int64_t pair) { return pairs[std::size_t(pair)].prompt.empty(); });
    std::map<std::int64_t, std::size_t> places; // of rows in the data
    for (const std::int64_t number : sampleNumbers(std::int64_t(from.size()), settings.integer("sample_prompts"))) {
        const std::int64_t pair = from[std::size_t(number)];
        places[pairs[std::size_t(pair)].index] = watch.samplePairs.size();
        watch.samplePairs.push_back(pair);
    }
    const std::string rewardModel = rewardModelOf(project, scoreSet);
    if (places.empty() || rewardModel.empty())
        return watch;
    std::vector<PreferencePair> rows(watch.samplePairs.size());
    bool texts = true;
    trainingRows(workspace, command).each([&](std::int64_t number, const PreferencePair& row) {
        if (const auto place = places.find(number); place != places.end()) {
            rows[place->second] = row;
            texts = texts && !row.hasIds();
        }
        return number < places.rbegin()->first;
    });
    if (texts)
        watch.sampleScore = scoreBy(workspace, rewardModel, std::move(rows));
    return watch;
}

} // namespace mpo

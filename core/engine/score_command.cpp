// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace mpo {

namespace {

/// Puts scores of tokenised pairs in their places in the data set.
void place(std::vector<PairScore>& scores, std::span<const TokenizedPair> pairs, const std::vector<PairScore>& some)
{
    for (std::size_t i = 0; i < pairs.size(); ++i)
        scores[std::size_t(pairs[i].index)] = some[i];
}

} // namespace

void scoreCommand(const Workspace& workspace, const ScorePairs& command)
{
    Project& project = workspace.project();
    const Dataset data = workspace.data(command.data, command.limit);
    if (data.kind != DatasetKind::Pairs)
        fail("{}: only preference pairs can be scored", command.data);
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    auto scores = std::make_shared<std::vector<PairScore>>(data.pairs.size(), PairScore {nan, nan});

    ScoreSetRow row;
    row.dataset = command.data;
    row.pairs = std::int64_t(data.pairs.size());
    row.heldOut = command.folds >= 2;
    row.rewardModel = command.folds >= 2 ? fmt::format("{}-fold", command.folds) : command.rewardModel;
    row.name = command.name.empty() ? project.freeName(std::filesystem::path(command.data).stem().string() + "-scores")
                                    : command.name;
    row.created = nowUtc();

    if (command.folds < 2) {
        const Model reward = workspace.model(command.rewardModel);
        if (!reward.isReward())
            fail("{}: this is a language model, not a reward model; train one with `mpo train reward`",
                command.rewardModel);
        reward.trunk->computeType = computeTypeFromName(command.settings.text("dtype"));
        const auto pairs = tokenizeFor(workspace, data, reward, 0, Truncation::DropLong);
        place(*scores, pairs, scorePairs(reward, pairs, workspace.context(command.settings)));
    } else {
        // Each pair is scored by a reward model that was trained on the other folds.
        const Model base = workspace.model(command.model);
        const auto pairs
            = tokenizeFor(workspace, data, base, command.settings.integer("max_length"), Truncation::DropLong);
        if (std::int64_t(pairs.size()) < command.folds)
            fail("{}: {} pairs cannot be divided into {} folds", command.data, pairs.size(), command.folds);
        std::vector<std::size_t> order(pairs.size());
        std::iota(order.begin(), order.end(), std::size_t(0));
        const auto seed = std::uint64_t(command.settings.integer("seed"));
        RandomStream(seed, "folds").shuffle(order);
        for (int fold = 0; fold < command.folds && !workspace.stopped(); ++fold) {
            std::vector<TokenizedPair> inside, outside;
            for (std::size_t i = 0; i < order.size(); ++i)
                (int(i % std::size_t(command.folds)) == fold ? inside : outside).push_back(pairs[order[i]]);
            Model reward = base.isReward() ? cloneModel(base) : rewardModelFrom(base, seed);
            Json config {{"model", command.model}, {"data", command.data}, {"fold", fold + 1}, {"folds", command.folds},
                {"settings", command.settings.toJson()}};
            workspace.run({"reward", fmt::format("{} fold {}", row.name, fold + 1), config,
                              {command.model, command.data}, command.settings, {}},
                [&](const StageContext& context) { return trainReward(reward, outside, context); });
            place(*scores, inside, scorePairs(reward, inside, workspace.context(command.settings)));
        }
    }
    if (workspace.stopped())
        fail("Scoring was stopped; nothing was stored");
    if (project.access() == Project::Access::ReadWrite && project.dataset(command.data))
        project.addScoreSet(row, *scores);
    workspace.send(PairsScored {row.name, scores});
}

} // namespace mpo

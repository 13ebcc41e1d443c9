// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/session_prompts.h"

#include "core/data/response_file.h"
#include "core/engine/newest_scores.h"
#include "core/engine/session_sources.h"
#include "core/engine/workspace.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace mpo {

namespace {

/// As drawRows(), but equally many (one more or less) of each of `strata` groups of about equally many pairs by rising
/// reward gap. Pairs without a score are in none.
std::vector<std::int64_t> drawByGap(
    const Workspace& workspace, const Dataset& data, const CreateEvaluation& command, const EligibleRow& eligible)
{
    const std::string newest = newestScores(workspace.project(), command.data);
    if (newest.empty())
        fail("{}: has no reward gaps in this project to draw by; score it first (`mpo score`), or draw without strata",
            command.data);
    std::vector<std::pair<double, std::int64_t>> byGap;
    const std::vector<PairScore> scores = workspace.project().loadScores(newest);
    for (std::size_t i = 0; i < std::min(scores.size(), data.pairs.size()); ++i)
        if (std::isfinite(scores[i].gap()) && (!eligible || eligible(std::int64_t(i))))
            byGap.emplace_back(scores[i].gap(), std::int64_t(i));
    std::sort(byGap.begin(), byGap.end());
    const auto strata = std::size_t(command.gapStrata);
    if (byGap.size() < strata)
        fail("{}: only {} of its pairs have a score, too few for {} strata", command.data, byGap.size(), strata);
    const std::size_t wanted = std::min(std::size_t(command.prompts), byGap.size());
    RandomStream random(command.seed, "evaluation strata");
    std::vector<std::int64_t> order;
    for (std::size_t stratum = 0; stratum < strata; ++stratum) {
        std::vector<std::int64_t> members;
        for (std::size_t i = byGap.size() * stratum / strata; i < byGap.size() * (stratum + 1) / strata; ++i)
            members.push_back(byGap[i].second);
        random.shuffle(members);
        members.resize(std::min(members.size(), wanted * (stratum + 1) / strata - wanted * stratum / strata));
        order.insert(order.end(), members.begin(), members.end());
    }
    return order;
}

} // namespace

std::vector<std::int64_t> drawRows(
    const Dataset& data, std::int64_t count, std::uint64_t seed, const char* purpose, const EligibleRow& eligible)
{
    std::vector<std::int64_t> order(data.pairs.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed, purpose).shuffle(order);
    if (eligible)
        std::erase_if(order, [&](std::int64_t row) { return !eligible(row); });
    order.resize(std::size_t(std::min<std::int64_t>(count, std::int64_t(order.size()))));
    return order;
}

std::vector<std::int64_t> drawPrompts(
    const Workspace& workspace, const Dataset& data, const CreateEvaluation& command, const EligibleRow& eligible)
{
    return command.gapStrata >= 2 ? drawByGap(workspace, data, command, eligible)
                                  : drawRows(data, command.prompts, command.seed, "evaluation prompts", eligible);
}

/// Prompts that the session draws from: of the data set, else those of the files.
Dataset promptsFor(const Workspace& workspace, const CreateEvaluation& command, std::span<const SessionSource> sources)
{
    if (!command.data.empty())
        return workspace.data(command.data);
    Dataset prompts {"", DatasetKind::Prompts, {}};
    std::set<std::string> seen;
    for (const SessionSource& source : sources)
        for (const PreferencePair& prompt : source.prompts)
            if (seen.insert(promptKey(prompt)).second)
                prompts.pairs.push_back(prompt);
    if (prompts.pairs.empty())
        fail("Models need prompts to answer; name a data set or file that has them (--data)");
    return prompts;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/source_ranking.h"

#include "core/evaluation/holm.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>

namespace mpo {

SourceRanking rankSources(std::span<const RankedSession> sessions, const BootstrapOptions& bootstrap)
{
    SourceRanking ranking;
    std::map<std::string, int> numbers;
    std::map<std::string, std::int64_t> prompts;
    for (const RankedSession& session : sessions)
        for (const std::string& source : {session.first, session.second})
            if (numbers.emplace(source, int(numbers.size())).second)
                ranking.sources.push_back(source);
    std::vector<Contest> contests;
    std::vector<double> p;
    for (const RankedSession& session : sessions) {
        assert(session.prompts.size() == session.points.size());
        SourceRanking::Comparison comparison {session.name, session.first, session.second, {}, 1.0, 1.0};
        for (std::size_t i = 0; i < session.prompts.size(); ++i) {
            if (!session.points[i])
                continue;
            // As in the session's own report: the mean of several verdicts decides.
            const double points = *session.points[i] > 0.5 ? 1.0 : *session.points[i] < 0.5 ? 0.0 : 0.5;
            ++(points > 0.5 ? comparison.tally.wins : points < 0.5 ? comparison.tally.losses : comparison.tally.ties);
            const auto prompt = prompts.emplace(session.prompts[i], std::int64_t(prompts.size())).first->second;
            if (session.first != session.second)
                contests.push_back({numbers[session.first], numbers[session.second], points, prompt});
        }
        comparison.p = signTest(comparison.tally);
        p.push_back(comparison.p);
        ranking.comparisons.push_back(std::move(comparison));
    }
    const std::vector<double> adjusted = holmAdjusted(p);
    for (std::size_t i = 0; i < adjusted.size(); ++i)
        ranking.comparisons[i].adjusted = adjusted[i];
    if (ranking.sources.empty())
        return ranking;

    const auto count = int(ranking.sources.size());
    const Strengths first = fitStrengths(count, contests);
    std::vector<std::size_t> order(ranking.sources.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(),
        [&](std::size_t a, std::size_t b) { return first.logStrength[a] > first.logStrength[b]; });
    std::vector<int> rank(order.size());
    std::vector<std::string> sorted;
    for (std::size_t i = 0; i < order.size(); ++i) {
        rank[order[i]] = int(i);
        sorted.push_back(ranking.sources[order[i]]);
    }
    ranking.sources = std::move(sorted);
    for (Contest& contest : contests) {
        contest.first = rank[std::size_t(contest.first)];
        contest.second = rank[std::size_t(contest.second)];
    }
    ranking.bradleyTerry = strengthTable(count, contests, {}, bootstrap);
    ranking.davidson = strengthTable(count, contests, {StrengthOptions::Ties::Davidson}, bootstrap);
    return ranking;
}

} // namespace mpo

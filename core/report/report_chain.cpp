// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/report_chain.h"

#include "core/support/error.h"

#include <algorithm>
#include <set>

namespace mpo {

namespace {

bool isTraining(const RunRow& run)
{
    return run.stage == "sft" || run.stage == "reward" || run.stage == "dpo" || run.stage == "ppo";
}

/// A reward model of one fold, which lives only as long as the scoring: "NAME fold 2".
bool isFoldOf(const RunRow& run, const std::string& scores)
{
    return run.stage == "reward" && run.name.starts_with(scores + " fold ");
}

std::int64_t newestOf(const std::vector<RunRow>& runs)
{
    for (const bool onlyPpo : {true, false})
        for (const RunRow& run : runs) // newest first
            if (run.state == RunState::Finished && isTraining(run) && (!onlyPpo || run.stage == "ppo"))
                return run.id;
    return 0;
}

} // namespace

ReportChain reportChain(const Project& project, std::int64_t run)
{
    const std::vector<RunRow> runs = project.runs();
    ReportChain chain;
    chain.run = run != 0 ? run : newestOf(runs);
    if (chain.run == 0)
        return chain;
    chain.lineage = lineageOfRun(project, chain.run);
    // What was made from the last run is no part of the way to it.
    std::set<std::int64_t> ids;
    std::set<std::string> scores, splits;
    const int last = chain.lineage.nodes[std::size_t(chain.lineage.focus)].column;
    for (const LineageNode& node : chain.lineage.nodes) {
        if (node.column > last)
            continue;
        if (node.run != 0)
            ids.insert(node.run);
        if (node.present && node.kind == LineageKind::Scores)
            scores.insert(node.name);
        if (node.present && node.kind == LineageKind::Split)
            splits.insert(node.name);
    }
    for (const ScoreSetRow& row : project.scoreSets())
        if (scores.contains(row.name))
            chain.scoreSets.push_back(row);
    for (const SplitRow& row : project.splits())
        if (splits.contains(row.name))
            chain.splits.push_back(row);
    for (auto one = runs.rbegin(); one != runs.rend(); ++one)
        if (ids.contains(one->id)
            || std::any_of(scores.begin(), scores.end(), [&](const std::string& name) { return isFoldOf(*one, name); }))
            chain.runs.push_back(*one);
    return chain;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/split_name.h"

#include "core/store/project.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

namespace mpo {

bool makesAgain(const SplitPairs& command, const SplitRow& row, std::int64_t revision)
{
    const SplitRule &a = command.rule, &b = row.split.rule;
    return command.data == row.dataset && command.scoreSet == row.scoreSet && a.by == b.by && a.value == b.value
        && a.absolute == b.absolute && a.contradictory == b.contradictory && (!a.contradictory || a.action == b.action)
        && (command.edits == kLatestEdits ? revision : command.edits) == row.split.edits;
}

std::string splitText(const SplitRow& row)
{
    const SplitRule& rule = row.split.rule;
    const SplitCounts counts = row.split.counts();
    const std::string by = rule.by == SplitRule::By::Gap ? fmt::format("gap above {:.4g}", rule.value)
        : rule.by == SplitRule::By::Confidence           ? fmt::format("confidence above {:.4g}", rule.value)
                                                         : fmt::format("the easy {:.4g} %", 100.0 * rule.value);
    return fmt::format("{} by {}: {} easy, {} hard", by, row.scoreSet, grouped(counts.easy), grouped(counts.hard));
}

void requireNotReplacing(const Project& project, const SplitPairs& command)
{
    for (const SplitRow& row : project.splits())
        if (row.name == command.name
            && !makesAgain(command, row, std::int64_t(project.pairEditLog(row.dataset).size())))
            fail("{} is a split already ({}); give another --name, or --replace", row.name, splitText(row));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/compare_scores.h"

#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/split_rule_options.h"
#include "core/data/score_comparison.h"
#include "core/data/score_gaps.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace mpo::cli {

namespace {

constexpr std::array kBuckets {"easy", "hard", "contradictory"};

struct CompareArguments
{
    std::string a, b;
    std::int64_t limit = 0;
};

int listScores(const GlobalOptions& global)
{
    const auto project = openProjectToShow(global);
    std::vector<std::vector<std::string>> table {{"scores", "data", "by", "held out", "pairs", "made"}};
    for (const ScoreSetRow& row : project->scoreSets()) {
        if (global.json)
            writeLine(toLine({{"name", row.name}, {"data", row.dataset}, {"reward_model", row.rewardModel},
                {"held_out", row.heldOut}, {"pairs", row.pairs}, {"created", row.created}}));
        table.push_back(
            {row.name, row.dataset, row.rewardModel, row.heldOut ? "yes" : "no", grouped(row.pairs), row.created});
    }
    if (!global.json)
        writeTable(table);
    return 0;
}

ScoreSetRow requireScores(const Project& project, const std::string& name)
{
    for (const ScoreSetRow& row : project.scoreSets())
        if (row.name == name)
            return row;
    fail("There are no scores \"{}\"; `mpo scores list` shows what there is", name);
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

int compare(const GlobalOptions& global, const CompareArguments& given, const SplitRule& rule, std::int64_t revision)
{
    const auto project = openProjectToShow(global);
    const ScoreSetRow rowA = requireScores(*project, given.a), rowB = requireScores(*project, given.b);
    if (rowA.dataset != rowB.dataset)
        fail("{} are scores of {}, {} of {}; only two scorings of the same data set can be compared", rowA.name,
            rowA.dataset, rowB.name, rowB.dataset);
    PairEdits edits;
    if (revision != 0)
        edits = project->pairEdits(rowA.dataset, revision == kLatestEdits ? std::nullopt : std::optional(revision));
    std::vector<double> a = editedGaps(gapsOf(project->loadScores(given.a)), edits),
                        b = editedGaps(gapsOf(project->loadScores(given.b)), edits);
    const std::size_t common = std::min(a.size(), b.size()); // a limited scoring has the first pairs
    a.resize(common);
    b.resize(common);
    const GapAgreement agreement = compareGaps(a, b);
    if (agreement.pairs == 0)
        fail("{} and {} have no pair in common that both could score", given.a, given.b);
    // By an easy share each has a threshold of its own.
    const double thresholdA = splitPairs(a, rule).threshold, thresholdB = splitPairs(b, rule).threshold;
    const BucketTable buckets = compareBuckets(a, b, rule, thresholdA, thresholdB);
    std::vector<std::int64_t> pairs = disagreeingPairs(a, b);
    pairs.resize(std::min(pairs.size(), std::size_t(given.limit)));

    if (global.json) {
        Json table = Json::object();
        for (std::size_t i = 0; i < kBuckets.size(); ++i)
            for (std::size_t j = 0; j < kBuckets.size(); ++j)
                table[kBuckets[i]][kBuckets[j]] = buckets.counts[i][j];
        const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
        Json line {{"a", given.a}, {"b", given.b}, {"pairs", agreement.pairs}, {"pearson", number(agreement.pearson)},
            {"spearman", number(agreement.spearman)}, {"accuracy_a", agreement.accuracyA},
            {"accuracy_b", agreement.accuracyB}, {"alike", agreement.alike}, {"disagreeing", agreement.disagreeing},
            {"threshold_a", thresholdA}, {"threshold_b", thresholdB}, {"buckets", table},
            {"changed", buckets.changed()}};
        if (given.limit > 0) {
            line["disagreeing_pairs"] = Json::array();
            for (const std::int64_t pair : pairs)
                line["disagreeing_pairs"].push_back(
                    {{"pair", pair + 1}, {"gap_a", a[std::size_t(pair)]}, {"gap_b", b[std::size_t(pair)]}});
        }
        writeLine(toLine(line));
        return 0;
    }
    const auto n = double(agreement.pairs);
    writeFields({{"data", rowA.dataset}, {"A", fmt::format("{} (by {})", given.a, rowA.rewardModel)},
        {"B", fmt::format("{} (by {})", given.b, rowB.rewardModel)},
        {"pairs with both scores", grouped(agreement.pairs)},
        {"correlation", fmt::format("{:.3f} (of ranks {:.3f})", agreement.pearson, agreement.spearman)},
        {"accuracy of A", percent(agreement.accuracyA)}, {"accuracy of B", percent(agreement.accuracyB)},
        {"both order alike", percent(agreement.alike)},
        {"order differently",
            fmt::format("{} ({})", grouped(agreement.disagreeing), percent(double(agreement.disagreeing) / n))},
        {"threshold",
            thresholdA == thresholdB
                ? shortNumber(thresholdA)
                : fmt::format("{} of A, {} of B", shortNumber(thresholdA), shortNumber(thresholdB))},
        {"change sides", fmt::format("{} ({})", grouped(buckets.changed()), percent(double(buckets.changed()) / n))}});
    writeLine("");
    std::vector<std::vector<std::string>> table {{"by A", "easy by B", "hard by B", "contradictory by B"}};
    for (std::size_t i = 0; i < kBuckets.size(); ++i)
        table.push_back(
            {kBuckets[i], grouped(buckets.counts[i][0]), grouped(buckets.counts[i][1]), grouped(buckets.counts[i][2])});
    if (!rule.contradictory) { // nobody asked for the third bucket
        table.pop_back();
        for (auto& row : table)
            row.pop_back();
    }
    writeTable(table);
    if (pairs.empty())
        return 0;
    writeLine("");
    std::vector<std::vector<std::string>> list {{"pair", "gap by A", "gap by B"}};
    for (const std::int64_t pair : pairs)
        list.push_back(
            {std::to_string(pair + 1), shortNumber(a[std::size_t(pair)]), shortNumber(b[std::size_t(pair)])});
    writeTable(list);
    return 0;
}

} // namespace

void addScoresCommands(CLI::App& app, Arguments& arguments)
{
    auto* scores = app.add_subcommand("scores", "What reward models say of the pairs");
    scores->require_subcommand(1);
    scores->add_subcommand("list", "Scores of the project")->callback([&arguments] { arguments.action = listScores; });
    auto* compared = scores->add_subcommand(
        "compare", "How far two scorings of a data set agree, and which pairs would change sides");
    auto given = std::make_shared<CompareArguments>();
    compared->add_option("A", given->a, "Scores of the project")->required();
    compared->add_option("B", given->b, "Other scores of the same data set")->required();
    auto options = std::make_shared<SplitRuleOptions>(*compared, /*required=*/false);
    compared->add_option("--limit", given->limit, "List the N pairs that they order most differently")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("N");
    compared->callback([given, options, &arguments] {
        const SplitRule rule = options->rule();
        const std::int64_t edits = options->edits();
        arguments.action
            = [given, rule, edits](const GlobalOptions& global) { return compare(global, *given, rule, edits); };
    });
}

} // namespace mpo::cli

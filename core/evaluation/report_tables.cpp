// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/report_tables.h"

#include "core/data/pair_export.h"
#include "core/evaluation/svg_chart.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

std::string rangeOf(const Interval& interval)
{
    return fmt::format("({:.1f} to {:.1f})", 100.0 * interval.low, 100.0 * interval.high);
}

std::string percentWith(double share, const Interval& interval) { return percent(share) + " " + rangeOf(interval); }

std::string numberWith(double value, const Interval& interval)
{
    return std::isnan(interval.low) ? fmt::format("{:.2f}", value)
                                    : fmt::format("{:.2f} ({:.2f} to {:.2f})", value, interval.low, interval.high);
}

std::string alphaText(const Alpha& alpha) { return alpha.value ? numberWith(*alpha.value, alpha.interval) : "-"; }

std::string countedWith(const CountedShare& share)
{
    return share.n == 0 ? "-"
                        : fmt::format("{} of {}: {}", share.hits, share.n, percentWith(share.share, share.interval));
}

std::string counts(const Tally& tally) { return fmt::format("{} / {} / {}", tally.wins, tally.ties, tally.losses); }

std::string missingPrompts(const SessionReport& report)
{
    if (!report.morePrompts)
        return "no difference was seen";
    return *report.morePrompts == 0 ? "none" : fmt::format("about {}", *report.morePrompts);
}

} // namespace

std::string annotatorName(const std::string& annotator) { return annotator.empty() ? "(no name)" : annotator; }

std::string queueReason(const QueuedItem& item)
{
    std::vector<std::string> who;
    for (const QueuedItem::Flag& flag : item.flags)
        who.push_back(annotatorName(flag.annotator) + (flag.comment.empty() ? "" : fmt::format(" ({})", flag.comment)));
    std::vector<std::string> reasons;
    if (item.disputed)
        reasons.emplace_back("disputed");
    if (!who.empty())
        reasons.push_back(fmt::format("flagged by {}", fmt::join(who, ", ")));
    if (!item.leak.empty())
        reasons.push_back(fmt::format("may tell its source (\"{}\")", item.leak));
    return fmt::format("{}", fmt::join(reasons, "; "));
}

std::string outcomeSentence(const SessionReport& report, const ReportSources& sources)
{
    const Tally& tally = report.tally;
    if (tally.total() == 0)
        return "Nothing was judged";
    if (tally.wins == tally.losses)
        return fmt::format("{} and {} are even", sources.a, sources.b);
    const bool a = tally.wins > tally.losses;
    return fmt::format(
        fmt::runtime(report.p < 0.05 ? "{} is preferred over {}" : "{} is ahead of {}, but not by enough to be sure"),
        a ? sources.a : sources.b, a ? sources.b : sources.a);
}

ReportTable outcomeTable(const SessionReport& report, const ReportSources& sources)
{
    ReportTable table;
    const auto add = [&](const char* name, std::string value) { table.rows.push_back({name, std::move(value)}); };
    add("A", sources.a);
    add("B", sources.b);
    add("prompts", fmt::format("{} of {} judged, {} identical", report.judged, report.prompts, report.identical));
    if (report.skippedByAll > 0)
        add("skipped by all", std::to_string(report.skippedByAll));
    add("A wins / ties / B wins", counts(report.tally));
    add("win rate of A, ties half, Wilson", percentWith(report.winRate, report.wilson));
    add("  bootstrap over prompts", rangeOf(report.bootstrap));
    add("win rate of A, no ties, Wilson", percentWith(report.winRateDecisive, report.wilsonDecisive));
    if (report.leaks > 0)
        add("  without prompts that may tell the source",
            fmt::format(
                "{}, {} left out", percentWith(report.winRateWithoutLeaks, report.wilsonWithoutLeaks), report.leaks));
    add("exact sign test", fmt::format("p = {:.3g}", report.p));
    add("power for a true 60 %", percent(report.power));
    add("more prompts for a decision", missingPrompts(report));
    if (const auto& length = report.length) {
        add("win rate of A, equal length", percentWith(length->winRate, length->interval));
        add("characters A / B, longer wins",
            fmt::format("{:.0f} / {:.0f}, {}", length->meanFirst, length->meanSecond, percent(length->longerWins)));
    }
    add("left chosen",
        fmt::format("{} of {}: {}", report.sides.left, report.sides.left + report.sides.right,
            percentWith(report.sides.leftShare, report.sides.interval)));
    add("  exact test against a half", fmt::format("p = {:.3g}", report.sides.p));
    if (report.scoreAgreement.n > 0)
        add("same winner as reward model", countedWith(report.scoreAgreement));
    if (!report.pairs.empty()) {
        add("Krippendorff's alpha, nominal", alphaText(report.nominal));
        add("Krippendorff's alpha, ordinal", alphaText(report.ordinal));
        for (const CriterionReport& one : report.criteria)
            add(("  of votes on " + one.criterion + ", ordinal").c_str(), alphaText(one.alpha));
        add("disputed items", std::to_string(report.disputed.size()));
    }
    if (const auto flagged = std::count_if(
            report.queue.begin(), report.queue.end(), [](const QueuedItem& item) { return !item.flags.empty(); });
        flagged > 0)
        add("flagged items", std::to_string(flagged));
    if (report.firstStrength != report.secondStrength || report.firstStrength != decltype(report.firstStrength) {})
        add("A / B slightly, clearly, much better",
            fmt::format("{} / {}", fmt::join(report.firstStrength, ", "), fmt::join(report.secondStrength, ", ")));
    return table;
}

ReportTable judgeTable(const SessionReport& report)
{
    ReportTable table {
        {"judge", "judged", "A / tie / B", "win rate of A", "left chosen", "same again", "gold right", "seconds"}, {},
        "Judges"};
    for (const JudgeReport& judge : report.judges)
        table.rows.push_back({annotatorName(judge.annotator), std::to_string(judge.judged), counts(judge.tally),
            percentWith(judge.winRate, judge.interval),
            fmt::format("{:.0f} % (p = {:.2g})", 100.0 * judge.sides.leftShare, judge.sides.p),
            judge.repeats.repeated > 0 ? fmt::format("{} of {}", judge.repeats.same, judge.repeats.repeated) : "-",
            judge.gold.n > 0 ? fmt::format("{} of {}", judge.gold.hits, judge.gold.n) : "-",
            fmt::format("{:.1f}", judge.medianSeconds)});
    return table;
}

ReportTable agreementTable(const SessionReport& report)
{
    ReportTable table {{"two judges", "items", "agreement", "kappa"}, {}, "Agreement of people, Cohen's kappa"};
    for (const RaterAgreement& pair : report.pairs)
        table.rows.push_back({annotatorName(report.judges[pair.first].annotator) + ", "
                + annotatorName(report.judges[pair.second].annotator),
            std::to_string(pair.items), pair.items > 0 ? percentWith(pair.share, pair.shareInterval) : "-",
            pair.items > 0 ? numberWith(pair.kappa, pair.kappaInterval) : "-"});
    return table;
}

ReportTable modelAgreementTable(const SessionReport& report)
{
    ReportTable table {{"judge against people", "same outcome", "kappa", "same winner"}, {}, "Models as judges"};
    for (const ModelAgreement& model : report.models) {
        table.rows.push_back({model.annotator, countedWith(model.same), numberWith(model.kappa, model.kappaInterval),
            countedWith(model.decisive)});
        for (const ModelCriterionAgreement& one : report.modelCriteria)
            if (one.annotator == model.annotator)
                table.rows.push_back(
                    {"  " + one.criterion, countedWith(one.same), numberWith(one.kappa, one.kappaInterval), "-"});
    }
    return table;
}

ReportTable criteriaTable(const SessionReport& report)
{
    ReportTable table {{"criterion", "A / tie / B", "win rate of A", "sign test", "after Holm", "as the verdict",
                           "kappa", "same winner"},
        {}, "By criterion, and how that goes with the verdict on the whole"};
    for (const CriterionReport& one : report.criteria)
        table.rows.push_back(
            {one.criterion, counts(one.tally), one.tally.total() > 0 ? percentWith(one.winRate, one.interval) : "-",
                fmt::format("{:.3g}", one.p), fmt::format("{:.3g}", one.adjusted), countedWith(one.asVerdict),
                one.asVerdict.n > 0 ? numberWith(one.kappa, one.kappaInterval) : "-",
                one.sameWinner.n > 0 ? fmt::format("{} of {}", one.sameWinner.hits, one.sameWinner.n) : "-"});
    return table;
}

ReportTable queueTable(const SessionReport& report, std::span<const std::string> prompts)
{
    constexpr std::size_t kPromptBytes = 60;
    ReportTable table {{"to look at again", "why", "prompt"}, {}, "Adjudication queue"};
    for (const QueuedItem& item : report.queue) {
        std::string prompt = promptLine(prompts[std::size_t(item.item)]);
        std::replace(prompt.begin(), prompt.end(), '\n', ' ');
        table.rows.push_back({fmt::format("item {}", item.item + 1), toPrintable(queueReason(item)),
            toPrintable(shortened(prompt, kPromptBytes))});
    }
    return table;
}

ReportTable gapTable(const SessionReport& report)
{
    ReportTable table {{"reward gap", "A / tie / B", "win rate of A", "as reward model"}, {},
        "By the reward gap of the prompt's pair"};
    for (const GapGroup& group : report.gapGroups)
        table.rows.push_back({fmt::format("{:.2f} to {:.2f}", group.low, group.high), counts(group.tally),
            percentWith(winRate(group.tally), group.interval),
            group.agreement.n > 0 ? fmt::format("{} of {}", group.agreement.hits, group.agreement.n) : "-"});
    return table;
}

ReportTable ratingTable(const SourceRanking& ranking)
{
    const auto rating = [](double strength) { return fmt::format("{:.0f}", ratingOf(strength)); };
    const auto between
        = [&](const Interval& interval) { return rating(interval.low) + " to " + rating(interval.high); };
    ReportTable table {{"source", "rating", "95 %", "Davidson", "95 %", "wins against the others"}, {}, {}};
    for (std::size_t i = 0; i < ranking.sources.size(); ++i)
        table.rows.push_back({ranking.sources[i], rating(ranking.bradleyTerry.fit.logStrength[i]),
            between(ranking.bradleyTerry.intervals[i]), rating(ranking.davidson.fit.logStrength[i]),
            between(ranking.davidson.intervals[i]), percent(ranking.bradleyTerry.winRate[i])});
    return table;
}

ReportTable testTable(const SourceRanking& ranking)
{
    ReportTable table {{"session", "A / tie / B", "sign test", "after Holm"}, {}, {}};
    for (const SourceRanking::Comparison& one : ranking.comparisons)
        table.rows.push_back(
            {one.session, counts(one.tally), fmt::format("{:.3g}", one.p), fmt::format("{:.3g}", one.adjusted)});
    return table;
}

std::string sessionChartSvg(const SessionReport& report, const ReportSources& sources)
{
    BarChart chart;
    chart.frame.title = fmt::format("Win rate of {} against {}", sources.a, sources.b);
    chart.frame.yLabel = "win rate";
    chart.reference = 0.5;
    if (report.tally.total() > 0)
        chart.bars.push_back({"ties half", report.winRate, report.wilson});
    if (report.tally.decisive() > 0)
        chart.bars.push_back({"no ties", report.winRateDecisive, report.wilsonDecisive});
    if (report.length)
        chart.bars.push_back({"equal length", report.length->winRate, report.length->interval});
    for (const GapGroup& group : report.gapGroups)
        chart.bars.push_back(
            {fmt::format("gap {:.2g} to {:.2g}", group.low, group.high), winRate(group.tally), group.interval});
    return barChartSvg(chart);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/session_report.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

namespace mpo {

namespace {

bool isModel(const std::string& annotator) { return annotator.starts_with(kModelJudgePrefix); }

/// For the first source: 1 won, 0 tie, -1 lost; nothing for a skipped item.
std::optional<int> outcomeOf(const ReportItem& item, const ReportJudgment& judgment)
{
    if (item.identical)
        return 0;
    switch (judgment.verdict) {
    case Verdict::Skip:
        return std::nullopt;
    case Verdict::Tie:
    case Verdict::BothBad:
        return 0;
    case Verdict::Left:
    case Verdict::Right:
        break;
    }
    return (judgment.verdict == Verdict::Left) == judgment.firstWasLeft ? 1 : -1;
}

bool isDecisive(Verdict verdict) { return verdict == Verdict::Left || verdict == Verdict::Right; }

double median(std::vector<double> values)
{
    if (values.empty())
        return 0.0;
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

void count(Tally& tally, double difference)
{
    ++(difference > 0.0 ? tally.wins : difference < 0.0 ? tally.losses : tally.ties);
}

/// The judgments of one annotator, by item.
using Answers = std::map<std::int64_t, const ReportJudgment*>;

JudgeReport judgeReport(
    const std::string& annotator, const Answers& answers, std::span<const ReportItem> items, double level)
{
    JudgeReport report;
    report.annotator = annotator;
    report.isModel = isModel(annotator);
    std::int64_t left = 0, right = 0, goldRight = 0, goldAnswered = 0;
    std::vector<std::pair<int, int>> repeated;
    std::vector<double> seconds;
    for (const auto& [number, judgment] : answers) {
        const ReportItem& item = items[std::size_t(number)];
        const auto outcome = outcomeOf(item, *judgment);
        if (!item.identical && isDecisive(judgment->verdict))
            ++(judgment->verdict == Verdict::Left ? left : right);
        if (!item.identical && outcome)
            seconds.push_back(judgment->seconds);
        if (item.kind == ItemKind::Gold && outcome) {
            ++goldAnswered;
            goldRight += *outcome == 1 ? 1 : 0;
        } else if (item.kind == ItemKind::Repeat && outcome) {
            if (const auto first = answers.find(item.repeatOf); first != answers.end())
                if (const auto before = outcomeOf(items[std::size_t(item.repeatOf)], *first->second))
                    repeated.emplace_back(*before, *outcome);
        } else if (item.kind == ItemKind::Ordinary) {
            if (outcome) {
                ++report.judged;
                count(report.tally, *outcome);
                report.bothBad += !item.identical && judgment->verdict == Verdict::BothBad ? 1 : 0;
            } else {
                ++report.skipped;
            }
        }
    }
    report.winRate = winRate(report.tally);
    report.interval = wilsonInterval(report.winRate, report.tally.total(), zOfLevel(level));
    report.sides = sideBias(left, right, level);
    report.repeats = consistency(repeated, level);
    report.gold = countedShare(goldRight, goldAnswered, level);
    report.medianSeconds = median(std::move(seconds));
    return report;
}

int signOf(double points) { return points > 0.5 ? 1 : points < 0.5 ? -1 : 0; }

ModelAgreement modelAgreement(const std::string& annotator, const Answers& answers,
    const std::vector<std::optional<double>>& points, std::span<const ReportItem> items, const ReportOptions& options)
{
    Ratings both(2);
    std::int64_t same = 0, decisive = 0, sameWinner = 0;
    for (const auto& [number, judgment] : answers) {
        const auto at = std::size_t(number);
        const auto outcome = outcomeOf(items[at], *judgment);
        if (!outcome || !points[at])
            continue;
        const int people = signOf(*points[at]);
        both[0].push_back(people);
        both[1].push_back(outcome);
        same += people == *outcome ? 1 : 0;
        decisive += people != 0 && *outcome != 0 ? 1 : 0;
        sameWinner += people != 0 && people == *outcome ? 1 : 0;
    }
    const RaterAgreement agreement = raterAgreements(both, options.bootstrap).front();
    const double level = options.bootstrap.level;
    return {annotator, countedShare(same, agreement.items, level), agreement.kappa, agreement.kappaInterval,
        countedShare(sameWinner, decisive, level)};
}

std::map<std::string, Answers> byAnnotator(std::span<const ReportItem> items, std::span<const ReportJudgment> judgments)
{
    std::map<std::string, Answers> all;
    for (const ReportJudgment& judgment : judgments) {
        assert(judgment.item >= 0 && judgment.item < std::int64_t(items.size()));
        all[judgment.annotator][judgment.item] = &judgment;
    }
    return all;
}

bool onlyModels(const std::map<std::string, Answers>& answers)
{
    return std::all_of(answers.begin(), answers.end(), [](const auto& one) { return isModel(one.first); });
}

std::vector<std::optional<double>> decided(const std::map<std::string, Answers>& all, std::span<const ReportItem> items)
{
    const bool models = onlyModels(all);
    std::vector<double> sums(items.size(), 0.0), counts(items.size(), 0.0);
    for (const auto& [annotator, answers] : all) {
        if (isModel(annotator) != models)
            continue;
        for (const auto& [number, judgment] : answers) {
            const auto at = std::size_t(number);
            const auto outcome = outcomeOf(items[at], *judgment);
            if (items[at].kind != ItemKind::Ordinary || !outcome)
                continue;
            sums[at] += 0.5 + 0.5 * double(*outcome);
            counts[at] += 1.0;
        }
    }
    std::vector<std::optional<double>> points(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
        if (counts[i] > 0.0)
            points[i] = sums[i] / counts[i];
    return points;
}

/// For the first source, on one criterion: 1 better, 0 tie, -1 worse; nothing without a vote. Who skipped an item said
/// nothing of it; identical responses have no votes.
std::optional<int> voteOf(const std::string& criterion, const ReportItem& item, const ReportJudgment& judgment)
{
    if (judgment.verdict == Verdict::Skip || item.kind != ItemKind::Ordinary)
        return std::nullopt;
    const auto vote = std::ranges::find(judgment.votes, criterion, &CriterionVote::criterion);
    if (vote == judgment.votes.end())
        return std::nullopt;
    return !isDecisive(vote->verdict) ? 0 : (vote->verdict == Verdict::Left) == judgment.firstWasLeft ? 1 : -1;
}

/// Votes of people, or of `models`, on one criterion.
CriterionPoints pointsBy(const std::string& criterion, bool models, const std::map<std::string, Answers>& all,
    std::span<const ReportItem> items)
{
    std::vector<double> sums(items.size(), 0.0), counts(items.size(), 0.0);
    CriterionPoints result {criterion, std::vector<std::optional<double>>(items.size())};
    for (const auto& [annotator, answers] : all) {
        if (isModel(annotator) != models)
            continue;
        result.votes.emplace_back(items.size());
        for (const auto& [number, judgment] : answers) {
            const auto at = std::size_t(number);
            const auto vote = voteOf(criterion, items[at], *judgment);
            if (!vote)
                continue;
            result.votes.back()[at] = vote;
            sums[at] += 0.5 + 0.5 * double(*vote);
            counts[at] += 1.0;
        }
    }
    for (std::size_t i = 0; i < items.size(); ++i)
        if (counts[i] > 0.0)
            result.points[i] = sums[i] / counts[i];
    return result;
}

/// Nothing where the model has voted on nothing that people have.
std::optional<ModelCriterionAgreement> modelCriterion(const std::string& annotator, const Answers& answers,
    const CriterionPoints& people, std::span<const ReportItem> items, const BootstrapOptions& bootstrap)
{
    Ratings both(2);
    std::int64_t same = 0;
    for (const auto& [number, judgment] : answers) {
        const auto at = std::size_t(number);
        const auto vote = voteOf(people.criterion, items[at], *judgment);
        if (!vote || !people.points[at])
            continue;
        both[0].push_back(signOf(*people.points[at]));
        both[1].push_back(vote);
        same += both[0].back() == vote ? 1 : 0;
    }
    if (both[0].empty())
        return std::nullopt;
    const RaterAgreement agreement = raterAgreements(both, bootstrap).front();
    return ModelCriterionAgreement {annotator, people.criterion, countedShare(same, agreement.items, bootstrap.level),
        agreement.kappa, agreement.kappaInterval};
}

void countStrengths(SessionReport& report, std::span<const ReportItem> items, std::span<const ReportJudgment> judgments)
{
    for (const ReportJudgment& judgment : judgments) {
        const ReportItem& item = items[std::size_t(judgment.item)];
        const auto outcome = outcomeOf(item, judgment);
        if (isModel(judgment.annotator) || item.kind != ItemKind::Ordinary || !judgment.strength || !outcome
            || *outcome == 0)
            continue;
        auto& counts = *outcome > 0 ? report.firstStrength : report.secondStrength;
        for (std::size_t i = 0; i < kStrengths.size(); ++i)
            counts[i] += *judgment.strength == double(kStrengths[i]) ? 1 : 0;
    }
}

/// REQUIRES report.disputed.
std::vector<QueuedItem> queueOf(
    const SessionReport& report, std::span<const ReportItem> items, std::span<const ReportJudgment> judgments)
{
    std::map<std::int64_t, QueuedItem> queue;
    for (const std::int64_t item : report.disputed)
        queue[item] = {item, true, {}, {}};
    for (const ReportJudgment& judgment : judgments)
        if (judgment.flagged) {
            QueuedItem& item = queue[judgment.item];
            item.item = judgment.item;
            item.flags.push_back({judgment.annotator, judgment.comment});
        }
    std::vector<QueuedItem> list;
    for (std::size_t i = 0; i < items.size(); ++i)
        if (items[i].kind == ItemKind::Ordinary && !items[i].leak.empty()) {
            QueuedItem& item = queue[std::int64_t(i)];
            item.item = std::int64_t(i);
            item.leak = items[i].leak;
        }
    for (auto& [number, item] : queue)
        list.push_back(std::move(item));
    return list;
}

} // namespace

std::vector<std::optional<double>> decidedPoints(
    std::span<const ReportItem> items, std::span<const ReportJudgment> judgments)
{
    return decided(byAnnotator(items, judgments), items);
}

CriterionPoints criterionPoints(
    const std::string& criterion, std::span<const ReportItem> items, std::span<const ReportJudgment> judgments)
{
    const auto all = byAnnotator(items, judgments);
    return pointsBy(criterion, onlyModels(all), all, items);
}

SessionReport sessionReport(
    std::span<const ReportItem> items, std::span<const ReportJudgment> judgments, const ReportOptions& options)
{
    const double level = options.bootstrap.level, z = zOfLevel(level);
    const auto answers = byAnnotator(items, judgments);
    SessionReport report;
    report.level = level;
    report.fromModels = !answers.empty() && onlyModels(answers);

    // 1. The outcome of each prompt.
    const auto points = decided(answers, items);
    std::vector<double> outcomes, differing, firstLengths, secondLengths;
    std::vector<GapOutcome> gapOutcomes;
    std::size_t withGap = 0;
    Tally withoutLeaks;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].kind != ItemKind::Ordinary)
            continue;
        ++report.prompts;
        if (!points[i])
            continue;
        ++report.judged;
        report.identical += items[i].identical ? 1 : 0;
        const double outcome = 0.5 + 0.5 * signOf(*points[i]);
        count(report.tally, outcome - 0.5);
        if (items[i].leak.empty())
            count(withoutLeaks, outcome - 0.5);
        else
            ++report.leaks;
        outcomes.push_back(outcome);
        if (!items[i].identical) {
            differing.push_back(outcome);
            firstLengths.push_back(items[i].firstLength);
            secondLengths.push_back(items[i].secondLength);
        }
        withGap += items[i].gap ? 1 : 0;
        gapOutcomes.push_back({items[i].gap.value_or(std::nan("")), outcome, items[i].scoreDifference});
    }

    // 2. Who won, and how sure that is.
    report.winRate = winRate(report.tally);
    report.wilson = wilsonInterval(report.winRate, report.tally.total(), z);
    report.winRateWithoutLeaks = winRate(withoutLeaks);
    report.wilsonWithoutLeaks = wilsonInterval(report.winRateWithoutLeaks, withoutLeaks.total(), z);
    report.bootstrap = outcomes.empty() ? Interval {} : bootstrapInterval(outcomes, options.bootstrap);
    report.winRateDecisive = winRate(report.tally, TiePolicy::Dropped);
    report.wilsonDecisive = wilsonInterval(report.winRateDecisive, report.tally.decisive(), z);
    report.netWin = report.judged > 0 ? double(report.tally.wins - report.tally.losses) / double(report.judged) : 0.0;
    report.p = signTest(report.tally);
    report.power = signTestPower(kPlannedWinRate, report.tally.decisive());
    report.morePrompts = morePrompts(report.tally);
    report.length = lengthAdjustment(differing, firstLengths, secondLengths, level);
    if (withGap >= kLeastForGaps)
        report.gapGroups = groupsByGap(gapOutcomes, options.gapGroups, level);
    report.scoreAgreement = agreementWithScores(gapOutcomes, level);

    // 3. Who judged.
    for (const bool models : {false, true})
        for (const auto& [annotator, its] : answers)
            if (isModel(annotator) == models)
                report.judges.push_back(judgeReport(annotator, its, items, level));
    std::int64_t left = 0, right = 0;
    for (const JudgeReport& judge : report.judges)
        if (judge.isModel == report.fromModels) {
            left += judge.sides.left;
            right += judge.sides.right;
        }
    report.sides = sideBias(left, right, level);

    // 4. How they agree.
    Ratings ratings;
    std::vector<int> lowest(items.size(), 2), highest(items.size(), -2);
    std::vector<char> touched(items.size(), 0);
    for (const JudgeReport& judge : report.judges) {
        if (judge.isModel)
            continue;
        ratings.emplace_back(items.size());
        for (const auto& [number, judgment] : answers.at(judge.annotator)) {
            const auto at = std::size_t(number);
            if (items[at].kind != ItemKind::Ordinary)
                continue;
            touched[at] = 1;
            if (items[at].identical) // a rule agrees with itself always
                continue;
            ratings.back()[at] = outcomeOf(items[at], *judgment);
            if (const auto outcome = ratings.back()[at]) {
                lowest[at] = std::min(lowest[at], *outcome);
                highest[at] = std::max(highest[at], *outcome);
            }
        }
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        report.skippedByAll += touched[i] != 0 && !points[i] ? 1 : 0;
        if (lowest[i] == -1 && highest[i] == 1)
            report.disputed.push_back(std::int64_t(i));
    }
    report.queue = queueOf(report, items, judgments);
    report.pairs = raterAgreements(ratings, options.bootstrap);
    report.nominal = alphaWithInterval(ratings, LabelScale::Nominal, options.bootstrap);
    report.ordinal = alphaWithInterval(ratings, LabelScale::Ordinal, options.bootstrap);
    if (!report.fromModels)
        for (const JudgeReport& judge : report.judges)
            if (judge.isModel)
                report.models.push_back(
                    modelAgreement(judge.annotator, answers.at(judge.annotator), points, items, options));

    // 5. What was said beside the verdicts.
    std::vector<CriterionPoints> criteria;
    for (const std::string& criterion : options.criteria)
        criteria.push_back(pointsBy(criterion, report.fromModels, answers, items));
    if (!report.fromModels)
        for (const JudgeReport& judge : report.judges)
            for (const CriterionPoints& people : criteria)
                if (judge.isModel)
                    if (auto one = modelCriterion(
                            judge.annotator, answers.at(judge.annotator), people, items, options.bootstrap))
                        report.modelCriteria.push_back(std::move(*one));
    report.criteria = criterionReports(criteria, points, options.bootstrap);
    countStrengths(report, items, judgments);
    return report;
}

} // namespace mpo

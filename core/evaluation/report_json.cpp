// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/report_json.h"

#include <cmath>

namespace mpo {

namespace {

Json pair(const Interval& interval)
{
    if (std::isnan(interval.low))
        return nullptr;
    return Json::array({interval.low, interval.high});
}

Json counted(const CountedShare& share)
{
    if (share.n == 0)
        return {{"n", 0}, {"share", nullptr}, {"interval", nullptr}};
    return {{"n", share.n}, {"hits", share.hits}, {"share", share.share}, {"interval", pair(share.interval)}};
}

Json sides(const SideBias& bias)
{
    return {{"left", bias.left}, {"right", bias.right}, {"left_share", bias.leftShare},
        {"interval", pair(bias.interval)}, {"p", bias.p}};
}

Json counts(const Tally& tally) { return {{"a", tally.wins}, {"ties", tally.ties}, {"b", tally.losses}}; }

Json alpha(const Alpha& value)
{
    return {{"value", value.value ? Json(*value.value) : Json()}, {"interval", pair(value.interval)},
        {"items", value.items}};
}

Json judge(const JudgeReport& one)
{
    Json repeats {{"n", one.repeats.repeated}};
    if (one.repeats.repeated > 0)
        repeats.update({{"same", one.repeats.same}, {"same_side", one.repeats.sameSide}, {"share", one.repeats.share},
            {"interval", pair(one.repeats.interval)}, {"kappa", one.repeats.kappa}});
    return {{"annotator", one.annotator}, {"is_model", one.isModel}, {"judged", one.judged}, {"skipped", one.skipped},
        {"both_bad", one.bothBad}, {"wins", counts(one.tally)}, {"win_rate_a", one.winRate},
        {"interval", pair(one.interval)}, {"sides", sides(one.sides)}, {"repeats", std::move(repeats)},
        {"gold", counted(one.gold)}, {"median_seconds", one.medianSeconds}};
}

Json strengths(const SourceRanking& ranking, const StrengthTable& table)
{
    Json list = Json::array();
    for (std::size_t i = 0; i < ranking.sources.size(); ++i)
        list.push_back({{"source", ranking.sources[i]}, {"log_strength", table.fit.logStrength[i]},
            {"interval", pair(table.intervals[i])}, {"rating", ratingOf(table.fit.logStrength[i])},
            {"win_rate_against_others", table.winRate[i]}});
    return list;
}

} // namespace

Json toJson(const SessionReport& report)
{
    Json json {{"level", report.level}, {"outcomes_from", report.fromModels ? "models" : "people"},
        {"prompts", report.prompts}, {"judged", report.judged}, {"skipped_by_all", report.skippedByAll},
        {"identical", report.identical}, {"wins_a", report.tally.wins}, {"ties", report.tally.ties},
        {"wins_b", report.tally.losses}, {"win_rate_a", report.winRate}, {"wilson", pair(report.wilson)},
        {"bootstrap", pair(report.bootstrap)}, {"win_rate_a_without_ties", report.winRateDecisive},
        {"wilson_without_ties", pair(report.wilsonDecisive)}, {"net_win_a", report.netWin}, {"sign_test_p", report.p},
        {"power_at_60_percent", report.power},
        {"more_prompts", report.morePrompts ? Json(*report.morePrompts) : Json()}};
    json["leaks"] = {{"prompts", report.leaks}, {"win_rate_a_without", report.winRateWithoutLeaks},
        {"interval", pair(report.wilsonWithoutLeaks)}};
    json["length"] = nullptr;
    if (const auto& length = report.length)
        json["length"] = {{"win_rate_a_at_equal_length", length->winRate}, {"interval", pair(length->interval)},
            {"slope", length->slope}, {"slope_interval", pair(length->slopeInterval)},
            {"mean_characters_a", length->meanFirst}, {"mean_characters_b", length->meanSecond},
            {"longer_wins", length->longerWins}};
    json["gap_groups"] = Json::array();
    for (const GapGroup& group : report.gapGroups)
        json["gap_groups"].push_back({{"low", group.low}, {"high", group.high}, {"wins", counts(group.tally)},
            {"win_rate_a", winRate(group.tally)}, {"interval", pair(group.interval)},
            {"agreement_with_reward_model", counted(group.agreement)}});
    json["agreement_with_reward_model"] = counted(report.scoreAgreement);
    json["sides"] = sides(report.sides);
    json["judges"] = Json::array();
    for (const JudgeReport& one : report.judges)
        json["judges"].push_back(judge(one));
    json["pairs"] = Json::array();
    for (const RaterAgreement& one : report.pairs)
        json["pairs"].push_back(
            {{"first", report.judges[one.first].annotator}, {"second", report.judges[one.second].annotator},
                {"items", one.items}, {"share", one.share}, {"share_interval", pair(one.shareInterval)},
                {"kappa", one.kappa}, {"kappa_interval", pair(one.kappaInterval)}});
    json["alpha_nominal"] = alpha(report.nominal);
    json["alpha_ordinal"] = alpha(report.ordinal);
    json["models"] = Json::array();
    for (const ModelAgreement& one : report.models)
        json["models"].push_back({{"annotator", one.annotator}, {"same", counted(one.same)}, {"kappa", one.kappa},
            {"kappa_interval", pair(one.kappaInterval)}, {"same_winner", counted(one.decisive)}});
    json["model_criteria"] = Json::array();
    for (const ModelCriterionAgreement& one : report.modelCriteria)
        json["model_criteria"].push_back({{"annotator", one.annotator}, {"criterion", one.criterion},
            {"same", counted(one.same)}, {"kappa", one.kappa}, {"kappa_interval", pair(one.kappaInterval)}});
    json["disputed"] = report.disputed;
    json["queue"] = Json::array();
    for (const QueuedItem& item : report.queue) {
        Json flags = Json::array();
        for (const QueuedItem::Flag& flag : item.flags)
            flags.push_back({{"annotator", flag.annotator}, {"comment", flag.comment}});
        json["queue"].push_back(
            {{"item", item.item}, {"disputed", item.disputed}, {"flags", std::move(flags)}, {"leak", item.leak}});
    }
    json["criteria"] = Json::array();
    for (const CriterionReport& one : report.criteria)
        json["criteria"].push_back({{"criterion", one.criterion}, {"wins", counts(one.tally)},
            {"win_rate_a", one.winRate}, {"interval", pair(one.interval)}, {"sign_test_p", one.p},
            {"holm_p", one.adjusted}, {"as_verdict", counted(one.asVerdict)}, {"kappa", one.kappa},
            {"kappa_interval", pair(one.kappaInterval)}, {"same_winner", counted(one.sameWinner)},
            {"alpha_ordinal", alpha(one.alpha)}});
    json["strength"] = Json::object();
    for (std::size_t i = 0; i < kStrengths.size(); ++i)
        json["strength"][std::string(strengthName(kStrengths[i]))]
            = {{"a", report.firstStrength[i]}, {"b", report.secondStrength[i]}};
    return json;
}

Json toJson(const SourceRanking& ranking)
{
    Json json;
    json["linked"] = ranking.bradleyTerry.fit.linked;
    json["bradley_terry"] = strengths(ranking, ranking.bradleyTerry);
    json["davidson"] = strengths(ranking, ranking.davidson);
    json["davidson_tie"] = {{"nu", ranking.davidson.fit.tie}, {"interval", pair(ranking.davidson.tieInterval)}};
    json["comparisons"] = Json::array();
    for (const SourceRanking::Comparison& one : ranking.comparisons)
        json["comparisons"].push_back({{"session", one.session}, {"a", one.first}, {"b", one.second},
            {"wins", counts(one.tally)}, {"sign_test_p", one.p}, {"holm_p", one.adjusted}});
    return json;
}

} // namespace mpo

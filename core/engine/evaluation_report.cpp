// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/evaluation_report.h"

#include "core/data/score_gaps.h"
#include "core/engine/newest_scores.h"
#include "core/evaluation/identity_leak.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

double characters(const std::string& text)
{
    double count = 0.0;
    for (const char c : text)
        count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1.0 : 0.0; // the first byte of each
    return count;
}

/// Reward gaps of the pairs of the session's data set, by the newest scores of it; none where there are none.
std::vector<double> gapsOf(const Project& project, const EvaluationRow& row)
{
    const std::string data = row.config.is_object() ? row.config.value("data", "") : "";
    const std::string newest = newestScores(project, data);
    return newest.empty() ? std::vector<double>() : gapsOf(project.loadScores(newest));
}

} // namespace

std::vector<EvaluationKey> keyOf(const std::vector<EvaluationItemInput>& items)
{
    std::vector<EvaluationKey> key;
    for (const EvaluationItemInput& item : items)
        key.push_back(
            {item.pair, item.aIsLeft, item.responseA == item.responseB, item.kind, item.repeatOf.value_or(-1)});
    return key;
}

EvaluationContent openEvaluation(Project& project, const std::string& name, Early early)
{
    EvaluationContent content;
    content.row = project.evaluation(name);
    if (!content.row.closed) {
        if (early == Early::Refuse)
            fail("{}: {} of {} items are judged and the session is still blind; close it first (`mpo evaluate close`), "
                 "or open it early, which is noted in the project (--open-early)",
                name, content.row.judged, content.row.items);
        project.logEvaluation(content.row.id,
            fmt::format("opened early, with {} of {} items judged", content.row.judged, content.row.items));
    }
    content.key = content.row.closed ? project.evaluationKey(content.row.id) : project.blindItems(content.row.id);
    content.judgments = content.row.closed ? project.judgments(content.row.id) : project.blindJudgments(content.row.id);
    const std::vector<double> gaps = gapsOf(project, content.row);
    const auto names = identityNames({content.row.sourceA, content.row.sourceB});
    for (const EvaluationItemInput& item : content.key) {
        ReportItem one;
        one.kind = item.kind;
        one.identical = item.responseA == item.responseB;
        one.repeatOf = item.repeatOf.value_or(-1);
        one.firstLength = characters(item.responseA);
        one.secondLength = characters(item.responseB);
        if (item.pair >= 0 && item.pair < std::int64_t(gaps.size()) && std::isfinite(gaps[std::size_t(item.pair)]))
            one.gap = gaps[std::size_t(item.pair)];
        if (item.scoreA && item.scoreB)
            one.scoreDifference = *item.scoreA - *item.scoreB;
        one.leak = identityLeak(item.prompt, item.responseA, names);
        if (one.leak.empty())
            one.leak = identityLeak(item.prompt, item.responseB, names);
        content.items.push_back(std::move(one));
    }
    for (const JudgmentRow& row : content.judgments)
        content.reported.push_back({row.number, row.annotator, row.verdict, row.aWasLeft, row.seconds, row.comment,
            row.flagged, row.votes, row.strength});
    return content;
}

SessionReport reportOf(const EvaluationContent& content)
{
    ReportOptions options;
    options.criteria = criteriaOf(content.row.config);
    return sessionReport(content.items, content.reported, options);
}

std::vector<std::string> promptsOf(const EvaluationContent& content)
{
    std::vector<std::string> prompts;
    for (const EvaluationItemInput& item : content.key)
        prompts.push_back(item.prompt);
    return prompts;
}

RankedSession rankedSession(const EvaluationContent& content)
{
    RankedSession session {content.row.name, content.row.sourceA, content.row.sourceB, {}, {}};
    const auto points = decidedPoints(content.items, content.reported);
    for (std::size_t i = 0; i < points.size(); ++i)
        if (content.items[i].kind == ItemKind::Ordinary) {
            session.prompts.push_back(content.key[i].prompt);
            session.points.push_back(points[i]);
        }
    return session;
}

namespace {

std::string sharesKey(const EvaluationRow& row) { return fmt::format("evaluation/{}/shares", row.id); }

int takeShare(
    Project& project, const EvaluationRow& row, const Overlap& overlap, const std::string& annotator, int share)
{
    std::map<std::string, int> taken = sharesTaken(project, row);
    if (const auto own = taken.find(annotator); own != taken.end())
        return own->second;
    const auto holder = [&](int number) {
        return std::find_if(taken.begin(), taken.end(), [&](const auto& one) { return one.second == number; });
    };
    if (share == 0)
        for (int number = overlap.annotators; number >= 1; --number)
            if (holder(number) == taken.end())
                share = number;
    if (share == 0)
        fail("{}: its items are divided among {} annotators, and all have begun; {} would be one more", row.name,
            overlap.annotators, annotator);
    if (share < 1 || share > overlap.annotators)
        fail(
            "{}: there is no annotator number {}; the items are divided among {}", row.name, share, overlap.annotators);
    if (const auto other = holder(share); other != taken.end())
        fail("{}: annotator number {} is {}; choose another number", row.name, share, other->first);
    taken[annotator] = share;
    project.setValue(sharesKey(row), toLine(Json(taken)));
    return share;
}

} // namespace

Overlap overlapOf(const EvaluationRow& row)
{
    const auto number = [&](const char* key, int otherwise) {
        const auto found = row.config.is_object() ? row.config.find(key) : row.config.end();
        return row.config.is_object() && found != row.config.end() && found->is_number_integer()
            ? std::clamp(found->get<int>(), 1, kMostAnnotators)
            : otherwise;
    };
    Overlap overlap;
    overlap.annotators = number("annotators", 1);
    overlap.perItem = std::min(overlap.annotators, number("overlap", overlap.annotators));
    return overlap;
}

std::map<std::string, int> sharesTaken(const Project& project, const EvaluationRow& row)
{
    std::map<std::string, int> taken;
    if (const auto stored = project.value(sharesKey(row))) {
        const Json shares = parseJson(*stored, sharesKey(row));
        for (const auto& [name, share] : shares.items())
            if (share.is_number_integer())
                taken[name] = share.get<int>();
    }
    return taken;
}

void joinAnnotator(Project& project, const EvaluationRow& row, const std::string& annotator, int share)
{
    if (annotator.starts_with(kModelJudgePrefix))
        fail("Names that begin with \"{}\" are those of judges that are no people; choose another", kModelJudgePrefix);
    const Overlap overlap = overlapOf(row);
    if (annotator.empty() && overlap.annotators > 1)
        fail("{}: was made for {} annotators; a name is needed to know whose verdicts these are", row.name,
            overlap.annotators);
    if (annotator.empty())
        return;
    const auto seed = row.config.is_object() && row.config.contains("seed") && row.config["seed"].is_number_integer()
        ? row.config["seed"].get<std::uint64_t>()
        : std::uint64_t(row.id);
    const std::vector<EvaluationKey> key = keyOf(project.blindItems(row.id));
    std::vector<std::int64_t> items;
    if (overlap.divides() && !row.closed)
        items = itemsOfAnnotator(key, seed, overlap, takeShare(project, row, overlap, annotator, share) - 1);
    std::vector<AnnotatorPlace> places;
    for (const DrawnPlace& place : drawPlaces(key, seed, annotator, items))
        places.push_back({place.item, place.leftIsFirst});
    project.joinEvaluation(row.id, annotator, places);
}

} // namespace mpo

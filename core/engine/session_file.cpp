// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/session_file.h"

#include "core/support/error.h"
#include "core/support/file.h"

#include <algorithm>
#include <sstream>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr int kVersion = 1;

Json lineOf(const EvaluationItemInput& item)
{
    Json line {{"prompt", item.prompt}, {"response_a", item.responseA}, {"response_b", item.responseB},
        {"a_is_left", item.aIsLeft}, {"pair", item.pair}, {"kind", int(item.kind)}};
    if (item.repeatOf)
        line["repeat_of"] = *item.repeatOf;
    if (item.scoreA && item.scoreB)
        line.update({{"score_a", *item.scoreA}, {"score_b", *item.scoreB}});
    return line;
}

Json lineOf(const JudgmentRow& row)
{
    Json line {{"item", row.number}, {"annotator", row.annotator}, {"verdict", verdictName(row.verdict)},
        {"a_was_left", row.aWasLeft}, {"comment", row.comment}, {"seconds", row.seconds}, {"created", row.created}};
    if (row.flagged)
        line["flagged"] = true;
    if (!row.votes.empty())
        line["votes"] = votesJson(row.votes);
    if (row.strength)
        line["strength"] = *row.strength;
    return line;
}

EvaluationItemInput itemOf(const Json& line, std::size_t number)
{
    EvaluationItemInput item;
    item.prompt = line.at("prompt").get<std::string>();
    item.responseA = line.at("response_a").get<std::string>();
    item.responseB = line.at("response_b").get<std::string>();
    item.aIsLeft = line.at("a_is_left").get<bool>();
    item.pair = line.at("pair").get<std::int64_t>();
    const int kind = line.at("kind").get<int>();
    if (kind < 0 || kind > int(ItemKind::Gold))
        fail("its kind is unknown");
    item.kind = ItemKind(kind);
    if (line.contains("repeat_of"))
        item.repeatOf = line["repeat_of"].get<std::int64_t>();
    if ((item.kind == ItemKind::Repeat) != item.repeatOf.has_value()
        || (item.repeatOf && (*item.repeatOf < 0 || std::size_t(*item.repeatOf) >= number)))
        fail("a repeat names an item before it, and nothing else does");
    if (line.contains("score_a") && line.contains("score_b")) {
        item.scoreA = line["score_a"].get<double>();
        item.scoreB = line["score_b"].get<double>();
    }
    return item;
}

JudgmentRow judgmentOf(const Json& line, std::size_t items)
{
    JudgmentRow row;
    row.number = line.at("item").get<std::int64_t>();
    if (row.number < 0 || std::size_t(row.number) >= items)
        fail("there is no such item");
    row.annotator = line.at("annotator").get<std::string>();
    const auto verdict = verdictFromName(line.at("verdict").get<std::string>());
    if (!verdict)
        fail("the verdict is none of left, right, tie, skip and both_bad");
    row.verdict = *verdict;
    row.aWasLeft = line.at("a_was_left").get<bool>();
    row.comment = line.at("comment").get<std::string>();
    row.seconds = line.at("seconds").get<double>();
    row.created = line.at("created").get<std::string>();
    row.flagged = line.value("flagged", false);
    if (line.contains("votes"))
        row.votes = votesOf(line["votes"]);
    if (line.contains("strength"))
        row.strength = line["strength"].get<double>();
    return row;
}

/// What must be the same in two copies of a session: sides may not be.
bool sameItem(const EvaluationItemInput& one, const EvaluationItemInput& other)
{
    return one.prompt == other.prompt && one.responseA == other.responseA && one.responseB == other.responseB
        && one.kind == other.kind && one.repeatOf == other.repeatOf;
}

SessionFile sessionOf(const Project& project, const std::string& evaluation)
{
    SessionFile session;
    session.row = project.evaluation(evaluation);
    session.items = project.blindItems(session.row.id);
    session.judgments = project.blindJudgments(session.row.id);
    return session;
}

} // namespace

void writeSessionFile(const Project& project, const std::string& evaluation, const fs::path& file)
{
    const SessionFile session = sessionOf(project, evaluation);
    Json head {{"mpo_session", kVersion}, {"name", session.row.name}, {"config", session.row.config},
        {"closed", session.row.closed}};
    if (session.row.closed)
        head.update({{"source_a", session.row.sourceA}, {"source_b", session.row.sourceB}});
    std::string text = toLine(head) + "\n";
    for (const EvaluationItemInput& item : session.items)
        text += toLine(lineOf(item)) + "\n";
    for (const JudgmentRow& row : session.judgments)
        text += toLine(lineOf(row)) + "\n";
    writeFileAtomically(file, text);
}

SessionFile readSessionFile(const fs::path& file)
{
    SessionFile session;
    std::istringstream lines(readTextFile(file));
    std::string line;
    for (std::int64_t number = 1; std::getline(lines, line); ++number) {
        const std::string place = fmt::format("{}: line {}", file.string(), number);
        JsonProblem problem;
        const auto json = tryParseJson(line, problem);
        if (!json || !json->is_object())
            fail("{}: is no session file of MPO Studio ({})", place, json ? "no object" : problem.reason);
        try {
            if (number == 1) {
                if (json->value("mpo_session", 0) != kVersion)
                    fail("does not begin as one of version {}", kVersion);
                session.row.name = json->at("name").get<std::string>();
                session.row.config = json->at("config");
                session.row.closed = json->at("closed").get<bool>();
                session.row.sourceA = json->value("source_a", "A");
                session.row.sourceB = json->value("source_b", "B");
            } else if (json->contains("prompt")) {
                if (!session.judgments.empty())
                    fail("an item stands behind the judgments");
                session.items.push_back(itemOf(*json, session.items.size()));
            } else {
                session.judgments.push_back(judgmentOf(*json, session.items.size()));
            }
        } catch (const Json::exception& error) {
            fail("{}: a field of the session file is missing or of another type ({})", place, error.what());
        } catch (const Error& error) {
            fail("{}: is no line of a session file: {}", place, error.what());
        }
    }
    if (session.row.name.empty())
        fail("{}: is empty; a session file of MPO Studio is expected", file.string());
    return session;
}

std::string addSession(Project& project, const SessionFile& session, const std::string& name)
{
    EvaluationRow row = session.row;
    row.name = project.freeName(name.empty() ? session.row.name : name);
    const std::int64_t id = project.addEvaluation(row, session.items);
    if (!session.judgments.empty())
        project.mergeJudgments(id, session.judgments, "the session file");
    if (session.row.closed)
        project.closeEvaluation(id);
    return row.name;
}

MergedJudgments mergeSession(Project& project, const std::string& evaluation, const fs::path& from,
    const std::string& evaluationThere, const std::string& annotator)
{
    const EvaluationRow row = project.evaluation(evaluation);
    SessionFile other;
    if (Project::isProject(from)) {
        std::error_code error;
        if (fs::equivalent(from, project.folder(), error))
            fail("{}: is this project itself; name the other one", from.string());
        other = sessionOf(
            *Project::open(from, Project::Access::ReadOnly), evaluationThere.empty() ? evaluation : evaluationThere);
    } else {
        other = readSessionFile(from);
    }
    if (criteriaOf(row.config) != criteriaOf(other.row.config))
        fail("{}: its session asks for other criteria than the one here; only copies of one session can be merged",
            from.string());
    const std::vector<EvaluationItemInput> items = project.blindItems(row.id);
    if (items.size() != other.items.size())
        fail("{}: its session has {} items, the one here {}; only copies of one session can be merged", from.string(),
            other.items.size(), items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
        if (!sameItem(items[i], other.items[i]))
            fail("{}: item {} is another one than here; only copies of one session can be merged", from.string(), i);

    const auto nameless = [](const JudgmentRow& judgment) { return judgment.annotator.empty(); };
    const std::vector<JudgmentRow> own = project.blindJudgments(row.id);
    const bool namelessThere = std::any_of(other.judgments.begin(), other.judgments.end(), nameless);
    const bool namelessHere = std::any_of(own.begin(), own.end(), nameless);
    if (namelessThere && namelessHere && annotator.empty()) {
        // A copy that was made after some judging brings them back; that is no second person.
        for (const JudgmentRow& judgment : other.judgments)
            if (nameless(judgment) && std::find(own.begin(), own.end(), judgment) == own.end())
                fail("{}: holds judgments without an annotator's name, as the session here does; say whose they are "
                     "(--annotator NAME)",
                    from.string());
    }
    if (!annotator.empty())
        for (JudgmentRow& judgment : other.judgments)
            if (nameless(judgment))
                judgment.annotator = annotator;
    return project.mergeJudgments(row.id, other.judgments, from.string());
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/model_verdicts.h"

#include "core/support/error.h"

namespace mpo {

namespace {

std::string lastPart(const std::string& name)
{
    const std::filesystem::path path(name);
    return (path.has_filename() ? path : path.parent_path()).filename().string();
}

} // namespace

ModelVerdicts::ModelVerdicts(Project& project, const EvaluationRow& row, const std::string& name)
    : m_project(project)
    , m_evaluation(row.id)
    , m_annotator(std::string(kModelJudgePrefix) + lastPart(name))
{
    if (row.closed)
        fail("The evaluation \"{}\" is closed: its judgments can no longer change", row.name);
    for (const EvaluationItemRow& item : project.evaluationItems(row.id, m_annotator))
        if (item.verdict)
            m_there[item.number] = *item.verdict;
}

std::optional<Verdict> ModelVerdicts::on(std::int64_t number) const
{
    const auto there = m_there.find(number);
    return there == m_there.end() ? std::nullopt : std::optional(there->second);
}

void ModelVerdicts::write(std::int64_t number, const Judgment& judgment)
{
    if (on(number) == judgment.verdict)
        return;
    m_project.judge(m_evaluation, number, judgment, m_annotator);
    m_there[number] = judgment.verdict;
}

void ModelVerdicts::write(std::int64_t number, bool aIsLeft, int outcome, const std::string& comment,
    std::optional<double> strength, const std::map<std::string, int>& votes)
{
    const auto verdict = [&](int value) {
        return value == 0 ? Verdict::Tie : (value > 0) == aIsLeft ? Verdict::Left : Verdict::Right;
    };
    Judgment judgment {verdict(outcome), comment, 0.0, false, {}, strength};
    for (const auto& [criterion, value] : votes)
        judgment.votes.push_back({criterion, verdict(value)});
    write(number, judgment);
}

void ModelVerdicts::skip(std::int64_t number, const std::string& comment) { write(number, {Verdict::Skip, comment}); }

void ModelVerdicts::tieByRule(std::int64_t number)
{
    write(number, {Verdict::Tie, "Identical responses: a tie by rule"});
}

} // namespace mpo

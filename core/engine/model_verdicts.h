// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <map>
#include <optional>
#include <string>

namespace mpo {

/// Writes the verdicts of a judge that is no person into an open session, each once: what it has said already is not
/// written again.
class ModelVerdicts
{
public:
    /// `name`: of the judge, without kModelJudgePrefix; of a path its last part. Throws Error for a session that is
    /// closed.
    ModelVerdicts(Project& project, const EvaluationRow& row, const std::string& name);

    const std::string& annotator() const { return m_annotator; }
    bool empty() const { return m_there.empty(); }
    std::optional<Verdict> on(std::int64_t number) const; ///< that it has given already
    /// `outcome` of source A: 1 won, 0 tie, -1 lost; `aIsLeft` as the session has it.
    /// `votes`: the same by criterion.
    void write(std::int64_t number, bool aIsLeft, int outcome, const std::string& comment = {},
        std::optional<double> strength = {}, const std::map<std::string, int>& votes = {});
    void skip(std::int64_t number, const std::string& comment);
    /// Where both responses are the same text.
    void tieByRule(std::int64_t number);

private:
    void write(std::int64_t number, const Judgment& judgment);

    Project& m_project;
    std::int64_t m_evaluation;
    std::string m_annotator;
    std::map<std::int64_t, Verdict> m_there;
};

} // namespace mpo

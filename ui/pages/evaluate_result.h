// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/report_tables.h"
#include "core/store/project.h"

#include <QString>

namespace mpo {

/// Both responses are the same text: a tie by rule, no judge is asked.
bool isIdentical(const EvaluationItemRow& item);

/// What the models of a closed session are called: the last part of a path, unless that is the same for both.
struct SourceNames
{
    QString a, b;
};
SourceNames sourceNames(const EvaluationRow& row);
ReportSources reportSources(const EvaluationRow& row); ///< the same

/// The session's name, or "Session 3" while it is blind and the name would give a model away.
QString blindName(const EvaluationRow& row);

} // namespace mpo

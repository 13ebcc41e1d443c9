// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/statistics.h"
#include "core/store/project.h"

#include <QString>

#include <vector>

namespace mpo {

/// What the verdicts of a closed session come to. Source A is the first model of the session.
struct EvaluationResult
{
    Tally forA; ///< ties: also "both bad" and identical responses
    std::int64_t bothBad = 0, identical = 0, skipped = 0, unjudged = 0;
    std::int64_t left = 0, right = 0; ///< decisive verdicts by side
    double medianSeconds = 0.0; ///< of the items judged by hand

    std::int64_t decisive() const { return forA.wins + forA.losses; }
    double leftBiasP() const { return signTest({left, 0, right}); }
    /// Decisive prompts still missing to confirm a difference as large as the one seen; -1: no difference was seen.
    std::int64_t moreNeeded() const;
};

/// REQUIRES: items and key are of the same session, in order.
EvaluationResult countVerdicts(
    const std::vector<EvaluationItemRow>& items, const std::vector<EvaluationItemInput>& key);

/// Verdicts on prompts whose pairs have gaps in [low, high].
struct GapBin
{
    double low = 0.0, high = 0.0;
    Tally forA;
};
/// Three bins of equally many judged prompts by rising reward gap; none where fewer than twelve have one. REQUIRES: as
/// countVerdicts(); `gaps` holds one for each pair of the data, NaN for none.
std::vector<GapBin> winsByGap(const std::vector<EvaluationItemRow>& items, const std::vector<EvaluationItemInput>& key,
    const std::vector<double>& gaps);

/// Both responses are the same text: a tie by rule, no judge is asked.
bool isIdentical(const EvaluationItemRow& item);

/// What the models of a closed session are called: the last part of a path, unless that is the same for both.
struct SourceNames
{
    QString a, b;
};
SourceNames sourceNames(const EvaluationRow& row);

/// The session's name, or "Session 3" while it is blind and the name would give a model away.
QString blindName(const EvaluationRow& row);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/criteria.h"
#include "core/evaluation/agreement.h"
#include "core/evaluation/criterion_report.h"
#include "core/evaluation/gap_groups.h"
#include "core/evaluation/judge_quality.h"
#include "core/evaluation/length_adjustment.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mpo {

/// An item of a session as its statistics need it.
struct ReportItem
{
    ItemKind kind = ItemKind::Ordinary; ///< gold: the first response is the better one
    bool identical = false; ///< both responses are the same text: a tie by rule
    std::int64_t repeatOf = -1; ///< of a repeat: number of its original
    double firstLength = 0.0, secondLength = 0.0; ///< characters
    std::optional<double> gap; ///< reward gap of the prompt's pair in its data set
    std::optional<double> scoreDifference; ///< reward model's score of the first response minus that of the second
    std::string leak {}; ///< words of a response that may tell whose it is (identity_leak.h); empty: none
};

struct ReportJudgment
{
    std::int64_t item = 0; ///< its number
    std::string annotator;
    Verdict verdict = Verdict::Tie;
    bool firstWasLeft = true;
    double seconds = 0.0; ///< time taken
    std::string comment {};
    bool flagged = false;
    std::vector<CriterionVote> votes {};
    std::optional<double> strength {}; ///< of a person: a Strength
};

/// An item that is to be looked at again together: people named different winners, somebody flagged it, or a response
/// may tell whose it is.
struct QueuedItem
{
    struct Flag
    {
        std::string annotator, comment;
    };
    std::int64_t item = 0; ///< its number
    bool disputed = false;
    std::vector<Flag> flags;
    std::string leak {}; ///< the words
};

/// What one judge, a person or a model, said of the ordinary items, and how far that can be relied on.
struct JudgeReport
{
    std::string annotator;
    bool isModel = false;
    std::int64_t judged = 0, skipped = 0, bothBad = 0; ///< ordinary items; judged: without the skipped
    Tally tally; ///< of the first source; ties: also both bad and identical responses
    double winRate = 0.5;
    Interval interval; ///< Wilson
    SideBias sides; ///< of all items that differ
    Consistency repeats; ///< over hidden repeats with sides exchanged
    CountedShare gold; ///< gold items answered right, of those answered
    double medianSeconds = 0.0;
};

/// How a model judge agrees with the decision of people, over prompts on which both have an outcome.
struct ModelAgreement
{
    std::string annotator;
    CountedShare same; ///< the same outcome of three: first, tie, second
    double kappa = 0.0;
    Interval kappaInterval; ///< bootstrap over prompts; NaN for none
    CountedShare decisive; ///< the same winner where both have one
};

/// The same by one criterion of the session.
struct ModelCriterionAgreement
{
    std::string annotator, criterion;
    CountedShare same;
    double kappa = 0.0;
    Interval kappaInterval; ///< as above
};

/// All statistics of one session of two sources. The unit is the prompt: where several people judged it, the mean of
/// their points (1, 1/2, 0 for the first source) decides: above 1/2 it has won, below lost.
struct SessionReport
{
    double level = 0.95; ///< of all intervals
    bool fromModels = false; ///< nobody but models has judged, so the outcomes are theirs
    std::int64_t prompts = 0, judged = 0, skippedByAll = 0, identical = 0; ///< ordinary items
    Tally tally; ///< of the first source, over prompts
    double winRate = 0.5; ///< ties as half
    Interval wilson, bootstrap; ///< of it; the bootstrap is over prompts
    double winRateDecisive = 0.5; ///< ties dropped
    Interval wilsonDecisive;
    double netWin = 0.0; ///< (wins - losses) / prompts with an outcome
    double p = 1.0; ///< exact two-sided sign test
    double power = 0.0; ///< of that test at the decisive prompts there are, were the true win rate kPlannedWinRate
    std::optional<std::int64_t> morePrompts; ///< statistics.h: morePrompts()
    std::int64_t leaks = 0; ///< prompts with an outcome to which a response may tell whose it is
    double winRateWithoutLeaks = 0.5; ///< of the first source over the others, ties as half
    Interval wilsonWithoutLeaks;
    std::optional<LengthAdjustment> length; ///< identical responses left out
    std::vector<GapGroup> gapGroups; ///< none where fewer than kLeastForGaps prompts have a gap
    CountedShare scoreAgreement; ///< people with the reward model; n = 0: responses without scores
    SideBias sides; ///< of all people together
    std::vector<JudgeReport> judges; ///< by name; people before models
    std::vector<RaterAgreement> pairs; ///< of judges that are people, numbers into `judges`
    Alpha nominal, ordinal; ///< over people; second, tie, first
    std::vector<ModelAgreement> models;
    std::vector<ModelCriterionAgreement> modelCriteria; ///< of models that have voted on them
    std::vector<std::int64_t> disputed; ///< numbers of items on which people named different winners
    std::vector<QueuedItem> queue; ///< the adjudication queue, by number
    std::vector<CriterionReport> criteria; ///< those of the session, in its order; of people, or of models alone
    /// How often people found the response of either source slightly, clearly and much better, over ordinary items.
    std::array<std::int64_t, kStrengths.size()> firstStrength {}, secondStrength {};
};

constexpr std::size_t kLeastForGaps = 12;
constexpr double kPlannedWinRate = 0.6;

struct ReportOptions
{
    BootstrapOptions bootstrap = {.resamples = 2000};
    int gapGroups = 3;
    std::vector<std::string> criteria {}; ///< that were voted on beside the verdict
};

/// REQUIRES: judgments of items that are there; at most one of an annotator on an item.
SessionReport sessionReport(
    std::span<const ReportItem> items, std::span<const ReportJudgment> judgments, const ReportOptions& options = {});

/// Of an ordinary item, over people (over models where nobody else has judged): mean points of the first source;
/// nothing where nobody came to an outcome. In the order of the items; repeats and gold items have nothing.
std::vector<std::optional<double>> decidedPoints(
    std::span<const ReportItem> items, std::span<const ReportJudgment> judgments);
/// The same by the votes on one criterion.
CriterionPoints criterionPoints(
    const std::string& criterion, std::span<const ReportItem> items, std::span<const ReportJudgment> judgments);

} // namespace mpo

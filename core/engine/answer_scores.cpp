// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/answer_scores.h"

#include "core/support/error.h"

namespace mpo {

std::vector<double> scoresOfAnswers(const Workspace& workspace, const Model& reward,
    const std::vector<PreferencePair>& rows, const std::vector<std::string>& answers)
{
    Dataset data {"the answers", DatasetKind::Pairs, {}};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        data.pairs.push_back(rows[i]);
        data.pairs.back().chosen = data.pairs.back().rejected = answers[i];
    }
    auto pairs = tokenizeFor(workspace, RowSource::of(data), reward, 0, Truncation::DropLong);
    if (pairs.size() != data.pairs.size())
        fail("An answer without a token cannot be scored; type something");
    trimForScoring(pairs, reward.config());
    StageContext context; // not that of a run, whose processes would be waited for
    context.settings = Settings(StageKind::Reward);
    context.stop = workspace.stop();
    std::vector<double> scores;
    for (const PairScore& score : scorePairs(reward, pairs, context))
        scores.push_back(score.chosen);
    return scores;
}

} // namespace mpo

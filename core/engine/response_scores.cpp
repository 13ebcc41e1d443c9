// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/response_scores.h"

#include <cmath>
#include <limits>

namespace mpo {

std::vector<PairScore> scoresOfTexts(const Workspace& workspace, const Model& reward, const Dataset& texts,
    const std::function<void(std::size_t, const PairScore&)>& scored)
{
    constexpr std::size_t kAtOnce = 32; // rows between two looks at whether to stop
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const bool pairs = texts.kind == DatasetKind::Pairs;
    std::vector<PairScore> scores(texts.pairs.size(), PairScore {none, none});
    const TokenizedPairs tokenized = tokenizeFor(workspace, RowSource::of(texts), reward, 0, Truncation::CutEnd);
    if (workspace.stoppedHere()) // perhaps before all were read
        fail("Scoring was stopped");
    std::vector<std::int64_t> numbers;
    std::vector<TokenIds> prompts, chosen, rejected;
    const auto scoreThese = [&] {
        const std::vector<double> a = scoreResponses(reward, prompts, chosen),
                                  b
            = pairs ? scoreResponses(reward, prompts, rejected) : std::vector<double>(numbers.size(), none);
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const auto at = std::size_t(numbers[i]);
            scores[at] = {a[i], b[i]};
            if (scored)
                scored(at, scores[at]);
        }
        for (auto* list : {&prompts, &chosen, &rejected})
            list->clear();
        numbers.clear();
    };
    std::size_t done = 0;
    for (const TokenizedPair& row : tokenized) {
        numbers.push_back(row.index);
        prompts.emplace_back(row.prompt.begin(), row.prompt.end());
        chosen.emplace_back(row.chosen.begin(), row.chosen.end());
        rejected.emplace_back(row.rejected.begin(), row.rejected.end());
        ++done;
        if (numbers.size() < kAtOnce && done < tokenized.size())
            continue;
        scoreThese();
        workspace.progress("Scoring responses", double(done) / double(tokenized.size()),
            fmt::format("{} of {}", done, tokenized.size()));
        if (workspace.stoppedHere())
            fail("Scoring was stopped");
    }
    return scores;
}

std::vector<double> scoresOfAnswers(const Workspace& workspace, const Model& reward, std::vector<PreferencePair> rows,
    const std::vector<std::string>& answers)
{
    for (std::size_t i = 0; i < answers.size(); ++i)
        rows[i].chosen = answers[i];
    std::vector<double> scores;
    for (const PairScore& score :
        scoresOfTexts(workspace, reward, {"the answers", DatasetKind::Completions, std::move(rows)})) {
        if (std::isnan(score.chosen))
            fail("An answer without a token cannot be scored; type something");
        scores.push_back(score.chosen);
    }
    return scores;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"

#include <algorithm>
#include <limits>

namespace mpo {

std::vector<PairScore> scoresOfTexts(const Workspace& workspace, const Model& reward, const Dataset& pairs,
    const std::function<void(std::size_t, const PairScore&)>& scored)
{
    constexpr std::size_t kAtOnce = 32; // pairs between two looks at whether to stop
    const double none = std::numeric_limits<double>::quiet_NaN();
    std::vector<PairScore> scores(pairs.pairs.size(), PairScore {none, none});
    const TokenizedPairs tokenized = tokenizeFor(workspace, RowSource::of(pairs), reward, 0, Truncation::CutEnd);
    if (workspace.stopped()) // perhaps before all were read
        fail("Scoring was stopped");
    std::vector<std::int64_t> numbers;
    std::vector<TokenIds> prompts, chosen, rejected;
    const auto scoreThese = [&] {
        const auto a = scoreResponses(reward, prompts, chosen), b = scoreResponses(reward, prompts, rejected);
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
    for (const TokenizedPair& pair : tokenized) {
        numbers.push_back(pair.index);
        prompts.emplace_back(pair.prompt.begin(), pair.prompt.end());
        chosen.emplace_back(pair.chosen.begin(), pair.chosen.end());
        rejected.emplace_back(pair.rejected.begin(), pair.rejected.end());
        ++done;
        if (numbers.size() < kAtOnce && done < tokenized.size())
            continue;
        scoreThese();
        workspace.progress("Scoring responses", double(done) / double(tokenized.size()),
            fmt::format("{} of {}", done, tokenized.size()));
        if (workspace.stopped())
            fail("Scoring was stopped");
    }
    return scores;
}

} // namespace mpo

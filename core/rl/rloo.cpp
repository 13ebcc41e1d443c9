// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rl/rloo.h"

#include <cassert>

namespace mpo {

AdvantageResult rlooAdvantages(
    std::span<const RolloutSequence> sequences, std::int64_t group, const AdvantageOptions& options)
{
    assert(group >= 2 && std::int64_t(sequences.size()) % group == 0);
    AdvantageResult result;
    std::vector<double> totals; // reward of each response
    for (const RolloutSequence& sequence : sequences) {
        double total = sequence.score;
        for (std::size_t t = 0; t < sequence.logProbs.size(); ++t) {
            const double kl = klEstimate(options.klEstimator, sequence.logProbs[t], sequence.referenceLogProbs[t]);
            result.kl.push_back(kl);
            result.meanKl += kl / double(sequences.size());
            total -= options.klCoefficient * kl;
            result.rewards.push_back(
                -options.klCoefficient * kl + (t + 1 == sequence.logProbs.size() ? sequence.score : 0.0));
        }
        totals.push_back(total);
    }
    for (std::size_t first = 0; first < sequences.size(); first += std::size_t(group)) {
        double sum = 0.0;
        for (std::size_t i = first; i < first + std::size_t(group); ++i)
            sum += totals[i];
        for (std::size_t i = first; i < first + std::size_t(group); ++i) {
            const double others = (sum - totals[i]) / double(group - 1);
            result.advantages.insert(result.advantages.end(), sequences[i].logProbs.size(), totals[i] - others);
        }
    }
    result.whitened = result.advantages;
    return result;
}

} // namespace mpo

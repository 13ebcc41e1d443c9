// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/blind_session.h"

#include "core/support/error.h"
#include "core/support/random.h"

#include <cassert>
#include <numeric>

namespace mpo {

BlindSession makeBlindSession(std::span<const std::string> prompts, std::span<const std::string> firstResponses,
    std::span<const std::string> secondResponses, std::uint64_t seed)
{
    if (prompts.size() != firstResponses.size() || prompts.size() != secondResponses.size())
        fail("A blind session needs one response of each side for every prompt; there are {} prompts, {} and {} "
             "responses",
            prompts.size(), firstResponses.size(), secondResponses.size());
    std::vector<std::int64_t> order(prompts.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed, "evaluation order").shuffle(order);

    RandomStream sideStream(seed, "evaluation sides");
    std::vector<char> leftIsFirst(prompts.size());
    const auto odd = std::size_t(sideStream.below(2)); // an odd item goes to either side
    for (std::size_t i = 0; i < leftIsFirst.size(); ++i)
        leftIsFirst[i] = (i + odd) % 2 == 0;
    sideStream.shuffle(leftIsFirst);

    BlindSession session;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto prompt = std::size_t(order[i]);
        const std::string &first = firstResponses[prompt], &second = secondResponses[prompt];
        const bool firstLeft = leftIsFirst[i] != 0;
        session.items.push_back(
            {std::int64_t(i), prompts[prompt], firstLeft ? first : second, firstLeft ? second : first});
        session.key.push_back({order[i], firstLeft, first == second});
    }
    return session;
}

namespace {

enum class Outcome { None, FirstWon, Tie, FirstLost };

Outcome outcomeOf(const EvaluationKey& key, const std::optional<Verdict>& verdict)
{
    if (key.identical)
        return Outcome::Tie;
    if (!verdict || *verdict == Verdict::Skip)
        return Outcome::None;
    if (*verdict == Verdict::Tie || *verdict == Verdict::BothBad)
        return Outcome::Tie;
    return (*verdict == Verdict::Left) == key.leftIsFirst ? Outcome::FirstWon : Outcome::FirstLost;
}

SourceResult sourceResult(const Tally& tally, double level)
{
    return {tally, winRate(tally), wilsonInterval(winRate(tally), tally.total(), zOfLevel(level))};
}

} // namespace

SessionResult sessionResult(
    std::span<const EvaluationKey> key, std::span<const std::optional<Verdict>> verdicts, double level)
{
    assert(key.size() == verdicts.size());
    SessionResult result;
    Tally tally;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const auto& verdict = verdicts[i];
        switch (outcomeOf(key[i], verdict)) {
        case Outcome::None:
            ++(verdict ? result.skipped : result.unjudged);
            break;
        case Outcome::Tie:
            ++tally.ties;
            if (key[i].identical)
                ++result.identical;
            else if (*verdict == Verdict::BothBad)
                ++result.bothBad;
            break;
        case Outcome::FirstWon:
        case Outcome::FirstLost:
            ++(outcomeOf(key[i], verdict) == Outcome::FirstWon ? tally.wins : tally.losses);
            ++(*verdict == Verdict::Left ? result.left : result.right);
            break;
        }
    }
    result.first = sourceResult(tally, level);
    result.second = sourceResult(tally.mirrored(), level);
    result.p = signTest(tally);
    result.leftBiasP = signTest({result.left, 0, result.right});
    return result;
}

std::vector<double> firstSourcePoints(
    std::span<const EvaluationKey> key, std::span<const std::optional<Verdict>> verdicts)
{
    assert(key.size() == verdicts.size());
    std::vector<double> points;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const Outcome outcome = outcomeOf(key[i], verdicts[i]);
        if (outcome != Outcome::None)
            points.push_back(outcome == Outcome::FirstWon ? 1.0 : outcome == Outcome::Tie ? 0.5 : 0.0);
    }
    return points;
}

} // namespace mpo

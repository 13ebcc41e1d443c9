// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/blind_session.h"

#include "core/support/error.h"
#include "core/support/random.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>
#include <set>

namespace mpo {

namespace {

/// Halves of `count` sides, one more of either where it is odd, in random order.
std::vector<char> drawSides(std::size_t count, RandomStream& random)
{
    std::vector<char> sides(count);
    const auto odd = std::size_t(random.below(2));
    for (std::size_t i = 0; i < count; ++i)
        sides[i] = (i + odd) % 2 == 0;
    random.shuffle(sides);
    return sides;
}

/// Puts `item` somewhere behind place `after`, kRepeatDistance others between them where there are as many.
template<class Item>
void insertBehind(std::vector<Item>& list, std::size_t after, Item item, RandomStream& random)
{
    const std::size_t first = std::min(after + 1 + std::size_t(kRepeatDistance), list.size());
    const auto at = std::int64_t(first) + random.below(std::int64_t(list.size() - first) + 1);
    list.insert(list.begin() + at, std::move(item));
}

} // namespace

BlindSession makeBlindSession(std::span<const std::string> prompts, std::span<const std::string> firstResponses,
    std::span<const std::string> secondResponses, std::uint64_t seed, const SessionChecks& checks)
{
    if (prompts.size() != firstResponses.size() || prompts.size() != secondResponses.size())
        fail("A blind session needs one response of each side for every prompt; there are {} prompts, {} and {} "
             "responses",
            prompts.size(), firstResponses.size(), secondResponses.size());
    std::vector<std::int64_t> order(prompts.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed, "evaluation order").shuffle(order);
    RandomStream sideStream(seed, "evaluation sides");
    const std::vector<char> leftIsFirst = drawSides(order.size(), sideStream);

    // Numbers are given when all have their places; until then a repeat names its prompt.
    std::vector<EvaluationKey> key;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto prompt = std::size_t(order[i]);
        key.push_back({order[i], leftIsFirst[i] != 0, firstResponses[prompt] == secondResponses[prompt]});
    }

    RandomStream goldStream(seed, "evaluation gold");
    const std::vector<char> goldSides = drawSides(checks.gold.size(), goldStream);
    for (std::size_t i = 0; i < checks.gold.size(); ++i) {
        const auto at = goldStream.below(std::int64_t(key.size()) + 1);
        key.insert(key.begin() + at, {std::int64_t(i), goldSides[i] != 0, false, ItemKind::Gold});
    }

    // Repeated are those that leave room behind them, as far as there are enough of these.
    std::vector<std::int64_t> early, late;
    for (std::size_t i = 0; i < key.size(); ++i)
        if (key[i].kind == ItemKind::Ordinary && !key[i].identical)
            (i + std::size_t(kRepeatDistance) < key.size() ? early : late).push_back(key[i].prompt);
    RandomStream repeatStream(seed, "evaluation repeats");
    repeatStream.shuffle(early);
    early.insert(early.end(), late.begin(), late.end());
    early.resize(std::min(early.size(), std::size_t(std::max<std::int64_t>(0, checks.repeats))));
    for (const std::int64_t prompt : early) {
        const auto original = std::find_if(key.begin(), key.end(),
            [&](const EvaluationKey& one) { return one.kind == ItemKind::Ordinary && one.prompt == prompt; });
        const EvaluationKey repeat {prompt, !original->leftIsFirst, false, ItemKind::Repeat};
        insertBehind(key, std::size_t(original - key.begin()), repeat, repeatStream);
    }

    std::map<std::int64_t, std::int64_t> numbers; // of the prompts
    for (std::size_t i = 0; i < key.size(); ++i)
        if (key[i].kind == ItemKind::Ordinary)
            numbers[key[i].prompt] = std::int64_t(i);
    BlindSession session;
    for (EvaluationKey& one : key) {
        const auto at = std::size_t(one.prompt);
        const bool gold = one.kind == ItemKind::Gold;
        const std::string& first = gold ? checks.gold[at].better : firstResponses[at];
        const std::string& second = gold ? checks.gold[at].worse : secondResponses[at];
        if (one.kind == ItemKind::Repeat)
            one.repeatOf = numbers[one.prompt];
        session.items.push_back({std::int64_t(session.items.size()), gold ? checks.gold[at].prompt : prompts[at],
            one.leftIsFirst ? first : second, one.leftIsFirst ? second : first});
    }
    session.key = std::move(key);
    return session;
}

namespace {

/// Exchanges items that come again from the last kRepeatDistance places with ones before that do not.
void leaveRoomForRepeats(std::vector<std::int64_t>& items, std::span<const EvaluationKey> key, RandomStream& random)
{
    std::set<std::int64_t> repeated;
    for (const EvaluationKey& one : key)
        if (one.kind == ItemKind::Repeat)
            repeated.insert(one.repeatOf);
    const std::size_t front = items.size() - std::min(items.size(), std::size_t(kRepeatDistance));
    for (std::size_t i = front; i < items.size(); ++i) {
        std::vector<std::size_t> free;
        for (std::size_t j = 0; j < front; ++j)
            if (!repeated.contains(items[j]))
                free.push_back(j);
        if (repeated.contains(items[i]) && !free.empty())
            std::swap(items[i], items[free[std::size_t(random.below(std::int64_t(free.size())))]]);
    }
}

} // namespace

std::vector<std::int64_t> itemsOfAnnotator(
    std::span<const EvaluationKey> key, std::uint64_t seed, const Overlap& overlap, int annotator)
{
    assert(0 <= annotator && annotator < overlap.annotators && 1 <= overlap.perItem
        && overlap.perItem <= overlap.annotators);
    std::map<std::int64_t, std::int64_t> weights; // of ordinary items: themselves and their repeats
    for (std::size_t i = 0; i < key.size(); ++i)
        if (key[i].kind != ItemKind::Gold)
            ++weights[key[i].kind == ItemKind::Repeat ? key[i].repeatOf : std::int64_t(i)];
    std::vector<std::int64_t> order;
    for (const auto& [item, weight] : weights)
        order.push_back(item);
    RandomStream random(seed, "evaluation overlap");
    random.shuffle(order);
    std::vector<std::int64_t> load(std::size_t(overlap.annotators), 0);
    std::set<std::int64_t> mine;
    for (const std::int64_t item : order) {
        std::vector<int> hands(load.size());
        std::iota(hands.begin(), hands.end(), 0);
        random.shuffle(hands); // so that everybody meets everybody
        std::stable_sort(
            hands.begin(), hands.end(), [&](int a, int b) { return load[std::size_t(a)] < load[std::size_t(b)]; });
        for (int i = 0; i < overlap.perItem; ++i) {
            const int hand = hands[std::size_t(i)];
            load[std::size_t(hand)] += weights[item];
            if (hand == annotator)
                mine.insert(item);
        }
    }
    std::vector<std::int64_t> items;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const EvaluationKey& one = key[i];
        if (one.kind == ItemKind::Gold || mine.contains(one.kind == ItemKind::Repeat ? one.repeatOf : std::int64_t(i)))
            items.push_back(std::int64_t(i));
    }
    return items;
}

std::vector<DrawnPlace> drawPlaces(std::span<const EvaluationKey> key, std::uint64_t seed, const std::string& annotator,
    std::span<const std::int64_t> items)
{
    RandomStream random(seed, "evaluation places of " + annotator);
    const std::set<std::int64_t> chosen(items.begin(), items.end());
    const auto isMine = [&](std::size_t item) { return chosen.empty() || chosen.contains(std::int64_t(item)); };
    std::vector<std::int64_t> originals;
    for (std::size_t i = 0; i < key.size(); ++i)
        if (key[i].kind != ItemKind::Repeat && isMine(i))
            originals.push_back(std::int64_t(i));
    random.shuffle(originals);
    leaveRoomForRepeats(originals, key, random);
    const std::vector<char> sides = drawSides(originals.size(), random);
    std::vector<DrawnPlace> places;
    for (std::size_t i = 0; i < originals.size(); ++i)
        places.push_back({originals[i], sides[i] != 0});

    for (std::size_t i = 0; i < key.size(); ++i) {
        if (key[i].kind != ItemKind::Repeat || !isMine(i))
            continue;
        const auto original = std::find_if(
            places.begin(), places.end(), [&](const DrawnPlace& place) { return place.item == key[i].repeatOf; });
        assert(original != places.end());
        const DrawnPlace repeat {std::int64_t(i), !original->leftIsFirst};
        insertBehind(places, std::size_t(original - places.begin()), repeat, random);
    }
    return places;
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
        if (key[i].kind != ItemKind::Ordinary)
            continue;
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
        if (key[i].kind == ItemKind::Ordinary && outcome != Outcome::None)
            points.push_back(outcome == Outcome::FirstWon ? 1.0 : outcome == Outcome::Tie ? 0.5 : 0.0);
    }
    return points;
}

} // namespace mpo

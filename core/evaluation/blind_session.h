// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/verdict.h"
#include "core/evaluation/statistics.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mpo {

/// What the screen may see of an item: nothing here tells which source stands where.
struct BlindItem
{
    std::int64_t number = 0; ///< from 0, in the order of judging
    std::string prompt, left, right;
};

/// What stays hidden until the session is closed.
struct EvaluationKey
{
    std::int64_t prompt = 0; ///< number of the prompt in the list the session was made from; of a gold item in its list
    bool leftIsFirst = true; ///< the left response is the first source's; of a gold item: the better one
    bool identical = false; ///< both responses are the same text: a tie by rule, nobody needs to be asked
    ItemKind kind = ItemKind::Ordinary;
    std::int64_t repeatOf = -1; ///< of a repeat: number of the item it repeats
};

struct BlindSession
{
    std::vector<BlindItem> items; ///< in the order of judging
    std::vector<EvaluationKey> key; ///< one for each item
};

/// An item whose answer is known.
struct GoldItem
{
    std::string prompt, better, worse;
};

/// Items that test the judge and count in no result.
struct SessionChecks
{
    std::int64_t repeats = 0; ///< prompts that come again, later and with sides exchanged; at most all that differ
    std::vector<GoldItem> gold;
};

/// One item for each prompt, and the checks among them. Sides and order are drawn at random from the seed, sides
/// balanced: the first source stands left in half of the items (one more or less when their number is odd), so that a
/// taste for a side costs both alike. Between an item and its repeat lie at least kRepeatDistance others, where there
/// are as many. Throws Error when the lists differ in length.
BlindSession makeBlindSession(std::span<const std::string> prompts, std::span<const std::string> firstResponses,
    std::span<const std::string> secondResponses, std::uint64_t seed, const SessionChecks& checks = {});

constexpr std::int64_t kRepeatDistance = 10;

/// Where one of several annotators meets an item.
struct DrawnPlace
{
    std::int64_t item = 0; ///< its number in the session
    bool leftIsFirst = true;
};
/// An order and sides for one of several annotators, drawn from the seed and the name, by the same rules. `items`:
/// numbers of those that the annotator is to judge, each repeat with what it repeats; none given: all.
std::vector<DrawnPlace> drawPlaces(std::span<const EvaluationKey> key, std::uint64_t seed, const std::string& annotator,
    std::span<const std::int64_t> items = {});

/// How many people a session is made for, and how many of them judge each of its items.
struct Overlap
{
    int annotators = 1; ///< 1 to kMostAnnotators
    int perItem = 1; ///< 1 to annotators
    bool divides() const { return perItem < annotators; } ///< false: everybody judges everything
};
constexpr int kMostAnnotators = 100;

/// Numbers of the items that one of the annotators gets, rising. Ordinary items are dealt at random, drawn from the
/// seed, so that each has `perItem` judges and all annotators about equally many items; a repeat goes where its
/// original goes, gold items go to everybody. REQUIRES 0 <= annotator < overlap.annotators.
std::vector<std::int64_t> itemsOfAnnotator(
    std::span<const EvaluationKey> key, std::uint64_t seed, const Overlap& overlap, int annotator);

/// One source's side of the result.
struct SourceResult
{
    Tally tally; ///< ties: also "both bad" and identical responses
    double winRate = 0.5;
    Interval interval; ///< Wilson, of the win rate
};

struct SessionResult
{
    SourceResult first, second;
    double p = 1.0; ///< exact two-sided sign test on the decisive items
    std::int64_t bothBad = 0, identical = 0, skipped = 0, unjudged = 0;
    std::int64_t left = 0, right = 0; ///< decisive verdicts by side, whoever stood there
    double leftBiasP = 1.0; ///< sign test on left against right: small when the judge favours a side
};

/// Repeats and gold items count nowhere here. Identical responses are ties whatever the verdict on them, skipped and
/// unjudged items are counted apart and in no rate. REQUIRES one verdict (or none yet) for each entry of the key.
/// `level`: of the intervals.
SessionResult sessionResult(
    std::span<const EvaluationKey> key, std::span<const std::optional<Verdict>> verdicts, double level = 0.95);

/// The same result for each prompt of the session: 1 where the first source won, 1/2 for a tie, 0 where it lost; items
/// without a decision are left out. For bootstrapInterval().
std::vector<double> firstSourcePoints(
    std::span<const EvaluationKey> key, std::span<const std::optional<Verdict>> verdicts);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/pair_edits.h"

#include "core/data/preference_pair.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace mpo {

namespace {

/// Numbers of the changes that count, in order, and of those taken back, the last of them last.
struct History
{
    std::vector<std::int64_t> done, undone;
};

History historyOf(std::span<const PairChange> log)
{
    History history;
    for (const PairChange& change : log) {
        std::vector<std::int64_t>& from = change.kind == PairChange::Kind::Undo ? history.done : history.undone;
        std::vector<std::int64_t>& to = change.kind == PairChange::Kind::Undo ? history.undone : history.done;
        if (change.kind == PairChange::Kind::Edit) {
            history.undone.clear();
        } else {
            if (from.empty() || from.back() != change.of)
                fail("The log of edits is damaged: entry {} takes back or repeats what is not the last change",
                    change.number);
            from.pop_back();
        }
        to.push_back(change.kind == PairChange::Kind::Edit ? change.number : change.of);
    }
    return history;
}

std::optional<std::int64_t> lastOf(const std::vector<std::int64_t>& numbers)
{
    return numbers.empty() ? std::nullopt : std::optional(numbers.back());
}

constexpr std::int64_t kMostNumbers = 100'000'000; ///< more than any data set has pairs

std::int64_t numberFrom(std::string_view text, std::string_view whole)
{
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size() || number < 1)
        fail("\"{}\" names no pairs; give their numbers, from 1, like 3,17,20-25", whole);
    return number;
}

} // namespace

std::string_view pairEditName(PairEdit edit)
{
    switch (edit) {
    case PairEdit::Keep:
        return "keep";
    case PairEdit::Flip:
        return "flip";
    case PairEdit::Drop:
        return "drop";
    }
    return "";
}

PairEdit PairEdits::of(std::int64_t pair) const
{
    return std::binary_search(flipped.begin(), flipped.end(), pair) ? PairEdit::Flip
        : std::binary_search(dropped.begin(), dropped.end(), pair)  ? PairEdit::Drop
                                                                    : PairEdit::Keep;
}

PairEdits editsAfter(std::span<const PairChange> log)
{
    std::map<std::int64_t, PairEdit> state;
    for (const std::int64_t number : historyOf(log).done) {
        const PairChange& change = log[std::size_t(number - log.front().number)];
        for (const std::int64_t pair : change.pairs)
            state[pair] = change.edit;
    }
    PairEdits edits;
    edits.revision = log.empty() ? 0 : log.back().number;
    for (const auto& [pair, edit] : state)
        if (edit != PairEdit::Keep)
            (edit == PairEdit::Flip ? edits.flipped : edits.dropped).push_back(pair);
    return edits;
}

std::optional<std::int64_t> undoable(std::span<const PairChange> log) { return lastOf(historyOf(log).done); }

std::optional<std::int64_t> redoable(std::span<const PairChange> log) { return lastOf(historyOf(log).undone); }

void exchangeResponses(PreferencePair& pair)
{
    std::swap(pair.chosen, pair.rejected);
    std::swap(pair.chosenIds, pair.rejectedIds);
    if (pair.margin)
        pair.margin = -*pair.margin;
}

std::vector<std::int64_t> pairNumbersFrom(std::string_view text)
{
    std::vector<std::int64_t> numbers;
    for (std::string_view rest = text;;) {
        const std::size_t comma = rest.find(',');
        const std::string_view part = rest.substr(0, comma);
        const std::size_t dash = part.find('-');
        const std::int64_t first = numberFrom(part.substr(0, dash), text);
        const std::int64_t last = dash == std::string_view::npos ? first : numberFrom(part.substr(dash + 1), text);
        if (last < first || last - first >= kMostNumbers - std::int64_t(numbers.size()))
            fail("\"{}\" names no pairs; a range goes from the smaller number to the larger, like 20-25", text);
        for (std::int64_t number = first; number <= last; ++number)
            numbers.push_back(number - 1);
        if (comma == std::string_view::npos)
            break;
        rest.remove_prefix(comma + 1);
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
}

std::string pairNumbersText(std::span<const std::int64_t> pairs)
{
    std::string text;
    for (std::size_t first = 0; first < pairs.size();) {
        std::size_t last = first;
        while (last + 1 < pairs.size() && pairs[last + 1] == pairs[last] + 1)
            ++last;
        if (!text.empty())
            text += ',';
        text += std::to_string(pairs[first] + 1);
        if (last > first)
            text += (last == first + 1 ? ',' : '-') + std::to_string(pairs[last] + 1);
        first = last + 1;
    }
    return text;
}

} // namespace mpo

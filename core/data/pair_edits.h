// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

struct PreferencePair;

/// What hands did to a pair of a data set. Flip: chosen and rejected exchanged; Drop: left out of both parts of a
/// split; Keep: as the data have it. The values reach the disk: do not change them.
enum class PairEdit : std::uint8_t { Keep = 0, Flip = 1, Drop = 2 };
std::string_view pairEditName(PairEdit edit); ///< "keep", "flip", "drop"

/// One entry of the log of a data set, which only grows. The number of the last one is the revision of its pairs.
struct PairChange
{
    /// The values reach the disk: do not change them.
    enum class Kind { Edit = 0, Undo = 1, Redo = 2 };
    std::int64_t number = 0; ///< from 1
    Kind kind = Kind::Edit;
    PairEdit edit = PairEdit::Keep; ///< of Undo and Redo: that of the change they mean
    std::vector<std::int64_t> pairs; ///< numbers from 0, rising; of Undo and Redo: those of the change they mean
    std::int64_t of = 0; ///< Undo and Redo: the number of the change that they take back or make again
    std::string who; ///< one line; may be empty
    std::string created; ///< ISO 8601, UTC
};

/// Which pairs are not as the data set has them.
struct PairEdits
{
    std::int64_t revision = 0; ///< number of changes that it comes from; 0: none
    std::vector<std::int64_t> flipped, dropped; ///< numbers from 0, rising; no pair is in both
    bool empty() const { return flipped.empty() && dropped.empty(); }
    PairEdit of(std::int64_t pair) const;
};

/// As a revision: all changes that there are when the command is carried out.
constexpr std::int64_t kLatestEdits = -1;

/// Of changes in order from the first: what they come to.
PairEdits editsAfter(std::span<const PairChange> log);

/// The number of the change that an undo would take back, or a redo would make again. A new edit ends redoing.
std::optional<std::int64_t> undoable(std::span<const PairChange> log);
std::optional<std::int64_t> redoable(std::span<const PairChange> log);

/// What a flip does to a pair: the rejected response becomes the chosen one, and the margin changes its sign.
void exchangeResponses(PreferencePair& pair);

/// "3,17,20-25" -> {2, 16, 19, ..., 24}: people count pairs from 1. Throws Error.
std::vector<std::int64_t> pairNumbersFrom(std::string_view text);
/// The same backwards; numbers from 0, rising.
std::string pairNumbersText(std::span<const std::int64_t> pairs);

} // namespace mpo

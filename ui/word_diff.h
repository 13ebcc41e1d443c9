// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <vector>

namespace mpo {

/// A part of a text, in UTF-16 units.
struct TextSpan
{
    qsizetype first = 0, length = 0;
    bool operator==(const TextSpan&) const = default;
};

struct WordDifference
{
    std::vector<TextSpan> left, right; ///< words that the other text has not at that place; neighbours as one span
    double common = 0.0; ///< share of the words of both that stand in both, 0 to 1; 1 for two empty texts
};

/// What tells two texts apart, by words (Myers, "An O(ND) difference algorithm and its variations", 1986). White space
/// is no difference. Texts that need more than `mostEdits` words put in or left out come back with nothing marked and
/// common = 0.
WordDifference wordDifference(const QString& left, const QString& right, int mostEdits = 600);

} // namespace mpo

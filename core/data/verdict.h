// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace mpo {

/// One answer to "which response is better?". The values reach the disk: do not change them.
enum class Verdict { Left = 0, Right = 1, Tie = 2, Skip = 3, BothBad = 4 };

/// What an item of a blind session is there for. A judge cannot tell. The values reach the disk: do not change them.
enum class ItemKind {
    Ordinary = 0, ///< what the session is about
    Repeat = 1, ///< an ordinary item again with its sides exchanged: is the judge consistent?
    Gold = 2, ///< responses of which one is known to be better: does the judge pay attention?
};

/// The name of a judge that is no person begins so.
inline constexpr std::string_view kModelJudgePrefix = "model:";

/// "left", "right", "tie", "skip", "both_bad": in files and on the command line.
std::string_view verdictName(Verdict verdict);
std::optional<Verdict> verdictFromName(std::string_view name);

} // namespace mpo

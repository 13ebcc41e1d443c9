// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <string>

namespace mpo {

class Project;
struct SplitRow;

/// Whether the command would make this split again: of the same scores, by the same rule, with the same edits by hand.
/// `revision`: the edits that there are of the data now.
bool makesAgain(const SplitPairs& command, const SplitRow& row, std::int64_t revision);

/// "the easy 50 % by cross-fit: 350 easy, 350 hard"
std::string splitText(const SplitRow& row);

/// Throws Error where saving would replace a split of that name which was made otherwise.
void requireNotReplacing(const Project& project, const SplitPairs& command);

} // namespace mpo

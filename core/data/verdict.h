// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace mpo {

/// One answer to "which response is better?". The values reach the disk: do not change them.
enum class Verdict { Left = 0, Right = 1, Tie = 2, Skip = 3, BothBad = 4 };

} // namespace mpo

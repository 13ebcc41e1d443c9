// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/verdict.h"

#include <algorithm>
#include <array>

namespace mpo {

namespace {

constexpr std::array<std::string_view, 5> kNames {"left", "right", "tie", "skip", "both_bad"}; // by value

}

std::string_view verdictName(Verdict verdict) { return kNames[std::size_t(verdict)]; }

std::optional<Verdict> verdictFromName(std::string_view name)
{
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end() ? std::nullopt : std::optional(Verdict(found - kNames.begin()));
}

} // namespace mpo

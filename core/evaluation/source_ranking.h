// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/strengths.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mpo {

/// What one session of two sources says of each of its prompts.
struct RankedSession
{
    std::string name, first, second; ///< of the session and its sources
    std::vector<std::string> prompts;
    std::vector<std::optional<double>> points; ///< of the first source, one for each prompt; nothing: no outcome
};

struct SourceRanking
{
    std::vector<std::string> sources; ///< by falling strength (Bradley-Terry)
    StrengthTable bradleyTerry, davidson; ///< in the order of `sources`
    struct Comparison
    {
        std::string session, first, second;
        Tally tally; ///< of the first source
        double p = 1.0, adjusted = 1.0; ///< exact sign test, and the same after Holm for all sessions here
    };
    std::vector<Comparison> comparisons; ///< one a session
};

/// Orders the sources of several sessions. A prompt that stands in several of them is one unit of the bootstrap.
/// REQUIRES: as many prompts as points in each.
SourceRanking rankSources(
    std::span<const RankedSession> sessions, const BootstrapOptions& bootstrap = {.resamples = 1000});

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"

#include <CLI/App.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace mpo::cli {

/// What --gap, --confidence, --easy-share, --absolute, --contradictory and --edits say.
class SplitRuleOptions
{
public:
    /// `required`: one of the three thresholds must be given.
    SplitRuleOptions(CLI::App& command, bool required);

    // Once the arguments are parsed.
    SplitRule rule() const; ///< without a threshold: gap above 0
    std::int64_t edits() const; ///< a revision, kLatestEdits, or 0 without --edits; throws UsageError

private:
    struct Values;
    std::shared_ptr<Values> m_values;
    CLI::Option* m_gap = nullptr;
    CLI::Option* m_confidence = nullptr;
    CLI::Option* m_share = nullptr;
    CLI::Option* m_contradictory = nullptr;
    CLI::Option* m_edits = nullptr;
};

} // namespace mpo::cli

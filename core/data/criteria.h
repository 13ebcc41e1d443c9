// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/verdict.h"
#include "core/support/json.h"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

// What judges are asked of an item beside the verdict, which is their answer on the whole.

/// Which response is better by one criterion: Left, Right or Tie.
struct CriterionVote
{
    std::string criterion;
    Verdict verdict = Verdict::Tie;
    bool operator==(const CriterionVote&) const = default;
};

constexpr std::size_t kMostCriteria = 6;

struct CriteriaPreset
{
    std::string name; ///< "none", "hh", "summaries"
    std::vector<std::string> criteria;
};
const std::vector<CriteriaPreset>& criteriaPresets();

/// Criteria of a preset by its name, or the user's own as a list with commas: "clear, to the point". Throws Error: a
/// list that requireCriteria() refuses.
std::vector<std::string> criteriaFrom(std::string_view presetOrList);

/// Throws Error saying what is wrong: more than kMostCriteria, one twice, one that is not a line of 2 to 40 bytes,
/// holds a comma or is called "overall", which the verdict is.
void requireCriteria(std::span<const std::string> criteria);

/// Of a session, by its configuration ("criteria"). Throws Error where they are not as requireCriteria() wants them.
std::vector<std::string> criteriaOf(const Json& config);

/// Whether a session asks how much better the better response is, by its configuration ("strength").
bool asksStrength(const Json& config);

/// How much better a person finds the better response. The values reach the disk: do not change them.
enum class Strength { Slightly = 1, Clearly = 2, Much = 3 };
inline constexpr std::array kStrengths {Strength::Slightly, Strength::Clearly, Strength::Much};
std::string_view strengthName(Strength strength); ///< "slightly", "clearly", "much"

/// {"helpful": "left", ...}, as votes are stored and written to files.
Json votesJson(std::span<const CriterionVote> votes);
/// Throws Error: no object, or a vote that is none of left, right and tie. By name of the criterion.
std::vector<CriterionVote> votesOf(const Json& json);

} // namespace mpo

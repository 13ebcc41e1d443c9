// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/criteria.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo {

const std::vector<CriteriaPreset>& criteriaPresets()
{
    static const std::vector<CriteriaPreset> presets {
        {"none", {}}, {"hh", {"helpful", "harmless"}}, {"summaries", {"coverage", "accuracy", "coherence"}}};
    return presets;
}

std::vector<std::string> criteriaFrom(std::string_view presetOrList)
{
    presetOrList = trimmed(presetOrList);
    for (const CriteriaPreset& preset : criteriaPresets())
        if (preset.name == presetOrList)
            return preset.criteria;
    std::vector<std::string> criteria;
    while (!presetOrList.empty()) {
        const auto comma = presetOrList.find(',');
        criteria.emplace_back(trimmed(presetOrList.substr(0, comma)));
        presetOrList = comma == presetOrList.npos ? std::string_view() : presetOrList.substr(comma + 1);
    }
    requireCriteria(criteria);
    return criteria;
}

void requireCriteria(std::span<const std::string> criteria)
{
    constexpr std::size_t kShortest = 2, kLongest = 40;
    if (criteria.size() > kMostCriteria)
        fail("{} criteria are too many to vote on for each item; name at most {}", criteria.size(), kMostCriteria);
    for (std::size_t i = 0; i < criteria.size(); ++i) {
        const std::string& one = criteria[i];
        if (one.size() < kShortest || one.size() > kLongest || one != trimmed(one) || one != toPrintable(one)
            || one.find(',') != one.npos)
            fail("\"{}\" is no name of a criterion: {} to {} bytes on one line, without commas", toPrintable(one),
                kShortest, kLongest);
        if (one == "overall")
            fail("\"overall\" is the verdict itself; leave it out of the criteria");
        if (std::find(criteria.begin(), criteria.begin() + std::ptrdiff_t(i), one)
            != criteria.begin() + std::ptrdiff_t(i))
            fail("The criterion \"{}\" is named twice", one);
    }
}

std::vector<std::string> criteriaOf(const Json& config)
{
    std::vector<std::string> criteria;
    if (!config.is_object() || !config.contains("criteria"))
        return criteria;
    for (const Json& one : config["criteria"]) {
        if (!one.is_string())
            fail("The criteria of a session must be a list of names");
        criteria.push_back(one.get<std::string>());
    }
    requireCriteria(criteria);
    return criteria;
}

bool asksStrength(const Json& config)
{
    const auto found = config.is_object() ? config.find("strength") : config.end();
    return config.is_object() && found != config.end() && found->is_boolean() && found->get<bool>();
}

std::string_view strengthName(Strength strength)
{
    return strength == Strength::Slightly ? "slightly" : strength == Strength::Clearly ? "clearly" : "much";
}

Json votesJson(std::span<const CriterionVote> votes)
{
    Json json = Json::object();
    for (const CriterionVote& vote : votes)
        json[vote.criterion] = verdictName(vote.verdict);
    return json;
}

std::vector<CriterionVote> votesOf(const Json& json)
{
    if (!json.is_object())
        fail("Votes must be an object like {{\"helpful\": \"left\"}}");
    std::vector<CriterionVote> votes;
    for (const auto& [criterion, value] : json.items()) {
        const auto verdict = value.is_string() ? verdictFromName(value.get<std::string>()) : std::nullopt;
        if (verdict != Verdict::Left && verdict != Verdict::Right && verdict != Verdict::Tie)
            fail("The vote on \"{}\" must be left, right or tie", toPrintable(criterion));
        votes.push_back({criterion, *verdict});
    }
    std::ranges::sort(votes, {}, &CriterionVote::criterion);
    return votes;
}

} // namespace mpo

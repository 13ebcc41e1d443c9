// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/token_ids.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

constexpr TokenId kPadding = 50259; ///< fills up the queries of lm-human-preferences: GPT-2 has 50,257 tokens
constexpr std::int64_t kLargestId = 100'000'000;

TokenIds idsOf(const Json& list, const std::string& key, std::string& problem)
{
    TokenIds ids;
    if (!list.is_array() && problem.empty())
        problem = "field \"" + key + "\" is not a list";
    for (const Json& id : list.is_array() ? list : Json::array()) {
        if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > kLargestId) {
            if (problem.empty())
                problem = "field \"" + key + "\" holds something that is not a token id";
            return {};
        }
        ids.push_back(id.get<TokenId>());
    }
    return ids;
}

Parsed parse(const Json& r)
{
    PreferencePair pair;
    std::string problem;
    for (const auto& [key, into] : {std::pair {"prompt_ids", &pair.promptIds}, {"chosen_ids", &pair.chosenIds},
             {"rejected_ids", &pair.rejectedIds}})
        if (r.contains(key))
            *into = idsOf(r[key], key, problem);
    if (!problem.empty())
        return problem;
    if (!pair.hasIds())
        return std::string("the row holds no token ids");
    return withExtras(r, std::move(pair));
}

Parsed parseBest(const Json& r)
{
    Fields in(r);
    std::string problem;
    TokenIds query = idsOf(in.value("query"), "query", problem);
    std::erase(query, kPadding);
    std::vector<TokenIds> samples;
    for (std::string key = "sample0"; r.contains(key); key = "sample" + std::to_string(samples.size()))
        samples.push_back(idsOf(r[key], key, problem));
    const double best = in.number("best");
    if (!in.problem().empty() || !problem.empty())
        return in.problem().empty() ? problem : in.problem();
    if (best < 0 || best >= double(samples.size()))
        return std::string("field \"best\" is no number of a sample");
    Parsed parsed;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (i == std::size_t(best))
            continue;
        PreferencePair& pair = parsed.pairs.emplace_back();
        pair.promptIds = query;
        pair.chosenIds = samples[std::size_t(best)];
        pair.rejectedIds = samples[i];
    }
    return parsed;
}

} // namespace

DatasetFormat tokenIdsFormat()
{
    return {"token-ids", "{\"prompt_ids\", \"chosen_ids\", \"rejected_ids\"}", DatasetKind::Pairs,
        {"prompt_ids", "chosen_ids", "rejected_ids"},
        {{"prompt", "prompt_ids"}, {"chosen", "chosen_ids"}, {"rejected", "rejected_ids"}}, nullptr, parse, true};
}

DatasetFormat promptIdsFormat()
{
    return {"prompt-ids", "{\"prompt_ids\"}", DatasetKind::Prompts, {"prompt_ids"}, {{"prompt", "prompt_ids"}}, nullptr,
        parse, true};
}

DatasetFormat bestSampleFormat()
{
    return {"best-sample", "{\"query\", \"sample0\", \"sample1\", ..., \"best\"}, OpenAI's lm-human-preferences",
        DatasetKind::Pairs, {"query", "sample0", "sample1", "best"},
        {{"prompt", "query"}, {"chosen", "sample that best names"}, {"rejected", "each other sample"}}, nullptr,
        parseBest};
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/ranked_answers.h"

#include "core/data/formats/fields.h"

#include <algorithm>
#include <utility>

namespace mpo {

namespace {

bool areAnswers(const Json& r)
{
    return r["answers"].is_array() && !r["answers"].empty() && r["answers"].front().is_object()
        && r["answers"].front().contains("rank");
}

Parsed parse(const Json& r)
{
    Fields in(r);
    std::string prompt = in.text("prompt");
    const Json& answers = in.value("answers");
    if (!in.problem().empty())
        return in.problem();
    std::vector<std::pair<double, std::string>> ranked;
    for (const Json& answer : answers) {
        Fields fields(answer);
        const double rank = fields.number("rank");
        std::string text = fields.text("answer");
        if (fields.problem().empty())
            ranked.emplace_back(rank, std::move(text));
    }
    if (ranked.size() < 2)
        return std::string("fewer than two answers have a rank");
    const auto byRank = [](const auto& a, const auto& b) { return a.first < b.first; };
    const auto [best, worst] = std::minmax_element(ranked.begin(), ranked.end(), byRank);
    PreferencePair pair;
    if (prompt.find("\n\nHuman:") != std::string::npos) { // the style of HH-RLHF, with a space at its end
        prompt.erase(prompt.find_last_not_of(' ') + 1);
        pair.prompt = std::move(prompt);
        for (std::string* answer : {&best->second, &worst->second})
            answer->insert(0, 1, ' ');
    } else {
        pair = asked(std::move(prompt));
    }
    pair.margin = worst->first - best->first;
    return compared(std::move(pair), std::move(best->second), std::move(worst->second),
        worst->first > best->first ? Better::First : Better::Neither);
}

} // namespace

DatasetFormat rankedAnswersFormat()
{
    return {"ranked-answers", "{\"prompt\", \"answers\"} with \"rank\", Nectar", DatasetKind::Pairs,
        {"prompt", "answers"},
        {{"prompt", "prompt"}, {"chosen", "the answer of the best rank"}, {"rejected", "the answer of the worst rank"},
            {"margin", "ranks between them"}},
        areAnswers, parse};
}

} // namespace mpo

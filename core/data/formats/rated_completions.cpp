// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/rated_completions.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

std::optional<double> scoreOf(const Json& completion)
{
    for (const char* key : {"overall_score", "score"})
        if (const auto found = completion.find(key); found != completion.end())
            if (const auto number = numberOf(*found))
                return number;
    const auto annotations = completion.find("annotations");
    if (annotations == completion.end() || !annotations->is_object())
        return std::nullopt;
    double sum = 0.0;
    int count = 0;
    for (const Json& aspect : *annotations)
        if (const auto rating = aspect.is_object() ? numberOf(aspect.value("Rating", Json())) : std::nullopt) {
            sum += *rating;
            ++count;
        }
    return count > 0 ? std::optional(sum / count) : std::nullopt;
}

bool areCompletions(const Json& r)
{
    return r["completions"].is_array() && !r["completions"].empty() && r["completions"].front().is_object()
        && r["completions"].front().contains("response");
}

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(in.text("instruction"));
    const Json& completions = in.value("completions");
    if (!in.problem().empty())
        return in.problem();
    const Json *best = nullptr, *worst = nullptr;
    double most = 0.0, least = 0.0;
    for (const Json& completion : completions) {
        const auto score = completion.is_object() ? scoreOf(completion) : std::nullopt;
        if (!score)
            continue;
        if (!best || *score > most) {
            best = &completion;
            most = *score;
        }
        if (!worst || *score < least) {
            worst = &completion;
            least = *score;
        }
    }
    if (!best || completions.size() < 2)
        return std::string("fewer than two completions have a score");
    Fields first(*best), second(*worst);
    std::string chosen = first.text("response"), rejected = second.text("response");
    if (!first.problem().empty() || !second.problem().empty())
        return std::string("a completion has no \"response\"");
    pair.margin = most - least;
    return compared(
        std::move(pair), std::move(chosen), std::move(rejected), most > least ? Better::First : Better::Neither);
}

} // namespace

DatasetFormat ratedCompletionsFormat()
{
    return {"rated-completions", "{\"instruction\", \"completions\"} with \"overall_score\", UltraFeedback",
        DatasetKind::Pairs, {"instruction", "completions"},
        {{"prompt", "instruction"}, {"chosen", "the completion with the highest overall_score"},
            {"rejected", "the one with the lowest"}, {"margin", "difference of the scores"}},
        areCompletions, parse};
}

} // namespace mpo

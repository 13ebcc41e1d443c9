// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/hhh_alignment.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

Parsed everyPair(const PreferencePair& start, const std::vector<std::pair<std::string, bool>>& responses)
{
    Parsed parsed;
    for (const auto& [chosen, right] : responses)
        for (const auto& [rejected, alsoRight] : responses) {
            if (!right || alsoRight)
                continue;
            PreferencePair& pair = parsed.pairs.emplace_back(start);
            pair.chosen = chosen;
            pair.rejected = rejected;
        }
    return parsed.pairs.empty() ? Parsed(std::string("there is no right and wrong response")) : parsed;
}

Parsed parseCorrects(const Json& r)
{
    Fields in(r);
    PreferencePair start; // plain text: the responses continue it
    start.prompt = in.text("prompt");
    std::vector<std::pair<std::string, bool>> responses;
    for (const auto& [key, right] : {std::pair {"corrects", true}, {"incorrects", false}})
        for (const Json& text : in.value(key)) {
            if (!text.is_string())
                return std::string("a response is not text");
            responses.emplace_back(text.get<std::string>(), right);
        }
    return in.problem().empty() ? everyPair(start, responses) : Parsed(in.problem());
}

Parsed parseTargetScores(const Json& r)
{
    Fields in(r);
    const PreferencePair start = asked(in.text("input"));
    std::vector<std::pair<std::string, bool>> responses;
    const Json& scores = in.value("target_scores");
    if (!scores.is_object())
        in.fail("field \"target_scores\" is not an object of responses and scores");
    if (!in.problem().empty())
        return in.problem();
    for (const auto& [response, score] : scores.items())
        responses.emplace_back(response, numberOf(score).value_or(0.0) > 0.0);
    return everyPair(start, responses);
}

Parsed parseTargets(const Json& r)
{
    Fields in(r);
    const PreferencePair start = asked(in.text("input"));
    Fields targets(in.value("targets"));
    const Json &choices = targets.value("choices"), &labels = targets.value("labels");
    if (!choices.is_array() || !labels.is_array() || choices.size() != labels.size())
        in.fail("field \"targets\" does not hold as many labels as choices");
    if (!in.problem().empty())
        return in.problem();
    std::vector<std::pair<std::string, bool>> responses;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (!choices[i].is_string())
            return std::string("a response is not text");
        responses.emplace_back(choices[i].get<std::string>(), numberOf(labels[i]).value_or(0.0) > 0.0);
    }
    return everyPair(start, responses);
}

} // namespace

DatasetFormat correctsFormat()
{
    return {"corrects", "{\"prompt\", \"corrects\", \"incorrects\"}, HHH evaluations", DatasetKind::Pairs,
        {"prompt", "corrects", "incorrects"},
        {{"prompt", "prompt"}, {"chosen", "each of corrects"}, {"rejected", "each of incorrects"}}, nullptr,
        parseCorrects};
}

DatasetFormat targetScoresFormat()
{
    return {"target-scores", "{\"input\", \"target_scores\"}, BIG-bench's HHH", DatasetKind::Pairs,
        {"input", "target_scores"},
        {{"prompt", "input"}, {"chosen", "responses scored above 0"}, {"rejected", "the others"}}, nullptr,
        parseTargetScores};
}

DatasetFormat targetsFormat()
{
    return {"targets", "{\"input\", \"targets\"} with \"choices\" and \"labels\", HHH on the hub", DatasetKind::Pairs,
        {"input", "targets"},
        {{"prompt", "input"}, {"chosen", "choices labelled 1"}, {"rejected", "choices labelled 0"}}, nullptr,
        parseTargets};
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/label_studio.h"

#include "core/data/formats/fields.h"

#include <cstdlib>
#include <initializer_list>

namespace mpo {

namespace {

/// Of the Pairwise result in an annotation: 1 left, -1 right, 0 none.
int voteOf(const Json& annotation)
{
    if (!annotation.is_object() || annotation.value("was_cancelled", Json()) == true || !annotation.contains("result")
        || !annotation["result"].is_array())
        return 0;
    for (const Json& result : annotation["result"]) {
        const Json value = result.is_object() ? result.value("value", Json()) : Json();
        const Json selected = value.is_object() ? value.value("selected", Json()) : Json();
        if (selected == "left" || selected == "right")
            return selected == "left" ? 1 : -1;
    }
    return 0;
}

std::string firstText(const Json& data, std::initializer_list<const char*> keys)
{
    for (const char* key : keys)
        if (const auto found = data.find(key); found != data.end() && found->is_string())
            return found->get<std::string>();
    return {};
}

bool areTasks(const Json& r) { return r["data"].is_object() && r["annotations"].is_array(); }

Parsed parse(const Json& r)
{
    if (!r.contains("data") || !r.contains("annotations") || !areTasks(r))
        return std::string("the task has no \"data\" or no \"annotations\"");
    const Json& data = r["data"];
    PreferencePair pair = asked(firstText(data, {"prompt", "question", "instruction", "text"}));
    std::string left = firstText(data, {"answer1", "answer_1", "response1", "response_1", "left", "text1"}),
                right = firstText(data, {"answer2", "answer_2", "response2", "response_2", "right", "text2"});
    int sum = 0, votes = 0;
    for (const Json& annotation : r["annotations"])
        if (const int vote = voteOf(annotation)) {
            sum += vote;
            ++votes;
        }
    if (votes == 0)
        return std::string("nobody has compared the responses of this task yet");
    pair.confidence = 0.5 + 0.5 * double(std::abs(sum)) / votes; // share of the annotations for the winner
    return compared(std::move(pair), std::move(left), std::move(right),
        sum > 0       ? Better::First
            : sum < 0 ? Better::Second
                      : Better::Neither);
}

} // namespace

DatasetFormat labelStudioFormat()
{
    return {"label-studio", "{\"data\", \"annotations\"}: Label Studio's Pairwise tasks", DatasetKind::Pairs,
        {"data", "annotations"},
        {{"prompt", "data.prompt"}, {"chosen", "data.answer1 where left was selected, else data.answer2"},
            {"rejected", "the other"}, {"confidence", "share of the annotations"}},
        areTasks, parse};
}

} // namespace mpo

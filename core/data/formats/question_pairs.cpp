// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/question_pairs.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

DatasetFormat columns(const char* name, const char* description, std::vector<std::string> keys, std::string chosen,
    std::string rejected, std::string promptFrom)
{
    const auto parse = [chosen, rejected](const Json& r) -> Parsed {
        Fields in(r);
        std::string question;
        for (const char* key : {"instruction", "question", "prompt"})
            if (question.empty() && r.contains(key))
                question = in.text(key);
        PreferencePair pair
            = asked(joinedInput(std::move(question), in.textOrNothing("input")), in.textOrNothing("system"));
        pair.chosen = in.text(chosen);
        pair.rejected = in.text(rejected);
        return in.problem().empty() ? withExtras(r, std::move(pair)) : Parsed(in.problem());
    };
    return {name, description, DatasetKind::Pairs, std::move(keys),
        {{"prompt", std::move(promptFrom)}, {"chosen", chosen}, {"rejected", rejected}}, nullptr, parse};
}

bool hasQuestion(const Json& r) { return r.contains("instruction") || r.contains("prompt") || r.contains("question"); }

Parsed parseAutotrain(const Json& r)
{
    Fields in(r);
    PreferencePair pair;
    pair.prompt = in.text("prompt");
    pair.chosen = in.text("text");
    pair.rejected = in.text("rejected_text");
    return in.problem().empty() ? withExtras(r, std::move(pair)) : Parsed(in.problem());
}

} // namespace

DatasetFormat instructionPairsFormat()
{
    return columns("instruction-pairs", "{\"instruction\", \"input\", \"chosen\", \"rejected\"}",
        {"instruction", "chosen", "rejected"}, "chosen", "rejected", "instruction + input");
}

DatasetFormat orcaPairsFormat()
{
    return columns("question-pairs", "{\"system\", \"question\", \"chosen\", \"rejected\"}, Intel's orca pairs",
        {"question", "chosen", "rejected"}, "chosen", "rejected", "system, question");
}

DatasetFormat argillaPairsFormat()
{
    DatasetFormat format = columns("response-pairs",
        "{\"instruction\" or \"prompt\", \"chosen_response\", \"rejected_response\"}, Argilla and H2O",
        {"chosen_response", "rejected_response"}, "chosen_response", "rejected_response",
        "instruction + input, or prompt");
    format.fits = hasQuestion;
    return format;
}

DatasetFormat answerPairsFormat()
{
    DatasetFormat format
        = columns("answer-pairs", "{\"instruction\" or \"prompt\", \"chosen_answer\", \"rejected_answer\"}, H2O",
            {"chosen_answer", "rejected_answer"}, "chosen_answer", "rejected_answer", "instruction + input, or prompt");
    format.fits = hasQuestion;
    return format;
}

DatasetFormat autotrainPairsFormat()
{
    return {"autotrain-pairs", "{\"prompt\", \"text\", \"rejected_text\"}, AutoTrain", DatasetKind::Pairs,
        {"prompt", "text", "rejected_text"}, {{"prompt", "prompt"}, {"chosen", "text"}, {"rejected", "rejected_text"}},
        nullptr, parseAutotrain};
}

} // namespace mpo

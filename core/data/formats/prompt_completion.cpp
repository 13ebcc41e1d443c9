// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/prompt_completion.h"

#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"

namespace mpo {

namespace {

// With a label (KTO) some completions are there to be avoided; training on all of them would be wrong.
bool isUnlabelled(const Json& r) { return !isLabel(r, "label"); }

Parsed parse(const Json& r)
{
    Fields in(r);
    const Json &prompt = in.value("prompt"), &completion = in.value("completion");
    if (!in.problem().empty())
        return in.problem();
    PreferencePair pair;
    if (isMessageList(prompt)) {
        std::string problem;
        auto turns = promptTurns(prompt, prompt.size(), problem);
        if (!turns)
            return problem;
        setTurns(pair, std::move(*turns));
    } else {
        pair.prompt = in.text("prompt");
    }
    auto text = responseText(completion);
    if (!text)
        in.fail("field \"completion\" is not text");
    else
        pair.chosen = std::move(*text);
    return in.problem().empty() ? Parsed(std::move(pair)) : Parsed(in.problem());
}

bool hasOneAnswer(const Json& r)
{
    return !r.contains("chosen") && !r.contains("rejected") && !r.contains("preference");
}

Parsed parseInstruction(const Json& r)
{
    Fields in(r);
    PreferencePair pair
        = asked(joinedInput(in.text("instruction"), in.textOrNothing("input")), in.textOrNothing("system"));
    pair.chosen = in.text("output");
    return in.problem().empty() ? Parsed(std::move(pair)) : Parsed(in.problem());
}

} // namespace

DatasetFormat promptCompletionFormat()
{
    return {"prompt-completion", "{\"prompt\", \"completion\"}, for SFT", DatasetKind::Completions,
        {"prompt", "completion"}, {{"prompt", "prompt"}, {"response", "completion"}}, isUnlabelled, parse, true};
}

DatasetFormat instructionCompletionFormat()
{
    return {"instruction-completion", "{\"instruction\", \"input\", \"output\"}, for SFT", DatasetKind::Completions,
        {"instruction", "output"}, {{"prompt", "instruction + input"}, {"response", "output"}}, hasOneAnswer,
        parseInstruction};
}

} // namespace mpo

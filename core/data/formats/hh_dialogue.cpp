// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/hh_dialogue.h"

#include "core/data/formats/whole_texts.h"

namespace mpo {

namespace {

constexpr std::string_view kMarker = "\n\nAssistant:";

bool fits(const Json& r)
{
    return holdsWholeTexts(r) && r["chosen"].get_ref<const std::string&>().find(kMarker) != std::string::npos;
}

/// Never to each text's own last marker: a response may itself go on in further turns.
std::size_t promptLength(std::string_view common)
{
    const std::size_t marker = common.rfind(kMarker);
    return marker == std::string_view::npos ? marker : marker + kMarker.size();
}

Parsed parse(const Json& r)
{
    return parseWholeTexts(r, promptLength, "the two dialogues share no prompt that ends with \"Assistant:\"");
}

} // namespace

DatasetFormat hhDialogueFormat()
{
    return {"hh-dialogue", "HH-RLHF: {\"chosen\", \"rejected\"} as whole dialogues", DatasetKind::Pairs,
        {"chosen", "rejected"},
        {{"prompt", "what chosen and rejected share, up to \"Assistant:\""}, {"chosen", "rest of chosen"},
            {"rejected", "rest of rejected"}},
        fits, parse, true};
}

} // namespace mpo

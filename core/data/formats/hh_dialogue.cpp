// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/hh_dialogue.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

constexpr std::string_view kMarker = "\n\nAssistant:";

bool fits(const Json& r)
{
    return r["chosen"].is_string() && r["rejected"].is_string() && !r.contains("prompt") && !r.contains("instruction")
        && !r.contains("conversations") && r["chosen"].get_ref<const std::string&>().find(kMarker) != std::string::npos;
}

Parsed parse(const Json& r)
{
    Fields in(r);
    const std::string chosen = in.text("chosen"), rejected = in.text("rejected");
    if (!in.problem().empty())
        return in.problem();
    std::size_t common = 0;
    while (common < chosen.size() && common < rejected.size() && chosen[common] == rejected[common])
        ++common;
    // Never each text's own last marker: a response may itself go on in further turns.
    const std::size_t marker = std::string_view(chosen).substr(0, common).rfind(kMarker);
    if (marker == std::string_view::npos)
        return std::string("the two dialogues share no prompt that ends with \"Assistant:\"");
    const std::size_t end = marker + kMarker.size();
    PreferencePair pair;
    pair.prompt = chosen.substr(0, end);
    pair.chosen = chosen.substr(end);
    pair.rejected = rejected.substr(end);
    return withExtras(r, std::move(pair));
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

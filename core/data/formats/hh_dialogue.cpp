// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/hh_dialogue.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

constexpr std::string_view kMarker = "\n\nAssistant:";

bool matches(const Json& r)
{
    return r.contains("chosen") && r.contains("rejected") && r["chosen"].is_string() && r["rejected"].is_string()
        && !r.contains("prompt") && !r.contains("instruction") && !r.contains("conversations");
}

Parsed parse(const Json& r)
{
    for (const char* key : {"chosen", "rejected"})
        if (!r.contains(key) || !r[key].is_string())
            return std::string("field \"") + key + "\" is missing or not text";
    const std::string chosen = r["chosen"].get<std::string>(), rejected = r["rejected"].get<std::string>();
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
    return pair;
}

} // namespace

DatasetFormat hhDialogueFormat()
{
    return {
        "hh-dialogue", "HH-RLHF: {\"chosen\", \"rejected\"} as whole dialogues", DatasetKind::Pairs, matches, parse};
}

} // namespace mpo

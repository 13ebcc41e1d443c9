// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/instruction_pairs.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

bool matches(const Json& r) { return r.contains("instruction") && r.contains("chosen") && r.contains("rejected"); }

Parsed parse(const Json& r)
{
    for (const char* key : {"instruction", "chosen", "rejected"})
        if (!r.contains(key) || !r[key].is_string())
            return std::string("field \"") + key + "\" is missing or not text";
    std::string prompt = r["instruction"].get<std::string>();
    if (r.contains("input") && r["input"].is_string() && !r["input"].get_ref<const std::string&>().empty())
        prompt += "\n\n" + r["input"].get<std::string>();
    PreferencePair pair;
    setTurns(pair, {{"user", std::move(prompt)}});
    pair.chosen = r["chosen"].get<std::string>();
    pair.rejected = r["rejected"].get<std::string>();
    return pair;
}

} // namespace

DatasetFormat instructionPairsFormat()
{
    return {"instruction-pairs", "{\"instruction\", \"input\", \"chosen\", \"rejected\"}", DatasetKind::Pairs, matches,
        parse};
}

} // namespace mpo

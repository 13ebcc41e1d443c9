// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/sharegpt_pairs.h"

#include "core/data/formats/dialogue.h"

namespace mpo {

namespace {

using Parsed = std::variant<PreferencePair, std::string>;

bool matches(const Json& r) { return r.contains("conversations") && r.contains("chosen") && r.contains("rejected"); }

Parsed parse(const Json& r)
{
    if (!r.contains("conversations") || !isMessageList(r["conversations"]))
        return std::string("field \"conversations\" is not a list of {\"from\", \"value\"}");
    PreferencePair pair;
    std::string problem;
    auto turns = promptTurns(r["conversations"], r["conversations"].size(), problem);
    if (!turns)
        return problem;
    setTurns(pair, std::move(*turns));
    for (const auto& [key, into] : {std::pair {"chosen", &pair.chosen}, {"rejected", &pair.rejected}}) {
        if (!r.contains(key))
            return std::string("field \"") + key + "\" is missing";
        auto text = r[key].is_string() ? r[key].get<std::string>() : messageText(r[key]);
        if (!text)
            return std::string("field \"") + key + "\" has no text";
        *into = std::move(*text);
    }
    return pair;
}

} // namespace

DatasetFormat sharegptPairsFormat()
{
    return {"sharegpt-pairs", "{\"conversations\", \"chosen\", \"rejected\"} with {\"from\", \"value\"}",
        DatasetKind::Pairs, matches, parse};
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/sharegpt_pairs.h"

#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    if (!r.contains("conversations") || !isMessageList(r["conversations"]))
        return std::string("field \"conversations\" is not a list of {\"from\", \"value\"}");
    Fields in(r);
    PreferencePair pair;
    std::string problem;
    auto turns = promptTurns(r["conversations"], r["conversations"].size(), problem);
    if (!turns)
        return problem;
    if (auto system = in.textOrNothing("system"); !system.empty())
        turns->insert(turns->begin(), {"system", std::move(system)});
    setTurns(pair, std::move(*turns));
    for (const auto& [key, into] : {std::pair {"chosen", &pair.chosen}, {"rejected", &pair.rejected}}) {
        if (!r.contains(key))
            return std::string("field \"") + key + "\" is missing";
        auto text = responseText(r[key]);
        if (!text)
            return std::string("field \"") + key + "\" has no text";
        *into = std::move(*text);
    }
    return in.problem().empty() ? withExtras(r, std::move(pair)) : Parsed(in.problem());
}

} // namespace

DatasetFormat sharegptPairsFormat()
{
    return {"sharegpt-pairs", "{\"conversations\", \"chosen\", \"rejected\"} with {\"from\", \"value\"}",
        DatasetKind::Pairs, {"conversations", "chosen", "rejected"},
        {{"prompt", "conversations"}, {"chosen", "chosen"}, {"rejected", "rejected"}}, nullptr, parse};
}

} // namespace mpo

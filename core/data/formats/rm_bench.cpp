// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/rm_bench.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

bool areLists(const Json& r)
{
    const auto texts = [](const Json& list) { return list.is_array() && !list.empty() && list.front().is_string(); };
    return texts(r["chosen"]) && texts(r["rejected"]);
}

Parsed parse(const Json& r)
{
    Fields in(r);
    const PreferencePair asking = asked(in.text("prompt"));
    Parsed parsed;
    for (const Json& chosen : in.value("chosen"))
        for (const Json& rejected : in.value("rejected")) {
            if (!chosen.is_string() || !rejected.is_string())
                in.fail("a response is not text");
            if (!in.problem().empty())
                return in.problem();
            PreferencePair& pair = parsed.pairs.emplace_back(asking);
            pair.chosen = chosen.get<std::string>();
            pair.rejected = rejected.get<std::string>();
        }
    if (parsed.pairs.empty())
        in.fail("there is no response");
    return in.problem().empty() ? parsed : Parsed(in.problem());
}

} // namespace

DatasetFormat rmBenchFormat()
{
    return {"rm-bench", "{\"prompt\", \"chosen\", \"rejected\"} with lists of texts, RM-Bench", DatasetKind::Pairs,
        {"prompt", "chosen", "rejected"},
        {{"prompt", "prompt"}, {"chosen", "each of chosen"}, {"rejected", "each of rejected"}}, areLists, parse};
}

} // namespace mpo

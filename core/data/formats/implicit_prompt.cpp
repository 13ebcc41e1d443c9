// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/implicit_prompt.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

bool fits(const Json& r)
{
    return r["chosen"].is_string() && r["rejected"].is_string() && !r.contains("prompt") && !r.contains("instruction")
        && !r.contains("conversations");
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
    const bool same = common == chosen.size() && common == rejected.size();
    // Cut before a space, which then begins both responses: words stay whole.
    const std::size_t end = chosen.substr(0, common).find_last_of(" \n");
    if (end == std::string::npos || end == 0)
        return std::string(
            same ? "chosen and rejected are the same" : "chosen and rejected share no beginning as a prompt");
    PreferencePair pair;
    pair.prompt = chosen.substr(0, end);
    pair.chosen = chosen.substr(end);
    pair.rejected = rejected.substr(end);
    return withExtras(r, std::move(pair));
}

} // namespace

DatasetFormat implicitPromptFormat()
{
    return {"implicit-prompt", "{\"chosen\", \"rejected\"} as texts with a common beginning", DatasetKind::Pairs,
        {"chosen", "rejected"},
        {{"prompt", "what chosen and rejected begin with"}, {"chosen", "rest of chosen"},
            {"rejected", "rest of rejected"}},
        fits, parse, true};
}

} // namespace mpo

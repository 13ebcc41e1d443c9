// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/implicit_prompt.h"

#include "core/data/formats/whole_texts.h"

namespace mpo {

namespace {

/// Cut before a space, which then begins both responses: words stay whole.
std::size_t promptLength(std::string_view common)
{
    const std::size_t space = common.find_last_of(" \n");
    return space == 0 ? std::string_view::npos : space;
}

Parsed parse(const Json& r)
{
    return parseWholeTexts(r, promptLength, "chosen and rejected share no beginning as a prompt");
}

} // namespace

DatasetFormat implicitPromptFormat()
{
    return {"implicit-prompt", "{\"chosen\", \"rejected\"} as texts with a common beginning", DatasetKind::Pairs,
        {"chosen", "rejected"},
        {{"prompt", "what chosen and rejected begin with"}, {"chosen", "rest of chosen"},
            {"rejected", "rest of rejected"}},
        holdsWholeTexts, parse, true};
}

} // namespace mpo

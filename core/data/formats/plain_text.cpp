// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/plain_text.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

bool isAlone(const Json& r) { return r["text"].is_string() && !r.contains("prompt") && !r.contains("label"); }

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair;
    pair.chosen = in.text("text");
    return in.problem().empty() ? Parsed(std::move(pair)) : Parsed(in.problem());
}

} // namespace

DatasetFormat plainTextFormat()
{
    return {"text", "{\"text\"}: texts without a prompt, for SFT", DatasetKind::Completions, {"text"},
        {{"response", "text"}}, isAlone, parse, true};
}

} // namespace mpo

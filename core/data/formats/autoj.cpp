// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/autoj.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(in.text("prompt"));
    std::string first = in.text("response 1"), second = in.text("response 2");
    const double label = in.number("label");
    if (label != 0.0 && label != 1.0 && label != 2.0)
        in.fail("field \"label\" is none of 0, 1 and 2");
    if (!in.problem().empty())
        return in.problem();
    return compared(std::move(pair), std::move(first), std::move(second),
        label == 0.0       ? Better::First
            : label == 1.0 ? Better::Second
                           : Better::Neither);
}

} // namespace

DatasetFormat autojFormat()
{
    return {"auto-j", "{\"prompt\", \"response 1\", \"response 2\", \"label\"}, auto-j", DatasetKind::Pairs,
        {"prompt", "response 1", "response 2", "label"},
        {{"prompt", "prompt"}, {"chosen", "the response that label names"}, {"rejected", "the other"}}, nullptr, parse};
}

} // namespace mpo

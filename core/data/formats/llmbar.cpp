// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/llmbar.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(in.text("input"));
    std::string first = in.text("output_1"), second = in.text("output_2");
    const double label = in.number("label");
    if (label != 1.0 && label != 2.0)
        in.fail("field \"label\" is neither 1 nor 2");
    if (!in.problem().empty())
        return in.problem();
    return compared(
        std::move(pair), std::move(first), std::move(second), label == 1.0 ? Better::First : Better::Second);
}

} // namespace

DatasetFormat llmbarFormat()
{
    return {"llmbar", "{\"input\", \"output_1\", \"output_2\", \"label\"}, LLMBar", DatasetKind::Pairs,
        {"input", "output_1", "output_2", "label"},
        {{"prompt", "input"}, {"chosen", "the output that label names"}, {"rejected", "the other"}}, nullptr, parse};
}

} // namespace mpo

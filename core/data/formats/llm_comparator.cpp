// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/llm_comparator.h"

#include "core/data/formats/fields.h"

#include <cmath>

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(in.text("input_text"));
    std::string first = in.text("output_text_a"), second = in.text("output_text_b");
    const double score = in.number("score");
    if (!in.problem().empty())
        return in.problem();
    pair.margin = std::abs(score);
    return compared(std::move(pair), std::move(first), std::move(second),
        score > 0       ? Better::First
            : score < 0 ? Better::Second
                        : Better::Neither);
}

} // namespace

DatasetFormat llmComparatorFormat()
{
    return {"llm-comparator", "{\"input_text\", \"output_text_a\", \"output_text_b\", \"score\"}, LLM Comparator",
        DatasetKind::Pairs, {"input_text", "output_text_a", "output_text_b", "score"},
        {{"prompt", "input_text"}, {"chosen", "output_text_a where score is above 0, else b"},
            {"rejected", "the other"}, {"margin", "size of score"}},
        nullptr, parse};
}

} // namespace mpo

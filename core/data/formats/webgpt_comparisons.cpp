// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/webgpt_comparisons.h"

#include "core/data/formats/fields.h"

#include <cmath>

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Fields in(r);
    const Json& question = in.value("question");
    Fields inner(question);
    PreferencePair pair = asked(question.is_object() ? inner.text("full_text") : in.text("question"));
    std::string first = in.text("answer_0"), second = in.text("answer_1");
    const double difference = in.number("score_0") - in.number("score_1");
    if (!in.problem().empty() || !inner.problem().empty())
        return in.problem().empty() ? inner.problem() : in.problem();
    pair.margin = std::abs(difference);
    return compared(std::move(pair), std::move(first), std::move(second),
        difference > 0       ? Better::First
            : difference < 0 ? Better::Second
                             : Better::Neither);
}

} // namespace

DatasetFormat webgptComparisonsFormat()
{
    return {"webgpt-comparisons", "{\"question\", \"answer_0\", \"answer_1\", \"score_0\", \"score_1\"}, WebGPT",
        DatasetKind::Pairs, {"question", "answer_0", "answer_1", "score_0", "score_1"},
        {{"prompt", "question.full_text"}, {"chosen", "the answer of the higher score"}, {"rejected", "the other"},
            {"margin", "difference of the scores"}},
        nullptr, parse};
}

} // namespace mpo

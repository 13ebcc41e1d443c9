// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/reddit_answers.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(in.text("history"));
    std::string a = in.text("human_ref_A"), b = in.text("human_ref_B");
    const double label = in.number("labels");
    if (!in.problem().empty())
        return in.problem();
    if (r.contains("score_ratio"))
        pair.confidence = numberOf(r["score_ratio"]);
    return compared(std::move(pair), std::move(a), std::move(b), label == 1.0 ? Better::First : Better::Second);
}

} // namespace

DatasetFormat redditAnswersFormat()
{
    return {"reddit-answers", "{\"history\", \"human_ref_A\", \"human_ref_B\", \"labels\"}, SHP", DatasetKind::Pairs,
        {"history", "human_ref_A", "human_ref_B", "labels"},
        {{"prompt", "history"}, {"chosen", "human_ref_A where labels is 1, else B"}, {"rejected", "the other"},
            {"confidence", "score_ratio"}},
        nullptr, parse};
}

} // namespace mpo

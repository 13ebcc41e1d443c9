// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/pandalm.h"

#include "core/data/formats/fields.h"

#include <algorithm>

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(joinedInput(in.text("instruction"), in.textOrNothing("input")));
    std::string first = in.text("response1"), second = in.text("response2");
    int votes[3] {};
    int annotators = 0;
    for (std::string key = "annotator1"; r.contains(key); key = "annotator" + std::to_string(annotators + 1)) {
        const double vote = in.number(key);
        if (vote != 0.0 && vote != 1.0 && vote != 2.0)
            in.fail("field \"" + key + "\" is none of 0, 1 and 2");
        ++votes[in.problem().empty() ? int(vote) : 0];
        ++annotators;
    }
    if (!in.problem().empty())
        return in.problem();
    const int most = std::max(votes[1], votes[2]);
    pair.confidence = double(most) / annotators;
    return compared(std::move(pair), std::move(first), std::move(second),
        2 * most <= annotators    ? Better::Neither
            : votes[1] > votes[2] ? Better::First
                                  : Better::Second);
}

} // namespace

DatasetFormat pandalmFormat()
{
    return {"pandalm", "{\"instruction\", \"response1\", \"response2\", \"annotator1\", ...}, PandaLM",
        DatasetKind::Pairs, {"instruction", "response1", "response2", "annotator1"},
        {{"prompt", "instruction + input"}, {"chosen", "the response that most annotators prefer"},
            {"rejected", "the other"}, {"confidence", "share of the annotators"}},
        nullptr, parse};
}

} // namespace mpo

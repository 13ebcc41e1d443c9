// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/safer_responses.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(in.text("prompt"));
    std::string first = in.text("response_0"), second = in.text("response_1");
    const double better = in.number("better_response_id");
    if (better != 0.0 && better != 1.0)
        in.fail("field \"better_response_id\" is neither 0 nor 1");
    if (!in.problem().empty())
        return in.problem();
    return compared(
        std::move(pair), std::move(first), std::move(second), better == 0.0 ? Better::First : Better::Second);
}

} // namespace

DatasetFormat saferResponsesFormat()
{
    return {"better-response", "{\"prompt\", \"response_0\", \"response_1\", \"better_response_id\"}, PKU-SafeRLHF",
        DatasetKind::Pairs, {"prompt", "response_0", "response_1", "better_response_id"},
        {{"prompt", "prompt"}, {"chosen", "the response that better_response_id names"}, {"rejected", "the other"}},
        nullptr, parse};
}

} // namespace mpo

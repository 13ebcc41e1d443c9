// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/preference_annotations.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

constexpr double kMiddle = 1.5; ///< as far from "the first" as from "the second"

Parsed parse(const Json& r)
{
    Fields in(r);
    PreferencePair pair = asked(in.text(r.contains("instruction") ? "instruction" : "prompt"));
    std::string first = in.text("output_1"), second = in.text("output_2");
    const double preference = in.number("preference");
    if (preference != 0.0 && (preference < 1.0 || preference > 2.0))
        in.fail("field \"preference\" is none of 0, 1 and 2");
    if (!in.problem().empty())
        return in.problem();
    const bool tie = preference == 0.0 || preference == kMiddle;
    return compared(std::move(pair), std::move(first), std::move(second),
        tie                        ? Better::Neither
            : preference < kMiddle ? Better::First
                                   : Better::Second);
}

} // namespace

DatasetFormat preferenceAnnotationsFormat()
{
    return {"preference-annotations",
        "{\"instruction\", \"output_1\", \"output_2\", \"preference\"}, AlpacaEval and AutoArena", DatasetKind::Pairs,
        {"output_1", "output_2", "preference"},
        {{"prompt", "instruction"}, {"chosen", "the output that preference names"}, {"rejected", "the other"}}, nullptr,
        parse};
}

} // namespace mpo

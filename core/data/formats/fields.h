// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the formats share: reading fields, and turning a comparison into a pair.
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Reads fields of a record and keeps the first thing that is wrong, so that a format reads on as if all were well.
class Fields
{
public:
    explicit Fields(const Json& record)
        : m_record(record)
    {
    }

    std::string text(std::string_view key); ///< text; empty and a problem when it is missing or something else
    std::string textOrNothing(std::string_view key); ///< also when it is missing or null
    double number(std::string_view key); ///< a number, or a text that is one
    const Json& value(std::string_view key);
    const std::string& problem() const { return m_problem; }
    void fail(std::string problem);

private:
    const Json& m_record;
    std::string m_problem;
};

/// A number, a boolean, or a text that is a number or "true" or "false" (tables have texts only).
std::optional<double> numberOf(const Json& value);

/// Whether the field is there and means true or false, as KTO's labels do.
bool isLabel(const Json& record, const char* key);

/// The text of a value: text itself, a message, or the last of a list of messages.
std::optional<std::string> responseText(const Json& value);

/// A pair whose prompt is one question of a user, after a system message if there is one.
PreferencePair asked(std::string question, std::string system = {});

/// "first\n\nsecond"; the second may be empty.
std::string joinedInput(std::string first, const std::string& second);

enum class Better { First, Second, Neither };
Parsed compared(PreferencePair pair, std::string first, std::string second, Better better);

/// The pair as it is, with margin and confidence where the record has them: "margin", "confidence", or the difference
/// of "score_chosen" and "score_rejected" (UltraFeedback), "chosen-rating" and "rejected-rating" (Argilla).
Parsed withExtras(const Json& record, PreferencePair pair);

} // namespace mpo

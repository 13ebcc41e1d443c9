// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/fields.h"

#include "core/data/formats/dialogue.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mpo {

bool DatasetFormat::matches(const Json& record) const
{
    return std::ranges::all_of(keys, [&](const std::string& key) { return record.contains(key); })
        && (!fits || fits(record));
}

void Fields::fail(std::string problem)
{
    if (m_problem.empty())
        m_problem = std::move(problem);
}

const Json& Fields::value(std::string_view key)
{
    static const Json nothing;
    const auto found = m_record.find(key);
    if (found != m_record.end())
        return *found;
    fail("field \"" + std::string(key) + "\" is missing");
    return nothing;
}

std::string Fields::text(std::string_view key)
{
    const Json& found = value(key);
    if (found.is_string())
        return found.get<std::string>();
    fail("field \"" + std::string(key) + "\" is not text");
    return {};
}

std::string Fields::textOrNothing(std::string_view key)
{
    const auto found = m_record.find(key);
    return found == m_record.end() || found->is_null() ? std::string() : text(key);
}

double Fields::number(std::string_view key)
{
    if (const auto number = numberOf(value(key)))
        return *number;
    fail("field \"" + std::string(key) + "\" is not a number");
    return 0.0;
}

std::optional<double> numberOf(const Json& value)
{
    if (value.is_number())
        return value.get<double>();
    if (value.is_boolean())
        return value.get<bool>() ? 1.0 : 0.0;
    if (!value.is_string())
        return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    for (const auto& [word, number] : {std::pair {"true", 1.0}, {"True", 1.0}, {"false", 0.0}, {"False", 0.0}})
        if (text == word)
            return number;
    double number = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
        return std::nullopt;
    return number;
}

bool isLabel(const Json& record, const char* key)
{
    const auto found = record.find(key);
    const auto number = found == record.end() ? std::nullopt : numberOf(*found);
    return number == 0.0 || number == 1.0;
}

std::optional<std::string> responseText(const Json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_array())
        return value.empty() ? std::nullopt : messageText(value.back());
    return messageText(value);
}

PreferencePair asked(std::string question, std::string system)
{
    PreferencePair pair;
    std::vector<ChatMessage> turns;
    if (!system.empty())
        turns.push_back({"system", std::move(system)});
    turns.push_back({"user", std::move(question)});
    setTurns(pair, std::move(turns));
    return pair;
}

std::string joinedInput(std::string first, const std::string& second)
{
    return second.empty() ? std::move(first) : std::move(first) + "\n\n" + second;
}

Parsed compared(PreferencePair pair, std::string first, std::string second, Better better)
{
    pair.chosen = std::move(better == Better::Second ? second : first);
    pair.rejected = std::move(better == Better::Second ? first : second);
    Parsed parsed(std::move(pair));
    parsed.tie = better == Better::Neither;
    return parsed;
}

Parsed withExtras(const Json& record, PreferencePair pair)
{
    const auto number = [&](const char* key) {
        const auto found = record.find(key);
        return found == record.end() ? std::nullopt : numberOf(*found);
    };
    pair.margin = number("margin");
    pair.confidence = number("confidence");
    for (const auto& [chosen, rejected] :
        {std::pair {"score_chosen", "score_rejected"}, {"chosen_score", "rejected_score"},
            {"chosen-rating", "rejected-rating"}, {"chosen_rating", "rejected_rating"}})
        if (const auto a = number(chosen), b = number(rejected); a && b && !pair.margin)
            pair.margin = *a - *b;
    return pair;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/arguments.h"

#include "core/support/text.h"

#include <algorithm>

namespace mpo::jinja {

Bound::Bound(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> parameters,
    std::size_t required, Naming naming)
    : m_function(function)
    , m_names(parameters.begin(), parameters.end())
    , m_values(parameters.size())
{
    if (arguments.positional.size() > m_values.size())
        stop("{} takes at most {} arguments, not {}", function, m_values.size(), arguments.positional.size());
    std::copy(arguments.positional.begin(), arguments.positional.end(), m_values.begin());
    for (const auto& [name, value] : arguments.named) {
        const auto found = std::find(m_names.begin(), m_names.end(), name);
        if (found == m_names.end() || naming == Naming::PositionalOnly)
            stop("{} takes no argument named \"{}\"", function, toPrintable(name));
        auto& place = m_values[std::size_t(found - m_names.begin())];
        if (place)
            stop("{} is given \"{}\" twice", function, name);
        place = value;
    }
    for (std::size_t i = 0; i < required; ++i) {
        if (!m_values[i])
            stop("{} needs an argument \"{}\"", function, m_names[i]);
    }
}

Value Bound::valueOr(std::size_t parameter, Value fallback) const
{
    return m_values[parameter].value_or(std::move(fallback));
}

const Text& Bound::text(std::size_t parameter) const
{
    const Text* text = at(parameter).text();
    if (!text)
        stop("{} needs a string as \"{}\", not a {}", m_function, m_names[parameter], at(parameter).typeName());
    return *text;
}

std::int64_t Bound::integer(std::size_t parameter, std::int64_t fallback) const
{
    if (!given(parameter))
        return fallback;
    const auto number = at(parameter).integer();
    if (!number)
        stop("{} needs an integer as \"{}\", not a {}", m_function, m_names[parameter], at(parameter).typeName());
    return *number;
}

bool Bound::flag(std::size_t parameter, bool fallback) const
{
    return given(parameter) ? at(parameter).truth() : fallback;
}

} // namespace mpo::jinja

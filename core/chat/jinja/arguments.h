// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/value.h"

#include <initializer_list>

namespace mpo::jinja {

/// What a call passes.
struct Arguments
{
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;
};

/// The arguments in the order of a function's parameters.
class Bound
{
public:
    enum class Naming { Allowed, PositionalOnly };
    /// Fails as Python does for too many, unknown, doubled or missing arguments. `function` names it in the sentence.
    Bound(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> parameters,
        std::size_t required = 0, Naming naming = Naming::Allowed);

    bool given(std::size_t parameter) const { return m_values[parameter].has_value(); }
    const Value& at(std::size_t parameter) const { return *m_values[parameter]; } ///< REQUIRES: given
    Value valueOr(std::size_t parameter, Value fallback) const;
    const Text& text(std::size_t parameter) const; ///< fails where it is not a string
    std::int64_t integer(std::size_t parameter, std::int64_t fallback) const; ///< fails where it is not an integer
    bool flag(std::size_t parameter, bool fallback) const; ///< by truth

private:
    std::string m_function;
    std::vector<std::string> m_names;
    std::vector<std::optional<Value>> m_values;
};

} // namespace mpo::jinja

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/arguments.h"

#include <span>

namespace mpo::jinja {

using Filter = Value (*)(Interpreter& interpreter, const Value& subject, const Arguments& arguments);
using Test = bool (*)(Interpreter& interpreter, const Value& subject, const Arguments& arguments);

template<class Function>
struct Named
{
    std::string_view name;
    Function function;
};

/// nullptr: there is none.
Filter filterNamed(std::string_view name);
Test testNamed(std::string_view name);

// The tables behind filterNamed.
std::span<const Named<Filter>> textFilters();
std::span<const Named<Filter>> numberFilters();
std::span<const Named<Filter>> sequenceFilters();
std::span<const Named<Filter>> lazyFilters(); ///< map, select, reject, selectattr, rejectattr

/// A generator whose items are made when the first is asked for.
Value lazyItems(std::function<std::vector<Value>()> make);

/// The value that an attribute such as "function.name" or 0 leads to; `fallback` where a part is not there.
Value attributePath(
    Interpreter& interpreter, const Value& item, const Value& attribute, const Value* fallback = nullptr);

} // namespace mpo::jinja

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/filters.h"

#include "core/chat/jinja/interpreter.h"

#include <algorithm>

namespace mpo::jinja {

namespace {

/// "function.name.0" -> "function", "name", 0
std::vector<Value> pathParts(const Value& attribute)
{
    if (!attribute.text())
        return {attribute};
    std::vector<Value> parts;
    for (Text& part : split(*attribute.text(), textOf("."), -1, false)) {
        const bool number = !part.empty() && part.size() < 10 && std::all_of(part.begin(), part.end(), isDigit);
        parts.push_back(number ? Value(std::int64_t(std::stoll(utf8Of(part)))) : Value(std::move(part)));
    }
    return parts;
}

} // namespace

Filter filterNamed(std::string_view name)
{
    for (const auto table : {textFilters(), numberFilters(), sequenceFilters(), lazyFilters()}) {
        const auto found
            = std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.name == name; });
        if (found != table.end())
            return found->function;
    }
    return nullptr;
}

Value attributePath(Interpreter& interpreter, const Value& item, const Value& attribute, const Value* fallback)
{
    Value value = item;
    for (const Value& part : pathParts(attribute)) {
        interpreter.charge(1);
        value = itemOf(value, part);
        if (fallback && value.undefined())
            value = *fallback;
    }
    return value;
}

} // namespace mpo::jinja

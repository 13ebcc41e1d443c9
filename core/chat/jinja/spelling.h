// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/value.h"

namespace mpo::jinja {

/// As Python's str() and repr() write a value.
Text spelled(const Value& value);
Text represented(const Value& value);

/// As Python writes a float: the fewest digits that read back as the same number.
std::string spelledFloat(double number);

struct JsonStyle
{
    bool asciiOnly = false, sortKeys = false;
    std::optional<Text> indent; ///< one level of it; empty: all in one line
    Text itemSeparator = textOf(", "), keySeparator = textOf(": ");
};
/// As Python's json.dumps.
Text toJsonText(const Value& value, const JsonStyle& style);

} // namespace mpo::jinja

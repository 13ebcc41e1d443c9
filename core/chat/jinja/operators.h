// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/value.h"

namespace mpo::jinja {

/// + - * / // % ** as Python's, with whole numbers of 64 bits (more fails). "%" on a string formats.
Value binary(std::string_view sign, const Value& left, const Value& right);
Value negated(const Value& operand);
Value unaryPlus(const Value& operand);

/// "%s and %d" % values: the conversions s r d i f F e E g G x X %, with flags, width and precision.
Text formatted(const Text& pattern, const Value& values);

/// Where Python's slice(start, stop, step).indices(length) begins, ends and how it goes; none(): left out.
std::vector<std::size_t> slicePositions(std::size_t length, const Value& start, const Value& stop, const Value& step);

/// Fails where a string of so many characters, or a list of so many items, is more than a template may make.
void checkTextLength(double characters);

} // namespace mpo::jinja

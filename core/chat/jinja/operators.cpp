// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/operators.h"

#include "core/chat/jinja/limits.h"

#include <algorithm>
#include <cmath>

namespace mpo::jinja {

namespace {

[[noreturn]] void tooLarge() { stop("a whole number needs more than 64 bits"); }

std::int64_t floorDivided(std::int64_t a, std::int64_t b)
{
    if (a == INT64_MIN && b == -1)
        tooLarge();
    const std::int64_t quotient = a / b;
    return quotient - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

double floorModulo(double a, double b)
{
    double rest = std::fmod(a, b);
    if (rest != 0 && (rest < 0) != (b < 0))
        rest += b;
    return rest == 0 ? std::copysign(0.0, b) : rest;
}

std::int64_t power(std::int64_t base, std::int64_t exponent)
{
    std::int64_t result = 1;
    while (exponent > 0) {
        if (exponent & 1) {
            if (__builtin_mul_overflow(result, base, &result))
                tooLarge();
        }
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
            tooLarge();
    }
    return result;
}

Value wholeResult(std::string_view sign, std::int64_t a, std::int64_t b)
{
    std::int64_t result = 0;
    if (sign == "+" && !__builtin_add_overflow(a, b, &result))
        return Value(result);
    if (sign == "-" && !__builtin_sub_overflow(a, b, &result))
        return Value(result);
    if (sign == "*" && !__builtin_mul_overflow(a, b, &result))
        return Value(result);
    if (sign == "+" || sign == "-" || sign == "*")
        tooLarge();
    if (sign == "**") {
        if (b >= 0)
            return Value(power(a, b));
        if (a == 0)
            stop("0 has no negative power");
        return Value(std::pow(double(a), double(b)));
    }
    if (b == 0)
        stop("division by zero");
    if (sign == "/")
        return Value(double(a) / double(b));
    const std::int64_t quotient = floorDivided(a, b);
    return Value(sign == "//" ? quotient : a - quotient * b);
}

Value realResult(std::string_view sign, double a, double b)
{
    if (sign == "+")
        return Value(a + b);
    if (sign == "-")
        return Value(a - b);
    if (sign == "*")
        return Value(a * b);
    if (sign == "**") {
        const double result = std::pow(a, b);
        if ((a == 0 && b < 0) || (a < 0 && std::floor(b) != b) || (std::isinf(result) && std::isfinite(a)))
            stop("{} ** {} is no number", a, b);
        return Value(result);
    }
    if (b == 0)
        stop("division by zero");
    if (sign == "/")
        return Value(a / b);
    if (sign == "%")
        return Value(floorModulo(a, b));
    const double rest = floorModulo(a, b);
    const double quotient = (a - rest) / b;
    return Value(quotient == 0 ? std::copysign(0.0, a / b) : std::floor(quotient + 0.5));
}

std::optional<Value> repeated(const Value& sequence, std::int64_t times)
{
    const auto count = std::size_t(std::max<std::int64_t>(0, times));
    if (const Text* text = sequence.text()) {
        checkTextLength(double(text->size()) * double(count));
        Text out;
        out.reserve(text->size() * count);
        for (std::size_t i = 0; i < count && !text->empty(); ++i)
            out += *text;
        return Value(std::move(out));
    }
    const Items* items = sequence.items();
    if (!items || (items->kind != Items::Kind::List && items->kind != Items::Kind::Tuple))
        return {};
    if (double(items->items.size()) * double(count) > double(kMaxItems))
        stop("a list has more than {} items", kMaxItems);
    std::vector<Value> out;
    for (std::size_t i = 0; i < count && !items->items.empty(); ++i)
        out.insert(out.end(), items->items.begin(), items->items.end());
    return Value::list(std::move(out), items->kind);
}

std::optional<Value> joinedSequences(const Value& left, const Value& right)
{
    if (left.text() && right.text()) {
        checkTextLength(double(left.text()->size()) + double(right.text()->size()));
        return Value(*left.text() + *right.text());
    }
    const Items* a = left.items();
    const Items* b = right.items();
    if (!a || !b || a->kind != b->kind || (a->kind != Items::Kind::List && a->kind != Items::Kind::Tuple))
        return {};
    std::vector<Value> out = a->items;
    out.insert(out.end(), b->items.begin(), b->items.end());
    return Value::list(std::move(out), a->kind);
}

} // namespace

void checkTextLength(double characters)
{
    if (characters > double(kMaxCharacters))
        stop("a string is longer than {} characters", kMaxCharacters);
}

Value binary(std::string_view sign, const Value& left, const Value& right)
{
    if (sign == "%" && left.text())
        return Value(formatted(*left.text(), right));
    for (const Value* side : {&left, &right}) {
        if (side->undefined())
            side->undefined()->fail();
    }
    if (left.integer() && right.integer())
        return wholeResult(sign, *left.integer(), *right.integer());
    if (left.number() && right.number())
        return realResult(sign, *left.number(), *right.number());
    std::optional<Value> result;
    if (sign == "+")
        result = joinedSequences(left, right);
    else if (sign == "*" && right.integer())
        result = repeated(left, *right.integer());
    else if (sign == "*" && left.integer())
        result = repeated(right, *left.integer());
    if (!result)
        stop("\"{}\" does not work between a {} and a {}", sign, left.typeName(), right.typeName());
    return *std::move(result);
}

Value negated(const Value& operand)
{
    if (operand.undefined())
        operand.undefined()->fail();
    if (const auto whole = operand.integer())
        return wholeResult("-", 0, *whole);
    if (const auto real = operand.number())
        return Value(-*real);
    stop("\"-\" does not work on a {}", operand.typeName());
}

Value unaryPlus(const Value& operand)
{
    if (operand.undefined())
        operand.undefined()->fail();
    if (const auto whole = operand.integer())
        return Value(*whole);
    if (operand.number())
        return operand;
    stop("\"+\" does not work on a {}", operand.typeName());
}

std::vector<std::size_t> slicePositions(
    std::size_t length, const Value& start, const Value& stopAt, const Value& stepValue)
{
    const auto bound = [](const Value& value) -> std::optional<std::int64_t> {
        if (value.isNone())
            return {};
        if (!value.integer())
            stop("a slice needs whole numbers, not a {}", value.typeName());
        return value.integer();
    };
    const std::int64_t step = bound(stepValue).value_or(1);
    if (step == 0)
        stop("the step of a slice is 0");
    const auto size = std::int64_t(length);
    const std::int64_t lowest = step < 0 ? -1 : 0, highest = step < 0 ? size - 1 : size;
    const auto place = [&](std::optional<std::int64_t> given, std::int64_t otherwise) {
        if (!given)
            return otherwise;
        return std::clamp(*given < 0 ? *given + size : *given, lowest, highest);
    };
    const std::int64_t from = place(bound(start), step < 0 ? highest : lowest);
    const std::int64_t to = place(bound(stopAt), step < 0 ? lowest : highest);
    std::vector<std::size_t> positions;
    for (std::int64_t at = from; step < 0 ? at > to : at < to;) {
        positions.push_back(std::size_t(at));
        if (__builtin_add_overflow(at, step, &at))
            break;
    }
    return positions;
}

} // namespace mpo::jinja

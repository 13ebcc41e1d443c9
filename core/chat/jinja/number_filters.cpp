// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/filters.h"
#include "core/chat/jinja/operators.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace mpo::jinja {

namespace {

constexpr std::int64_t kMaxPrecision = 300; ///< a double has no more digits than that behind its point

/// Without the "_" that Python allows between digits; nothing where they stand elsewhere.
std::optional<std::string> withoutUnderscores(const Text& text)
{
    const std::string trimmed = utf8Of(stripped(text));
    std::string out;
    for (std::size_t i = 0; i < trimmed.size(); ++i) {
        const auto isDigitOrLetter = [&](std::size_t at) {
            return at < trimmed.size() && std::isalnum(static_cast<unsigned char>(trimmed[at])) != 0;
        };
        if (trimmed[i] != '_')
            out += trimmed[i];
        else if (i == 0 || !isDigitOrLetter(i - 1) || !isDigitOrLetter(i + 1))
            return {};
    }
    return out;
}

std::optional<double> parsedFloat(const Text& text)
{
    const auto digits = withoutUnderscores(text);
    if (!digits || digits->empty())
        return {};
    const char* begin = digits->data();
    const char* end = begin + digits->size();
    if (*begin == '+' && digits->size() > 1 && digits->at(1) != '-')
        ++begin;
    double number = 0;
    const auto result = std::from_chars(begin, end, number);
    if (result.ptr != end || result.ec == std::errc::invalid_argument)
        return {};
    if (result.ec == std::errc::result_out_of_range) // from_chars leaves the number alone then
        number = std::strtod(digits->c_str(), nullptr);
    return number;
}

std::optional<std::int64_t> parsedInteger(const Text& text, std::int64_t base)
{
    auto digits = withoutUnderscores(text);
    if (!digits || digits->empty())
        return {};
    const bool negative = digits->front() == '-';
    if (negative || digits->front() == '+')
        digits->erase(0, 1);
    if (digits->size() > 2 && digits->front() == '0') {
        const char kind = char(digits->at(1) | 0x20);
        if ((kind == 'x' && (base == 16 || base == 0)) || (kind == 'o' && (base == 8 || base == 0))
            || (kind == 'b' && (base == 2 || base == 0))) {
            base = kind == 'x' ? 16 : kind == 'o' ? 8 : 2;
            digits->erase(0, 2);
        }
    }
    if (base == 0)
        base = 10;
    if (digits->empty() || digits->front() == '-')
        return {};
    std::int64_t number = 0;
    const auto result = std::from_chars(digits->data(), digits->data() + digits->size(), number, int(base));
    if (result.ptr != digits->data() + digits->size() || result.ec == std::errc::invalid_argument)
        return {};
    if (result.ec == std::errc::result_out_of_range)
        stop("a whole number needs more than 64 bits");
    return negative ? -number : number;
}

std::optional<std::int64_t> truncated(double number)
{
    if (std::isnan(number) || std::isinf(number))
        return {};
    if (!(std::abs(number) < 0x1p63))
        stop("a whole number needs more than 64 bits");
    return std::int64_t(number);
}

void refuseUndefined(const Value& value)
{
    if (value.undefined())
        value.undefined()->fail();
}

Value toInteger(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("int", arguments, {"default", "base"});
    refuseUndefined(subject);
    std::optional<std::int64_t> number;
    if (subject.text()) {
        const std::int64_t base = bound.integer(1, 10);
        if (base != 0 && (base < 2 || base > 36))
            return bound.valueOr(0, Value(std::int64_t(0)));
        number = parsedInteger(*subject.text(), base);
        if (!number) {
            const auto real = parsedFloat(*subject.text());
            number = real ? truncated(*real) : std::nullopt;
        }
    } else if (subject.integer()) {
        number = subject.integer();
    } else if (subject.number()) {
        number = truncated(*subject.number());
        if (!number && std::isinf(*subject.number()))
            stop("int cannot convert an infinite number");
    }
    return number ? Value(*number) : bound.valueOr(0, Value(std::int64_t(0)));
}

Value toFloat(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("float", arguments, {"default"});
    refuseUndefined(subject);
    const std::optional<double> number = subject.text() ? parsedFloat(*subject.text()) : subject.number();
    return number ? Value(*number) : bound.valueOr(0, Value(0.0));
}

Value absolute(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("abs", arguments, {});
    refuseUndefined(subject);
    if (subject.integer())
        return *subject.integer() < 0 ? negated(subject) : Value(*subject.integer());
    if (subject.number())
        return Value(std::abs(*subject.number()));
    stop("abs works on numbers, not on a {}", subject.typeName());
}

/// To the nearest multiple of a power of ten, halves to the even one.
std::int64_t roundedToTens(std::int64_t number, std::int64_t digits)
{
    std::int64_t unit = 1;
    for (std::int64_t i = 0; i < digits; ++i) {
        if (__builtin_mul_overflow(unit, std::int64_t(10), &unit))
            return 0;
    }
    std::int64_t quotient = number / unit;
    const std::int64_t rest = number % unit < 0 ? -(number % unit) : number % unit;
    const std::int64_t other = unit - rest;
    const bool away = rest > other || (rest == other && quotient % 2 != 0);
    quotient += away ? (number < 0 ? -1 : 1) : 0;
    std::int64_t result = 0;
    if (__builtin_mul_overflow(quotient, unit, &result))
        stop("a whole number needs more than 64 bits");
    return result;
}

Value rounded(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("round", arguments, {"precision", "method"});
    refuseUndefined(subject);
    const std::int64_t precision = bound.integer(0, 0);
    const std::string method = bound.given(1) ? utf8Of(bound.text(1)) : "common";
    if (method != "common" && method != "ceil" && method != "floor")
        stop("the method of round is \"common\", \"ceil\" or \"floor\"");
    if (!subject.number() || std::abs(precision) > kMaxPrecision)
        stop("round works on numbers and with at most {} digits", kMaxPrecision);
    if (method != "common") {
        const Value unit = binary("**", Value(std::int64_t(10)), Value(precision));
        const double scaled = *binary("*", subject, unit).number();
        const auto whole = truncated(method == "ceil" ? std::ceil(scaled) : std::floor(scaled));
        if (!whole)
            stop("round cannot round {}", *subject.number());
        return binary("/", Value(*whole), unit);
    }
    if (subject.integer())
        return Value(precision >= 0 ? *subject.integer() : roundedToTens(*subject.integer(), -precision));
    const double number = *subject.number();
    if (!std::isfinite(number))
        return subject;
    if (precision < 0) {
        const double unit = std::pow(10.0, double(-precision));
        return Value(std::nearbyint(number / unit) * unit);
    }
    // Written with so many digits, which rounds the exact number, and read again.
    return Value(std::strtod(fmt::format("{:.{}f}", number, precision).c_str(), nullptr));
}

constexpr std::array kFilters {
    Named<Filter> {"abs", absolute},
    Named<Filter> {"float", toFloat},
    Named<Filter> {"int", toInteger},
    Named<Filter> {"round", rounded},
};

} // namespace

std::span<const Named<Filter>> numberFilters() { return kFilters; }

} // namespace mpo::jinja

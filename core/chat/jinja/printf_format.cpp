// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/operators.h"
#include "core/chat/jinja/spelling.h"

#include <cmath>

namespace mpo::jinja {

namespace {

constexpr std::int64_t kMaxWidth = 1000; ///< of one field; jinja templates have no use for more

struct Conversion
{
    bool left = false, zero = false, plus = false, space = false, alternate = false;
    std::size_t width = 0;
    std::optional<std::size_t> precision;
    char letter = 's';
};

/// Reads one conversion behind its "%" and steps over it.
class ConversionReader
{
public:
    ConversionReader(const Text& pattern, std::size_t& at)
        : m_pattern(pattern)
        , m_at(at)
    {
    }

    std::optional<Text> key() ///< of "%(name)s"
    {
        if (peek() != U'(')
            return {};
        const std::size_t end = m_pattern.find(U')', m_at);
        if (end == m_pattern.npos)
            stop("a format has no \")\" behind its key");
        const Text name = m_pattern.substr(m_at + 1, end - m_at - 1);
        m_at = end + 1;
        return name;
    }

    Conversion read()
    {
        Conversion conversion;
        for (;; ++m_at) {
            const char32_t c = peek();
            if (c == U'-')
                conversion.left = true;
            else if (c == U'0')
                conversion.zero = true;
            else if (c == U'+')
                conversion.plus = true;
            else if (c == U' ')
                conversion.space = true;
            else if (c == U'#')
                conversion.alternate = true;
            else
                break;
        }
        conversion.width = number();
        if (peek() == U'.') {
            ++m_at;
            conversion.precision = number();
        }
        const char32_t letter = peek();
        constexpr std::u32string_view kLetters = U"srdiufFeEgGxX%";
        if (kLetters.find(letter) == kLetters.npos)
            stop("a format has \"%{}\", which is not supported", utf8Of(Text(1, letter)));
        conversion.letter = char(letter);
        ++m_at;
        return conversion;
    }

private:
    char32_t peek() const
    {
        if (m_at >= m_pattern.size())
            stop("a format ends in the middle of a conversion");
        return plain(m_pattern[m_at]);
    }
    std::size_t number()
    {
        std::int64_t result = 0;
        for (; isDigit(peek()); ++m_at) {
            result = result * 10 + std::int64_t(peek() - U'0');
            if (result > kMaxWidth)
                stop("a format asks for a field wider than {}", kMaxWidth);
        }
        return std::size_t(result);
    }

    const Text& m_pattern;
    std::size_t& m_at;
};

std::string digitsOf(const Conversion& conversion, const Value& value)
{
    const auto real = value.number();
    if (!real)
        stop("\"%{}\" formats numbers, not a {}", conversion.letter, value.typeName());
    const auto precision = int(conversion.precision.value_or(6));
    switch (conversion.letter) {
    case 'f':
    case 'F':
        return fmt::format("{:.{}f}", std::abs(*real), precision);
    case 'e':
    case 'E':
        return conversion.letter == 'e' ? fmt::format("{:.{}e}", std::abs(*real), precision)
                                        : fmt::format("{:.{}E}", std::abs(*real), precision);
    case 'g':
    case 'G':
        return conversion.letter == 'g' ? fmt::format("{:.{}g}", std::abs(*real), precision)
                                        : fmt::format("{:.{}G}", std::abs(*real), precision);
    default:
        break;
    }
    std::int64_t whole = 0;
    if (value.integer()) {
        whole = *value.integer();
    } else {
        if (conversion.letter == 'x' || conversion.letter == 'X')
            stop("\"%{}\" formats whole numbers, not a float", conversion.letter);
        if (!(std::abs(*real) < 9e18))
            stop("\"%{}\" cannot format {}", conversion.letter, *real);
        whole = std::int64_t(*real);
    }
    const std::uint64_t magnitude = whole < 0 ? 0 - std::uint64_t(whole) : std::uint64_t(whole);
    const std::string prefix = conversion.alternate ? conversion.letter == 'x' ? "0x" : "0X" : "";
    std::string digits = conversion.letter == 'x' ? fmt::format("{:x}", magnitude)
        : conversion.letter == 'X'                ? fmt::format("{:X}", magnitude)
                                                  : fmt::format("{}", magnitude);
    if (conversion.precision && digits.size() < *conversion.precision)
        digits.insert(0, *conversion.precision - digits.size(), '0');
    return (conversion.letter == 'x' || conversion.letter == 'X' ? prefix : "") + digits;
}

Text padded(const Conversion& conversion, Text sign, Text body)
{
    const std::size_t length = sign.size() + body.size();
    const std::size_t missing = conversion.width > length ? conversion.width - length : 0;
    if (conversion.left)
        return sign + body + Text(missing, U' ');
    if (conversion.zero && conversion.letter != 's' && conversion.letter != 'r')
        return sign + Text(missing, U'0') + body;
    return Text(missing, U' ') + sign + body;
}

Text converted(const Conversion& conversion, const Value& value)
{
    if (conversion.letter == 's' || conversion.letter == 'r') {
        Text text = conversion.letter == 's' ? spelled(value) : represented(value);
        if (conversion.precision && text.size() > *conversion.precision)
            text.resize(*conversion.precision);
        return padded(conversion, {}, std::move(text));
    }
    if (value.undefined())
        value.undefined()->fail();
    const std::string digits = digitsOf(conversion, value);
    const char* sign = std::signbit(*value.number()) && *value.number() != 0 ? "-"
        : conversion.plus                                                    ? "+"
        : conversion.space                                                   ? " "
                                                                             : "";
    return padded(conversion, textOf(sign), textOf(digits));
}

} // namespace

Text formatted(const Text& pattern, const Value& values)
{
    const Items* tuple = values.items() && values.items()->kind == Items::Kind::Tuple ? values.items() : nullptr;
    std::size_t used = 0;
    bool usedKeys = false;
    Text out;
    for (std::size_t i = 0; i < pattern.size();) {
        if (plain(pattern[i]) != U'%') {
            out += pattern[i++];
            continue;
        }
        ++i;
        ConversionReader reader(pattern, i);
        const auto key = reader.key();
        const Conversion conversion = reader.read();
        if (conversion.letter == '%') {
            out += U'%';
            continue;
        }
        if (key) {
            const Value* named = values.dict() ? values.dict()->find(Value(*key)) : nullptr;
            if (!named)
                stop("a format asks for \"{}\", which is not given", utf8Of(*key));
            usedKeys = true;
            out += converted(conversion, *named);
            checkTextLength(double(out.size()));
            continue;
        }
        if (tuple ? used >= tuple->items.size() : used > 0)
            stop("a format needs more values than it is given");
        out += converted(conversion, tuple ? tuple->items[used] : values);
        checkTextLength(double(out.size()));
        ++used;
    }
    const bool mapping = values.dict() || (values.items() && !tuple);
    if (!usedKeys && !mapping && (tuple ? used < tuple->items.size() : used == 0))
        stop("a format is given more values than it needs");
    return out;
}

} // namespace mpo::jinja

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/spelling.h"

#include "core/chat/jinja/limits.h"

#include <charconv>
#include <cmath>

namespace mpo::jinja {

namespace {

/// Python changes to an exponent below 1e-4 and from 1e16 on.
constexpr int kSmallestPlainExponent = -4, kSmallestLargeExponent = 16;

void append(Text& out, std::string_view ascii)
{
    if (out.size() > kMaxCharacters)
        stop("a string is longer than {} characters", kMaxCharacters);
    for (const char c : ascii)
        out += char32_t(static_cast<unsigned char>(c));
}

void appendQuoted(Text& out, const Text& text)
{
    const bool single = text.find(U'\'') != text.npos && text.find(U'"') == text.npos;
    const char32_t quote = single ? U'"' : U'\'';
    out += quote;
    for (const char32_t marked : text) {
        const char32_t mark = marked & kFromData;
        const char32_t c = plain(marked);
        const auto escaped = [&](std::string_view ascii) {
            for (const char letter : ascii)
                out += char32_t(static_cast<unsigned char>(letter)) | mark;
        };
        if (c == quote || c == U'\\') {
            out += U'\\' | mark;
            out += marked;
        } else if (c == U'\n' || c == U'\r' || c == U'\t') {
            escaped(c == U'\n' ? "\\n" : c == U'\r' ? "\\r" : "\\t");
        } else if (isPrintable(c)) {
            out += marked;
        } else {
            escaped(c < 0x100     ? fmt::format("\\x{:02x}", unsigned(c))
                    : c < 0x10000 ? fmt::format("\\u{:04x}", unsigned(c))
                                  : fmt::format("\\U{:08x}", unsigned(c)));
        }
    }
    out += quote;
}

void represent(Text& out, const Value& value);

void representItems(Text& out, const Items& items)
{
    switch (items.kind) {
    case Items::Kind::Range:
        append(out, fmt::format("range({}, {}", items.range[0], items.range[1]));
        append(out, items.range[2] == 1 ? std::string(")") : fmt::format(", {})", items.range[2]));
        return;
    case Items::Kind::Keys:
        append(out, "dict_keys([");
        break;
    case Items::Kind::Values:
        append(out, "dict_values([");
        break;
    case Items::Kind::Pairs:
        append(out, "dict_items([");
        break;
    case Items::Kind::List:
        append(out, "[");
        break;
    case Items::Kind::Tuple:
        append(out, "(");
    }
    for (std::size_t i = 0; i < items.items.size(); ++i) {
        append(out, i > 0 ? ", " : "");
        represent(out, items.items[i]);
    }
    if (items.kind == Items::Kind::List)
        append(out, "]");
    else if (items.kind == Items::Kind::Tuple)
        append(out, items.items.size() == 1 ? ",)" : ")");
    else
        append(out, "])");
}

void represent(Text& out, const Value& value)
{
    if (value.undefined()) {
        append(out, "Undefined");
    } else if (value.isNone()) {
        append(out, "None");
    } else if (const bool* flag = value.as<bool>()) {
        append(out, *flag ? "True" : "False");
    } else if (const auto* whole = value.as<std::int64_t>()) {
        append(out, fmt::format("{}", *whole));
    } else if (const double* real = value.as<double>()) {
        append(out, spelledFloat(*real));
    } else if (value.text()) {
        append(out, "");
        appendQuoted(out, *value.text());
    } else if (value.items()) {
        representItems(out, *value.items());
    } else if (value.dict()) {
        append(out, "{");
        bool first = true;
        for (const auto& [key, item] : value.dict()->entries) {
            append(out, first ? "" : ", ");
            first = false;
            represent(out, key);
            append(out, ": ");
            represent(out, item);
        }
        append(out, "}");
    } else if (Loop* loop = value.loop()) {
        append(out, fmt::format("<LoopContext {}/{}>", loop->index0 + 1, loop->lengthOf()));
    } else {
        // Python would print an address in memory.
        stop("a {} cannot be written as text", value.typeName());
    }
}

struct JsonWriter
{
    const JsonStyle& style;
    Text out;

    void breakLine(int level)
    {
        if (!style.indent)
            return;
        out += U'\n';
        for (int i = 0; i < level; ++i)
            out += *style.indent;
    }

    void writeText(const Text& text)
    {
        append(out, "\"");
        for (const char32_t marked : text) {
            const char32_t c = plain(marked);
            std::string escape;
            switch (c) {
            case U'"':
                escape = "\\\"";
                break;
            case U'\\':
                escape = "\\\\";
                break;
            case U'\n':
                escape = "\\n";
                break;
            case U'\r':
                escape = "\\r";
                break;
            case U'\t':
                escape = "\\t";
                break;
            case U'\f':
                escape = "\\f";
                break;
            case U'\b':
                escape = "\\b";
                break;
            default:
                if (style.asciiOnly && c >= 0x10000)
                    escape = fmt::format(
                        "\\u{:04x}\\u{:04x}", unsigned(0xD7C0 + (c >> 10)), unsigned(0xDC00 + (c & 0x3FF)));
                else if (c < 0x20 || (style.asciiOnly && c >= 0x7F))
                    escape = fmt::format("\\u{:04x}", unsigned(c));
            }
            if (escape.empty())
                out += marked;
            for (const char letter : escape)
                out += char32_t(static_cast<unsigned char>(letter)) | (marked & kFromData);
        }
        append(out, "\"");
    }

    Text keyText(const Value& key)
    {
        if (key.text())
            return *key.text();
        if (const bool* flag = key.as<bool>())
            return textOf(*flag ? "true" : "false");
        if (key.isNone())
            return textOf("null");
        if (const double* real = key.as<double>())
            return textOf(jsonFloat(*real));
        if (key.integer())
            return textOf(fmt::format("{}", *key.integer()));
        stop("tojson cannot write a {} as a key", key.typeName());
    }

    static std::string jsonFloat(double number)
    {
        if (std::isnan(number))
            return "NaN";
        if (std::isinf(number))
            return number > 0 ? "Infinity" : "-Infinity";
        return spelledFloat(number);
    }

    void writeDict(const Dict& dict, int level)
    {
        if (dict.entries.empty()) {
            append(out, "{}");
            return;
        }
        auto entries = dict.entries;
        if (style.sortKeys) {
            std::stable_sort(entries.begin(), entries.end(),
                [](const auto& a, const auto& b) { return compare(a.first, b.first, "<") < 0; });
        }
        append(out, "{");
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (i > 0)
                out += style.itemSeparator;
            breakLine(level + 1);
            writeText(keyText(entries[i].first));
            out += style.keySeparator;
            write(entries[i].second, level + 1);
        }
        breakLine(level);
        append(out, "}");
    }

    void write(const Value& value, int level)
    {
        if (value.isNone()) {
            append(out, "null");
        } else if (const bool* flag = value.as<bool>()) {
            append(out, *flag ? "true" : "false");
        } else if (const auto* whole = value.as<std::int64_t>()) {
            append(out, fmt::format("{}", *whole));
        } else if (const double* real = value.as<double>()) {
            append(out, jsonFloat(*real));
        } else if (value.text()) {
            writeText(*value.text());
        } else if (value.dict()) {
            writeDict(*value.dict(), level);
        } else if (value.items()
            && (value.items()->kind == Items::Kind::List || value.items()->kind == Items::Kind::Tuple)) {
            const auto& items = value.items()->items;
            append(out, "[");
            for (std::size_t i = 0; i < items.size(); ++i) {
                if (i > 0)
                    out += style.itemSeparator;
                breakLine(level + 1);
                write(items[i], level + 1);
            }
            if (!items.empty())
                breakLine(level);
            append(out, "]");
        } else {
            stop("tojson cannot write a {}", value.typeName());
        }
    }
};

} // namespace

std::string spelledFloat(double number)
{
    if (std::isnan(number))
        return "nan";
    if (std::isinf(number))
        return number > 0 ? "inf" : "-inf";
    std::array<char, 40> buffer {};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
    const std::string scientific(buffer.data(), end.ptr);
    const std::size_t e = scientific.find('e');
    const int exponent = std::stoi(scientific.substr(e + 1));
    if (exponent < kSmallestPlainExponent || exponent >= kSmallestLargeExponent)
        return scientific;
    const auto plainEnd = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
    std::string text(buffer.data(), plainEnd.ptr);
    return text.find('.') == text.npos ? text + ".0" : text;
}

Text represented(const Value& value)
{
    Text out;
    represent(out, value);
    return out;
}

Text spelled(const Value& value)
{
    if (value.text())
        return *value.text();
    if (value.undefined())
        return {};
    return represented(value);
}

Text toJsonText(const Value& value, const JsonStyle& style)
{
    JsonWriter writer {style, {}};
    writer.write(value, 0);
    return std::move(writer.out);
}

} // namespace mpo::jinja

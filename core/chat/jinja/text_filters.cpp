// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/filters.h"
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/operators.h"
#include "core/chat/jinja/spelling.h"

#include <algorithm>

namespace mpo::jinja {

namespace {

constexpr std::int64_t kMaxIndent = 1000;

template<Text (*change)(TextView)>
Value changed(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("the filter", arguments, {});
    return Value(change(spelled(subject)));
}

Text same(TextView text) { return Text(text); }

/// Every word begins with a capital; words begin behind white space, "-" and opening brackets.
Text titled(TextView text)
{
    const auto starts = [](char32_t character) {
        constexpr std::u32string_view kStarts = U"-({[<";
        return isSpace(character) || kStarts.find(plain(character)) != kStarts.npos;
    };
    Text out;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && starts(text[end]) == starts(text[begin]))
            ++end;
        const TextView word = text.substr(begin, end - begin);
        out += upper(word.substr(0, 1));
        out += lower(word.substr(1));
        begin = end;
    }
    return out;
}

Text escaped(TextView text)
{
    Text out;
    for (const char32_t marked : text) {
        const char* escape = nullptr;
        switch (plain(marked)) {
        case U'&':
            escape = "&amp;";
            break;
        case U'<':
            escape = "&lt;";
            break;
        case U'>':
            escape = "&gt;";
            break;
        case U'"':
            escape = "&#34;";
            break;
        case U'\'':
            escape = "&#39;";
            break;
        default:
            out += marked;
            continue;
        }
        for (const char* letter = escape; *letter != '\0'; ++letter)
            out += char32_t(*letter) | (marked & kFromData);
    }
    return out;
}

Value trim(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("trim", arguments, {"chars"});
    const Text text = spelled(subject);
    if (!bound.given(0) || bound.at(0).isNone())
        return Value(Text(stripped(text)));
    return Value(Text(stripped(text, bound.text(0), Ends::Both)));
}

Value replace(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("replace", arguments, {"old", "new", "count"}, 2);
    const Text text = spelled(subject), from = spelled(bound.at(0)), to = spelled(bound.at(1));
    checkSearch(text, from);
    checkTextLength(double(text.size())
        + (double(text.size()) / double(std::max<std::size_t>(1, from.size())) + 1) * double(to.size()));
    const bool all = !bound.given(2) || bound.at(2).isNone();
    return Value(replaced(text, from, to, all ? -1 : bound.integer(2, -1)));
}

Value indent(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("indent", arguments, {"width", "first", "blank"});
    if (subject.undefined())
        subject.undefined()->fail();
    if (!subject.text())
        stop("indent works on strings, not on a {}", subject.typeName());
    Text step = textOf("    ");
    if (bound.given(0) && bound.at(0).text()) {
        step = bound.text(0);
    } else if (bound.given(0)) {
        if (bound.integer(0, 0) > kMaxIndent)
            stop("indent makes at most {} spaces", kMaxIndent);
        step = Text(std::size_t(std::max<std::int64_t>(0, bound.integer(0, 0))), U' ');
    }
    const auto lines = splitLines(*subject.text() + textOf("\n"), false);
    const bool first = bound.flag(1, false), blank = bound.flag(2, false);
    Text out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0)
            out += U'\n';
        if (i == 0 ? first : blank || !lines[i].empty())
            out += step;
        out += lines[i];
        checkTextLength(double(out.size()));
    }
    return Value(std::move(out));
}

Value center(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("center", arguments, {"width"});
    const Text text = spelled(subject);
    const std::int64_t width = bound.integer(0, 80);
    checkTextLength(double(width));
    const std::int64_t missing = std::max<std::int64_t>(0, width - std::int64_t(text.size()));
    // Where it cannot be even, Python looks at both numbers.
    const std::int64_t left = missing / 2 + (missing & width & 1);
    return Value(Text(std::size_t(left), U' ') + text + Text(std::size_t(missing - left), U' '));
}

Value truncate(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("truncate", arguments, {"length", "killwords", "end", "leeway"});
    const std::int64_t length = bound.integer(0, 255), leeway = bound.integer(3, 5);
    const Text end = bound.given(2) ? bound.text(2) : textOf("...");
    if (!subject.text())
        stop("truncate works on strings, not on a {}", subject.typeName());
    if (length < std::int64_t(end.size()) || leeway < 0)
        stop("truncate needs a length of at least {} and no negative leeway", end.size());
    const Text& text = *subject.text();
    if (std::int64_t(text.size()) <= length + leeway)
        return subject;
    Text kept = text.substr(0, std::size_t(length) - end.size());
    if (!bound.flag(1, false))
        kept = split(kept, textOf(" "), 1, true).front();
    return Value(kept + end);
}

Value wordCount(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("wordcount", arguments, {});
    std::int64_t words = 0;
    bool inWord = false;
    for (const char32_t character : spelled(subject)) {
        const bool letter = isWordCharacter(character);
        words += letter && !inWord ? 1 : 0;
        inWord = letter;
    }
    return Value(words);
}

Value format(Interpreter&, const Value& subject, const Arguments& arguments)
{
    if (!arguments.positional.empty() && !arguments.named.empty())
        stop("format takes values in order or by name, not both");
    if (arguments.named.empty())
        return Value(formatted(spelled(subject), Value::list(arguments.positional, Items::Kind::Tuple)));
    std::vector<std::pair<Value, Value>> named;
    for (const auto& [name, value] : arguments.named)
        named.emplace_back(Value(textOf(name)), value);
    return Value(formatted(spelled(subject), Value::dict(std::move(named))));
}

Value toJson(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
    JsonStyle style;
    style.asciiOnly = bound.flag(0, false);
    style.sortKeys = bound.flag(3, false);
    if (bound.given(1) && !bound.at(1).isNone()) {
        style.itemSeparator = textOf(",");
        if (bound.at(1).text()) {
            style.indent = bound.text(1);
        } else {
            if (bound.integer(1, 0) > kMaxIndent)
                stop("tojson indents by at most {} spaces", kMaxIndent);
            style.indent = Text(std::size_t(std::max<std::int64_t>(0, bound.integer(1, 0))), U' ');
        }
    }
    if (bound.given(2) && !bound.at(2).isNone()) {
        const std::vector<Value> separators = collect(bound.at(2));
        if (separators.size() != 2 || !separators[0].text() || !separators[1].text())
            stop("tojson needs two strings as separators");
        style.itemSeparator = *separators[0].text();
        style.keySeparator = *separators[1].text();
    }
    return Value(toJsonText(subject, style));
}

constexpr std::array kFilters {
    Named<Filter> {"capitalize", changed<capitalized>},
    Named<Filter> {"center", center},
    Named<Filter> {"e", changed<escaped>},
    Named<Filter> {"escape", changed<escaped>},
    Named<Filter> {"forceescape", changed<escaped>},
    Named<Filter> {"format", format},
    Named<Filter> {"indent", indent},
    Named<Filter> {"lower", changed<lower>},
    Named<Filter> {"replace", replace},
    Named<Filter> {"safe", changed<same>},
    Named<Filter> {"string", changed<same>},
    Named<Filter> {"title", changed<titled>},
    Named<Filter> {"tojson", toJson},
    Named<Filter> {"trim", trim},
    Named<Filter> {"truncate", truncate},
    Named<Filter> {"upper", changed<upper>},
    Named<Filter> {"wordcount", wordCount},
};

} // namespace

std::span<const Named<Filter>> textFilters() { return kFilters; }

} // namespace mpo::jinja

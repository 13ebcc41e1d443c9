// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/operators.h"
#include "core/chat/jinja/spelling.h"

#include <algorithm>

namespace mpo::jinja {

namespace {

using Method = Value (*)(std::string_view name, const Text& text, const Arguments& arguments);
constexpr auto kPositional = Bound::Naming::PositionalOnly;

Value textList(std::vector<Text> texts, Items::Kind kind = Items::Kind::List)
{
    std::vector<Value> items;
    items.reserve(texts.size());
    for (Text& text : texts)
        items.emplace_back(std::move(text));
    return Value::list(std::move(items), kind);
}

template<Text (*change)(TextView)>
Value changed(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound none(name, arguments, {});
    return Value(change(text));
}

template<Ends ends>
Value strip(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"characters"}, 0, kPositional);
    if (!bound.given(0) || bound.at(0).isNone())
        return Value(Text(stripped(text, ends)));
    return Value(Text(stripped(text, bound.text(0), ends)));
}

template<bool fromRight>
Value splitParts(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"sep", "maxsplit"});
    const std::int64_t limit = bound.integer(1, -1);
    if (!bound.given(0) || bound.at(0).isNone())
        return textList(splitAtSpace(text, limit, fromRight));
    if (bound.text(0).empty())
        stop("{} needs a separator that is not empty", name);
    checkSearch(text, bound.text(0));
    return textList(split(text, bound.text(0), limit, fromRight));
}

Value lines(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"keepends"});
    return textList(splitLines(text, bound.flag(0, false)));
}

template<bool fromRight>
Value partition(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"separator"}, 1, kPositional);
    const Text& separator = bound.text(0);
    if (separator.empty())
        stop("{} needs a separator that is not empty", name);
    checkSearch(text, separator);
    std::vector<Text> parts = split(text, separator, 1, fromRight);
    if (parts.size() == 2)
        return textList({parts[0], separator, parts[1]}, Items::Kind::Tuple);
    return textList({fromRight ? Text() : text, Text(), fromRight ? text : Text()}, Items::Kind::Tuple);
}

Value replace(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"old", "new", "count"}, 2, kPositional);
    checkSearch(text, bound.text(0));
    const double most = double(text.size()) / double(std::max<std::size_t>(1, bound.text(0).size())) + 1;
    checkTextLength(double(text.size()) + most * double(bound.text(1).size()));
    return Value(replaced(text, bound.text(0), bound.text(1), bound.integer(2, -1)));
}

Value join(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"iterable"}, 1, kPositional);
    Text out;
    bool first = true;
    for (const Value& item : collect(bound.at(0))) {
        if (!item.text())
            stop("join joins strings, not a {}", item.typeName());
        if (!std::exchange(first, false))
            out += text;
        out += *item.text();
        checkTextLength(double(out.size()));
    }
    return Value(std::move(out));
}

/// The part that start and end of a method like find(what, start, end) choose.
struct Part
{
    TextView text;
    std::size_t begin = 0;
    bool valid = true; ///< the start lies within the text
};

Part chosenPart(const Text& text, const Bound& bound)
{
    const auto size = std::int64_t(text.size());
    const auto place = [&](std::size_t parameter, std::int64_t otherwise) {
        const bool given = bound.given(parameter) && !bound.at(parameter).isNone();
        const std::int64_t at = given ? bound.integer(parameter, 0) : otherwise;
        return std::max<std::int64_t>(0, at < 0 ? at + size : at);
    };
    const std::int64_t begin = place(1, 0), end = std::min(place(2, size), size);
    if (begin > end)
        return {{}, std::size_t(std::min(begin, size)), false};
    return {TextView(text).substr(std::size_t(begin), std::size_t(end - begin)), std::size_t(begin), true};
}

template<bool atEnd>
Value affix(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"affix", "start", "end"}, 1, kPositional);
    const Part part = chosenPart(text, bound);
    const auto fits = [&](const Value& wanted) {
        if (!wanted.text())
            stop("{} needs a string or a tuple of them, not a {}", name, wanted.typeName());
        return part.valid && (atEnd ? part.text.ends_with(*wanted.text()) : part.text.starts_with(*wanted.text()));
    };
    const Items* several = bound.at(0).items();
    if (several && several->kind == Items::Kind::Tuple)
        return Value(std::any_of(several->items.begin(), several->items.end(), fits));
    return Value(fits(bound.at(0)));
}

template<bool fromRight, bool mustExist>
Value find(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"wanted", "start", "end"}, 1, kPositional);
    const Part part = chosenPart(text, bound);
    checkSearch(text, bound.text(0));
    const std::size_t found = !part.valid ? part.text.npos
        : fromRight                       ? part.text.rfind(bound.text(0))
                                          : part.text.find(bound.text(0));
    if (found == part.text.npos && mustExist)
        stop("{} finds nothing", name);
    return Value(found == part.text.npos ? std::int64_t(-1) : std::int64_t(part.begin + found));
}

Value count(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"wanted", "start", "end"}, 1, kPositional);
    const Part part = chosenPart(text, bound);
    const Text& wanted = bound.text(0);
    checkSearch(text, wanted);
    if (!part.valid)
        return Value(std::int64_t(0));
    if (wanted.empty())
        return Value(std::int64_t(part.text.size()) + 1);
    std::int64_t number = 0;
    for (std::size_t at = part.text.find(wanted); at != part.text.npos; at = part.text.find(wanted, at + wanted.size()))
        ++number;
    return Value(number);
}

template<bool (*holds)(char32_t)>
Value allAre(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound none(name, arguments, {});
    return Value(!text.empty() && std::all_of(text.begin(), text.end(), holds));
}

bool isLetterOrDigit(char32_t character) { return isLetter(character) || isDigit(character); }

/// str.isupper and str.islower: the letters that have two forms all have this one.
template<bool (*right)(char32_t), bool (*wrong)(char32_t)>
Value caseIs(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound none(name, arguments, {});
    return Value(std::any_of(text.begin(), text.end(), right) && std::none_of(text.begin(), text.end(), wrong));
}

template<bool atEnd>
Value withoutAffix(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"affix"}, 1, kPositional);
    const Text& affix = bound.text(0);
    if (atEnd ? !text.ends_with(affix) : !text.starts_with(affix))
        return Value(text);
    return Value(atEnd ? text.substr(0, text.size() - affix.size()) : text.substr(affix.size()));
}

template<int side> // -1: text at the left, 1: at the right
Value justified(std::string_view name, const Text& text, const Arguments& arguments)
{
    const Bound bound(name, arguments, {"width", "fill"}, 1, kPositional);
    const Text fill = bound.given(1) ? bound.text(1) : textOf(" ");
    if (fill.size() != 1)
        stop("{} fills with one character", name);
    checkTextLength(double(bound.integer(0, 0)));
    const auto missing = std::size_t(std::max<std::int64_t>(0, bound.integer(0, 0) - std::int64_t(text.size())));
    return Value(side < 0 ? text + Text(missing, fill[0]) : Text(missing, fill[0]) + text);
}

Value unsupported(std::string_view name, const Text&, const Arguments&)
{
    stop("the method \"{}\" of strings is not supported", name);
}

struct NamedMethod
{
    std::string_view name;
    Method method;
};

constexpr std::array kMethods {
    NamedMethod {"upper", changed<upper>},
    NamedMethod {"lower", changed<lower>},
    NamedMethod {"title", changed<titleCased>},
    NamedMethod {"capitalize", changed<capitalized>},
    NamedMethod {"strip", strip<Ends::Both>},
    NamedMethod {"lstrip", strip<Ends::Left>},
    NamedMethod {"rstrip", strip<Ends::Right>},
    NamedMethod {"split", splitParts<false>},
    NamedMethod {"rsplit", splitParts<true>},
    NamedMethod {"splitlines", lines},
    NamedMethod {"partition", partition<false>},
    NamedMethod {"rpartition", partition<true>},
    NamedMethod {"replace", replace},
    NamedMethod {"join", join},
    NamedMethod {"startswith", affix<false>},
    NamedMethod {"endswith", affix<true>},
    NamedMethod {"find", find<false, false>},
    NamedMethod {"rfind", find<true, false>},
    NamedMethod {"index", find<false, true>},
    NamedMethod {"rindex", find<true, true>},
    NamedMethod {"count", count},
    NamedMethod {"isdigit", allAre<isDigit>},
    NamedMethod {"isnumeric", allAre<isDigit>},
    NamedMethod {"isdecimal", allAre<isDigit>},
    NamedMethod {"isalpha", allAre<isLetter>},
    NamedMethod {"isalnum", allAre<isLetterOrDigit>},
    NamedMethod {"isspace", allAre<isSpace>},
    NamedMethod {"isupper", caseIs<isUpper, isLower>},
    NamedMethod {"islower", caseIs<isLower, isUpper>},
    NamedMethod {"removeprefix", withoutAffix<false>},
    NamedMethod {"removesuffix", withoutAffix<true>},
    NamedMethod {"ljust", justified<-1>},
    NamedMethod {"rjust", justified<1>},
    NamedMethod {"format", unsupported},
    NamedMethod {"format_map", unsupported},
    NamedMethod {"center", unsupported},
    NamedMethod {"zfill", unsupported},
    NamedMethod {"swapcase", unsupported},
    NamedMethod {"casefold", unsupported},
    NamedMethod {"encode", unsupported},
    NamedMethod {"expandtabs", unsupported},
    NamedMethod {"translate", unsupported},
    NamedMethod {"maketrans", unsupported},
    NamedMethod {"istitle", unsupported},
    NamedMethod {"isascii", unsupported},
    NamedMethod {"isidentifier", unsupported},
    NamedMethod {"isprintable", unsupported},
};

} // namespace

std::optional<Value> textMethod(const Value& text, std::string_view name)
{
    const auto found = std::find_if(
        kMethods.begin(), kMethods.end(), [&](const NamedMethod& method) { return method.name == name; });
    if (found == kMethods.end())
        return {};
    return Value::function(std::string(name),
        [text, found](Arguments& arguments) { return found->method(found->name, *text.text(), arguments); });
}

} // namespace mpo::jinja

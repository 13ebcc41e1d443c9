// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/operators.h"
#include "core/chat/jinja/spelling.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo::jinja {

namespace {

bool isOneOf(std::string_view name, std::initializer_list<std::string_view> names)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

Value unsafe(const Value& value, std::string_view name)
{
    return Value::undefined(fmt::format(
        "\"{}\" of a {} would change it, which a chat template may not do", toPrintable(name), value.typeName()));
}

Value missing(const Value& value, std::string_view name)
{
    return Value::undefined(fmt::format("a {} has no \"{}\"", value.typeName(), toPrintable(shortened(name, 60))));
}

/// `build`: from the dict to the items of a list of the kind.
Value dictList(const Value& value, Items::Kind kind, const Arguments& arguments)
{
    const Bound none(kind == Items::Kind::Keys ? "keys"
            : kind == Items::Kind::Values      ? "values"
                                               : "items",
        arguments, {});
    std::vector<Value> items;
    for (const auto& [key, item] : value.dict()->entries) {
        items.push_back(kind == Items::Kind::Keys ? key
                : kind == Items::Kind::Values     ? item
                                                  : Value::list({key, item}, Items::Kind::Tuple));
    }
    return Value::list(std::move(items), kind);
}

std::optional<Value> dictMethod(const Value& value, std::string_view name)
{
    if (name == "get") {
        return Value::function("get", [value](Arguments& arguments) {
            const Bound bound("get", arguments, {"key", "default"}, 1, Bound::Naming::PositionalOnly);
            const Value* found = value.dict()->find(bound.at(0));
            return found ? *found : bound.valueOr(1, Value::none());
        });
    }
    if (isOneOf(name, {"keys", "values", "items"})) {
        const Items::Kind kind = name == "keys" ? Items::Kind::Keys
            : name == "values"                  ? Items::Kind::Values
                                                : Items::Kind::Pairs;
        return Value::function(
            std::string(name), [value, kind](Arguments& arguments) { return dictList(value, kind, arguments); });
    }
    if (name == "copy") {
        return Value::function("copy", [value](Arguments& arguments) {
            const Bound none("copy", arguments, {});
            return value;
        });
    }
    if (isOneOf(name, {"clear", "pop", "popitem", "setdefault", "update"}))
        return unsafe(value, name);
    return {};
}

std::optional<Value> listMethod(const Value& value, std::string_view name)
{
    const Items::Kind kind = value.items()->kind;
    if (kind == Items::Kind::Keys || kind == Items::Kind::Values || kind == Items::Kind::Pairs)
        return {};
    if (name == "count") {
        return Value::function("count", [value](Arguments& arguments) {
            const Bound bound("count", arguments, {"value"}, 1, Bound::Naming::PositionalOnly);
            const auto& items = value.items()->items;
            return Value(std::int64_t(std::count_if(
                items.begin(), items.end(), [&](const Value& item) { return equal(item, bound.at(0)); })));
        });
    }
    if (name == "index") {
        return Value::function("index", [value](Arguments& arguments) {
            const Bound bound("index", arguments, {"value", "start", "stop"}, 1, Bound::Naming::PositionalOnly);
            const auto& items = value.items()->items;
            for (const std::size_t at : slicePositions(
                     items.size(), bound.valueOr(1, Value::none()), bound.valueOr(2, Value::none()), Value::none())) {
                if (equal(items[at], bound.at(0)))
                    return Value(std::int64_t(at));
            }
            stop("the value is not in the list");
        });
    }
    if (kind == Items::Kind::List && name == "copy") {
        return Value::function("copy", [value](Arguments& arguments) {
            const Bound none("copy", arguments, {});
            return value;
        });
    }
    const bool changes = isOneOf(name, {"append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"});
    if (kind == Items::Kind::List && changes)
        return unsafe(value, name);
    if (kind == Items::Kind::Range && isOneOf(name, {"start", "stop", "step"}))
        return Value(value.items()->range[name == "start" ? 0 : name == "stop" ? 1 : 2]);
    return {};
}

/// What Python's getattr gives.
std::optional<Value> ownAttribute(const Value& value, std::string_view name)
{
    if (value.text())
        return textMethod(value, name);
    if (value.dict())
        return dictMethod(value, name);
    if (value.items())
        return listMethod(value, name);
    if (value.loop())
        return value.loop()->attribute(name);
    if (const Namespace* space = value.nameSpace()) {
        const Value* found = space->find(name);
        return found ? std::optional<Value>(*found) : std::nullopt;
    }
    return {};
}

std::optional<std::size_t> position(std::int64_t index, std::size_t size)
{
    const std::int64_t at = index < 0 ? index + std::int64_t(size) : index;
    return at >= 0 && at < std::int64_t(size) ? std::optional(std::size_t(at)) : std::nullopt;
}

} // namespace

Value attributeOf(const Value& value, const std::string& name)
{
    if (value.undefined())
        value.undefined()->fail();
    if (auto own = ownAttribute(value, name))
        return *std::move(own);
    if (value.dict()) {
        if (const Value* found = value.dict()->find(Value(textOf(name))))
            return *found;
    }
    return missing(value, name);
}

Value itemOf(const Value& value, const Value& key)
{
    if (value.undefined())
        value.undefined()->fail();
    if (value.dict()) {
        const bool unhashable = key.dict() || (key.items() && key.items()->kind == Items::Kind::List);
        const Value* found = unhashable ? nullptr : value.dict()->find(key);
        if (found)
            return *found;
    }
    const bool indexed = value.text()
        || (value.items()
            && (value.items()->kind == Items::Kind::List || value.items()->kind == Items::Kind::Tuple
                || value.items()->kind == Items::Kind::Range));
    if (indexed && key.integer()) {
        if (const auto at = position(*key.integer(), std::size_t(value.length())))
            return value.text() ? Value(Text(1, (*value.text())[*at])) : value.items()->items[*at];
    }
    if (key.text()) {
        const std::string name = utf8Of(*key.text());
        if (auto own = ownAttribute(value, name))
            return *std::move(own);
        return missing(value, name);
    }
    if (key.integer())
        return missing(value, fmt::format("{}", *key.integer()));
    return Value::undefined(fmt::format("a {} has no such element", value.typeName()));
}

Value sliceOf(const Value& value, const Value& start, const Value& end, const Value& step)
{
    if (value.undefined())
        value.undefined()->fail();
    const bool sliceable = value.text()
        || (value.items()
            && (value.items()->kind == Items::Kind::List || value.items()->kind == Items::Kind::Tuple
                || value.items()->kind == Items::Kind::Range));
    if (!sliceable)
        stop("a {} has no slices", value.typeName());
    const auto positions = slicePositions(std::size_t(value.length()), start, end, step);
    if (const Text* text = value.text()) {
        Text out;
        for (const std::size_t at : positions)
            out += (*text)[at];
        return Value(std::move(out));
    }
    std::vector<Value> out;
    for (const std::size_t at : positions)
        out.push_back(value.items()->items[at]);
    const Items::Kind kind = value.items()->kind;
    if (kind != Items::Kind::Range)
        return Value::list(std::move(out), kind);
    // A slice of a range is a range; its spelling needs the three numbers.
    auto items = std::make_shared<Items>(*value.items());
    const std::int64_t by = step.isNone() ? 1 : *step.integer();
    const auto& range = value.items()->range;
    const auto number = [&](std::int64_t at) { return range[0] + at * range[2]; };
    const std::int64_t size = value.length();
    const auto clamp = [&](const Value& given, std::int64_t otherwise) {
        if (given.isNone())
            return otherwise;
        return std::clamp(*given.integer() < 0 ? *given.integer() + size : *given.integer(),
            by < 0 ? std::int64_t(-1) : std::int64_t(0), by < 0 ? size - 1 : size);
    };
    items->range = {number(clamp(start, by < 0 ? size - 1 : 0)), number(clamp(end, by < 0 ? -1 : size)), range[2] * by};
    items->items = std::move(out);
    return Value(Value::Data(std::shared_ptr<const Items>(std::move(items))));
}

} // namespace mpo::jinja

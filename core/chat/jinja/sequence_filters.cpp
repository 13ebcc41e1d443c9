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

Value generator(std::vector<Value> items) { return Value(Value::Data(iterateItems(std::move(items)))); }

/// Strings compare without regard to case unless told otherwise.
Value withoutCase(const Value& value) { return value.text() ? Value(lower(*value.text())) : value; }

Value length(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("length", arguments, {});
    return Value(subject.length());
}

Value withDefault(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("default", arguments, {"default_value", "boolean"});
    const bool missing = subject.undefined() || (bound.flag(1, false) && !subject.truth());
    return missing ? bound.valueOr(0, Value(Text())) : subject;
}

Value first(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("first", arguments, {});
    return iterate(subject)->next().value_or(Value::undefined("there is no first item"));
}

Value last(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("last", arguments, {});
    if (subject.as<std::shared_ptr<Iterator>>() || subject.loop())
        stop("last cannot read a {} from its end", subject.typeName());
    const std::vector<Value> items = collect(subject);
    return items.empty() ? Value::undefined("there is no last item") : items.back();
}

Value join(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("join", arguments, {"d", "attribute"});
    const Text separator = bound.given(0) ? spelled(bound.at(0)) : Text();
    const bool hasAttribute = bound.given(1) && !bound.at(1).isNone();
    Text out;
    bool first = true;
    for (const Value& item : collect(subject)) {
        if (!std::exchange(first, false))
            out += separator;
        out += spelled(hasAttribute ? attributePath(interpreter, item, bound.at(1)) : item);
        checkTextLength(double(out.size()));
        interpreter.charge(1);
    }
    return Value(std::move(out));
}

Value list(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("list", arguments, {});
    return Value::list(collect(subject));
}

Value items(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("items", arguments, {});
    return lazyItems([subject] {
        std::vector<Value> pairs;
        if (!subject.undefined() && !subject.dict())
            stop("items works on dicts, not on a {}", subject.typeName());
        if (subject.dict()) {
            for (const auto& [key, value] : subject.dict()->entries)
                pairs.push_back(Value::list({key, value}, Items::Kind::Tuple));
        }
        return pairs;
    });
}

Value reverse(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("reverse", arguments, {});
    if (subject.text())
        return Value(Text(subject.text()->rbegin(), subject.text()->rend()));
    std::vector<Value> result = collect(subject);
    std::reverse(result.begin(), result.end());
    // Python reverses a generator by making a list of it.
    const bool isList = subject.as<std::shared_ptr<Iterator>>() || subject.loop();
    return isList ? Value::list(std::move(result)) : generator(std::move(result));
}

std::vector<Value> sorted(Interpreter& interpreter, std::vector<Value> values, bool descending,
    const std::function<Value(const Value&)>& keyOf)
{
    std::vector<std::pair<Value, Value>> keyed;
    for (Value& value : values) {
        Value key = keyOf(value);
        keyed.emplace_back(std::move(key), std::move(value));
    }
    // As Python keeps the order of equal items in a descending sort too.
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        interpreter.charge(1 + std::min(a.first.weight(), b.first.weight()));
        return compare(descending ? b.first : a.first, descending ? a.first : b.first, "<") < 0;
    });
    std::vector<Value> result;
    for (auto& [key, value] : keyed)
        result.push_back(std::move(value));
    return result;
}

Value sort(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("sort", arguments, {"reverse", "case_sensitive", "attribute"});
    std::vector<Value> attributes;
    if (bound.given(2) && bound.at(2).text()) {
        for (Text& name : split(bound.text(2), textOf(","), -1, false))
            attributes.emplace_back(std::move(name));
    } else if (bound.given(2) && !bound.at(2).isNone()) {
        attributes.push_back(bound.at(2));
    }
    const bool caseSensitive = bound.flag(1, false);
    const auto keyOf = [&](const Value& item) {
        std::vector<Value> keys;
        for (const Value& attribute : attributes)
            keys.push_back(attributePath(interpreter, item, attribute));
        if (attributes.empty())
            keys.push_back(item);
        if (!caseSensitive)
            std::transform(keys.begin(), keys.end(), keys.begin(), withoutCase);
        return Value::list(std::move(keys));
    };
    return Value::list(sorted(interpreter, collect(subject), bound.flag(0, false), keyOf));
}

Value dictSort(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("dictsort", arguments, {"case_sensitive", "by", "reverse"});
    const std::string by = bound.given(1) ? utf8Of(bound.text(1)) : "key";
    if (by != "key" && by != "value")
        stop("dictsort sorts by \"key\" or \"value\"");
    if (subject.undefined())
        subject.undefined()->fail();
    if (!subject.dict())
        stop("dictsort works on dicts, not on a {}", subject.typeName());
    std::vector<Value> pairs;
    for (const auto& [key, value] : subject.dict()->entries)
        pairs.push_back(Value::list({key, value}, Items::Kind::Tuple));
    const bool caseSensitive = bound.flag(0, false);
    const auto keyOf = [&](const Value& pair) {
        const Value& key = pair.items()->items[by == "key" ? 0 : 1];
        return caseSensitive ? key : withoutCase(key);
    };
    return Value::list(sorted(interpreter, std::move(pairs), bound.flag(2, false), keyOf));
}

std::vector<Value> differentItems(
    Interpreter& interpreter, const Value& subject, bool caseSensitive, const Value& attribute)
{
    std::vector<Value> seen, result;
    for (const Value& item : collect(subject)) {
        Value key = attribute.isNone() ? item : attributePath(interpreter, item, attribute);
        if (!caseSensitive)
            key = withoutCase(key);
        if (key.dict() || (key.items() && key.items()->kind == Items::Kind::List))
            stop("unique cannot compare a {}", key.typeName());
        interpreter.charge(1 + std::int64_t(seen.size()) * (1 + key.weight()));
        if (std::any_of(seen.begin(), seen.end(), [&](const Value& other) { return equal(other, key); }))
            continue;
        seen.push_back(std::move(key));
        result.push_back(item);
    }
    return result;
}

Value unique(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("unique", arguments, {"case_sensitive", "attribute"});
    return lazyItems(
        [&interpreter, subject, caseSensitive = bound.flag(0, false), attribute = bound.valueOr(1, Value::none())] {
            return differentItems(interpreter, subject, caseSensitive, attribute);
        });
}

template<int wanted> // -1: the least, 1: the greatest
Value extreme(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound(wanted < 0 ? "min" : "max", arguments, {"case_sensitive", "attribute"});
    const bool hasAttribute = bound.given(1) && !bound.at(1).isNone();
    std::optional<std::pair<Value, Value>> best;
    for (const Value& item : collect(subject)) {
        Value key = hasAttribute ? attributePath(interpreter, item, bound.at(1)) : item;
        if (!bound.flag(0, false))
            key = withoutCase(key);
        interpreter.charge(1 + key.weight());
        if (!best || compare(key, best->first, wanted < 0 ? "<" : ">") == wanted)
            best = {std::move(key), item};
    }
    return best ? best->second : Value::undefined("the list is empty");
}

Value sum(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("sum", arguments, {"attribute", "start"});
    const bool hasAttribute = bound.given(0) && !bound.at(0).isNone();
    Value total = bound.valueOr(1, Value(std::int64_t(0)));
    if (total.text())
        stop("sum does not add strings; join does");
    for (const Value& item : collect(subject)) {
        total = binary("+", total, hasAttribute ? attributePath(interpreter, item, bound.at(0)) : item);
        interpreter.charge(1 + total.weight());
    }
    return total;
}

std::vector<Value> rows(const Value& subject, const Value& lineCount, const Value& filling)
{
    if (!lineCount.integer())
        stop("batch needs a whole number, not a {}", lineCount.typeName());
    const std::int64_t size = *lineCount.integer();
    std::vector<Value> result, row;
    for (const Value& item : collect(subject)) {
        // As in jinja2, rows of no item end in a first empty one and one with everything.
        if (std::int64_t(row.size()) == size) {
            result.push_back(Value::list(std::move(row)));
            row = {};
        }
        row.push_back(item);
    }
    if (row.empty())
        return result;
    if (!filling.isNone() && std::int64_t(row.size()) < size) {
        if (size > kMaxItems)
            stop("a list has more than {} items", kMaxItems);
        row.resize(std::size_t(size), filling);
    }
    result.push_back(Value::list(std::move(row)));
    return result;
}

Value batch(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("batch", arguments, {"linecount", "fill_with"}, 1);
    return lazyItems([subject, lineCount = bound.at(0), filling = bound.valueOr(1, Value::none())] {
        return rows(subject, lineCount, filling);
    });
}

Value attribute(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("attr", arguments, {"name"}, 1);
    if (subject.undefined())
        subject.undefined()->fail();
    // Only what belongs to the value itself, not the entries of a dict.
    return subject.dict() ? itemOf(Value::dict({}), Value(bound.text(0))) : attributeOf(subject, utf8Of(bound.text(0)));
}

constexpr std::array kFilters {
    Named<Filter> {"attr", attribute},
    Named<Filter> {"batch", batch},
    Named<Filter> {"count", length},
    Named<Filter> {"d", withDefault},
    Named<Filter> {"default", withDefault},
    Named<Filter> {"dictsort", dictSort},
    Named<Filter> {"first", first},
    Named<Filter> {"items", items},
    Named<Filter> {"join", join},
    Named<Filter> {"last", last},
    Named<Filter> {"length", length},
    Named<Filter> {"list", list},
    Named<Filter> {"max", extreme<1>},
    Named<Filter> {"min", extreme<-1>},
    Named<Filter> {"reverse", reverse},
    Named<Filter> {"sort", sort},
    Named<Filter> {"sum", sum},
    Named<Filter> {"unique", unique},
};

} // namespace

std::span<const Named<Filter>> sequenceFilters() { return kFilters; }

} // namespace mpo::jinja

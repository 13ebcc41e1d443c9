// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/filters.h"
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/limits.h"

#include <algorithm>

namespace mpo::jinja {

namespace {

/// Reads its source only when it is asked, as the generators of jinja2 do: what is wrong with the source or the
/// arguments shows then.
class LazyIterator : public Iterator
{
public:
    using Next = std::function<std::optional<Value>(Iterator&)>;

    LazyIterator(Value source, std::function<Next()> prepare)
        : m_source(std::move(source))
        , m_prepare(std::move(prepare))
    {
        depth = m_source.depth() + 1;
        if (depth > kMaxValueDepth)
            stop("values are nested deeper than {}", kMaxValueDepth);
    }

    std::optional<Value> next() override
    {
        if (!m_started) {
            m_started = true;
            if (m_source.truth()) {
                m_next = m_prepare();
                m_iterator = iterate(m_source);
            }
        }
        return m_iterator ? m_next(*m_iterator) : std::nullopt;
    }

private:
    Value m_source;
    std::function<Next()> m_prepare;
    bool m_started = false;
    Next m_next;
    std::shared_ptr<Iterator> m_iterator;
};

Value lazy(const Value& source, std::function<LazyIterator::Next()> prepare)
{
    return Value(Value::Data(std::shared_ptr<Iterator>(std::make_shared<LazyIterator>(source, std::move(prepare)))));
}

class LateItems : public Iterator
{
public:
    explicit LateItems(std::function<std::vector<Value>()> make)
        : m_make(std::move(make))
    {
    }
    std::optional<Value> next() override
    {
        if (!m_items)
            m_items = iterateItems(m_make());
        return m_items->next();
    }

private:
    std::function<std::vector<Value>()> m_make;
    std::shared_ptr<Iterator> m_items;
};

/// Takes the name of a filter or test out of the arguments that are passed on to it.
std::string takeName(Arguments& arguments)
{
    const Value name = arguments.positional.front();
    arguments.positional.erase(arguments.positional.begin());
    if (!name.text())
        stop("the name of a filter or test is a string, not a {}", name.typeName());
    return utf8Of(*name.text());
}

std::function<Value(const Value&)> mapping(Interpreter& interpreter, Arguments arguments)
{
    const auto isAttribute = [](const auto& entry) { return entry.first == "attribute"; };
    const bool byAttribute
        = arguments.positional.empty() && std::any_of(arguments.named.begin(), arguments.named.end(), isAttribute);
    if (!byAttribute) {
        if (arguments.positional.empty())
            stop("map needs the name of a filter or an attribute");
        const std::string name = takeName(arguments);
        return [&interpreter, name, arguments = std::move(arguments)](
                   const Value& item) { return interpreter.applyFilter(name, item, arguments); };
    }
    const Bound bound("map", arguments, {"attribute", "default"}, 1);
    const bool hasDefault = bound.given(1) && !bound.at(1).isNone();
    return [&interpreter, hasDefault, attribute = bound.at(0), fallback = bound.valueOr(1, Value::none())](
               const Value& item) {
        return attributePath(interpreter, item, attribute, hasDefault ? &fallback : nullptr);
    };
}

Value map(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    return lazy(subject, [&interpreter, arguments]() -> LazyIterator::Next {
        return [&interpreter, function = mapping(interpreter, arguments)](Iterator& source) -> std::optional<Value> {
            interpreter.charge(1);
            const auto item = source.next();
            return item ? std::optional(function(*item)) : std::nullopt;
        };
    });
}

std::function<bool(const Value&)> condition(Interpreter& interpreter, Arguments arguments, bool byAttribute)
{
    std::function<Value(const Value&)> part = [](const Value& item) { return item; };
    if (byAttribute) {
        if (arguments.positional.empty())
            stop("the name of the attribute is missing");
        part = [&interpreter, attribute = arguments.positional.front()](
                   const Value& item) { return attributePath(interpreter, item, attribute); };
        arguments.positional.erase(arguments.positional.begin());
    }
    if (arguments.positional.empty())
        return [part](const Value& item) { return part(item).truth(); };
    const std::string name = takeName(arguments);
    return [&interpreter, part, name, arguments = std::move(arguments)](
               const Value& item) { return interpreter.applyTest(name, part(item), arguments); };
}

template<bool wanted, bool byAttribute>
Value choose(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    return lazy(subject, [&interpreter, arguments]() -> LazyIterator::Next {
        return [&interpreter, holds = condition(interpreter, arguments, byAttribute)](
                   Iterator& source) -> std::optional<Value> {
            while (auto item = source.next()) {
                interpreter.charge(1);
                if (holds(*item) == wanted)
                    return item;
            }
            return {};
        };
    });
}

constexpr std::array kFilters {
    Named<Filter> {"map", map},
    Named<Filter> {"reject", choose<false, false>},
    Named<Filter> {"rejectattr", choose<false, true>},
    Named<Filter> {"select", choose<true, false>},
    Named<Filter> {"selectattr", choose<true, true>},
};

} // namespace

Value lazyItems(std::function<std::vector<Value>()> make)
{
    return Value(Value::Data(std::shared_ptr<Iterator>(std::make_shared<LateItems>(std::move(make)))));
}

std::span<const Named<Filter>> lazyFilters() { return kFilters; }

} // namespace mpo::jinja

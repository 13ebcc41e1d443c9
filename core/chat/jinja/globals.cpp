// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/spelling.h"

#include <array>

namespace mpo::jinja {

namespace {

constexpr std::size_t kMaxDateFormat = 200;

Value range(Arguments& arguments)
{
    const Bound bound("range", arguments, {"start", "stop", "step"}, 1, Bound::Naming::PositionalOnly);
    const bool one = !bound.given(1);
    const std::int64_t start = one ? 0 : bound.integer(0, 0);
    const std::int64_t end = one ? bound.integer(0, 0) : bound.integer(1, 0);
    const std::int64_t step = bound.integer(2, 1);
    if (step == 0)
        stop("the step of range is 0");
    const double count
        = step > 0 ? (double(end) - double(start)) / double(step) : (double(start) - double(end)) / -double(step);
    if (count > double(kMaxItems))
        stop("range has more than {} numbers", kMaxItems);
    auto items = std::make_shared<Items>();
    items->kind = Items::Kind::Range;
    items->range = {start, end, step};
    for (std::int64_t at = start; step > 0 ? at < end : at > end;) {
        items->items.emplace_back(at);
        if (__builtin_add_overflow(at, step, &at))
            break;
    }
    items->weight += std::int64_t(items->items.size());
    return Value(Value::Data(std::shared_ptr<const Items>(std::move(items))));
}

/// dict(pairs or a dict, **more)
Value dict(Arguments& arguments)
{
    if (arguments.positional.size() > 1)
        stop("dict takes one argument and named ones");
    std::vector<std::pair<Value, Value>> entries;
    if (!arguments.positional.empty()) {
        const Value& source = arguments.positional[0];
        if (source.dict()) {
            entries = source.dict()->entries;
        } else {
            for (const Value& pair : collect(source)) {
                std::vector<Value> two = collect(pair);
                if (two.size() != 2)
                    stop("dict needs pairs, not {} values", two.size());
                entries.emplace_back(std::move(two[0]), std::move(two[1]));
            }
        }
    }
    for (auto& [name, value] : arguments.named)
        entries.emplace_back(Value(textOf(name)), value);
    return Value::dict(std::move(entries));
}

Value raiseException(Arguments& arguments)
{
    const Bound bound("raise_exception", arguments, {"message"}, 1);
    throw Failure {utf8Of(spelled(bound.at(0))), Failure::Kind::Refused};
}

Value strftime(Arguments& arguments, std::time_t now)
{
    const Bound bound("strftime_now", arguments, {"format"}, 1);
    const std::string format = utf8Of(bound.text(0));
    if (format.size() > kMaxDateFormat)
        stop("the format of strftime_now is longer than {} bytes", kMaxDateFormat);
    std::tm local {};
    localtime_r(&now, &local);
    // A letter in front tells an empty result from one that does not fit.
    std::array<char, 4096> buffer {};
    const std::size_t length = std::strftime(buffer.data(), buffer.size(), ("x" + format).c_str(), &local);
    if (length == 0)
        stop("the date of strftime_now is too long");
    return Value(textOf(std::string_view(buffer.data() + 1, length - 1)));
}

} // namespace

void Interpreter::addGlobals(std::time_t now)
{
    m_globals.set("range", Value::function("range", range));
    m_globals.set("dict", Value::function("dict", dict));
    m_globals.set("raise_exception", Value::function("raise_exception", raiseException));
    m_globals.set("strftime_now",
        Value::function("strftime_now", [now](Arguments& arguments) { return strftime(arguments, now); }));
    m_globals.set("namespace", Value::function("namespace", [this](Arguments& arguments) {
        auto space = std::make_shared<Namespace>();
        const Value attributes = dict(arguments);
        for (const auto& [name, value] : attributes.dict()->entries) {
            if (!name.text())
                stop("the attributes of a namespace have names, not a {}", name.typeName());
            space->set(utf8Of(*name.text()), value);
        }
        m_namespaces.push_back(space);
        return Value(Value::Data(std::move(space)));
    }));
}

} // namespace mpo::jinja

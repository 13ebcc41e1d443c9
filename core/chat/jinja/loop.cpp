// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/arguments.h"
#include "core/chat/jinja/value.h"

#include <utility>

namespace mpo::jinja {

const std::optional<Value>& Loop::peek()
{
    if (!ahead && !exhausted) {
        ahead = source->next();
        exhausted = !ahead;
    }
    return ahead;
}

bool Loop::advance()
{
    if (!peek())
        return false;
    ++index0;
    previous = std::exchange(current, std::move(*ahead));
    ahead.reset();
    return true;
}

std::int64_t Loop::lengthOf()
{
    if (length)
        return *length;
    // As jinja2 counts: what has been handed out, what was looked at, and the rest, which is read here.
    std::vector<Value> rest;
    if (ahead)
        rest.push_back(std::move(*ahead));
    ahead.reset();
    for (Value& item : collect(Value(Value::Data(source))))
        rest.push_back(std::move(item));
    length = index0 + 1 + std::int64_t(rest.size());
    source = iterateItems(std::move(rest));
    exhausted = false;
    return *length;
}

std::optional<Value> Loop::attribute(std::string_view name)
{
    if (name == "index0")
        return Value(index0);
    if (name == "index")
        return Value(index0 + 1);
    if (name == "first")
        return Value(index0 == 0);
    if (name == "last")
        return Value(!peek());
    if (name == "length")
        return Value(lengthOf());
    if (name == "revindex")
        return Value(lengthOf() - index0);
    if (name == "revindex0")
        return Value(lengthOf() - index0 - 1);
    if (name == "depth")
        return Value(std::int64_t(1));
    if (name == "depth0")
        return Value(std::int64_t(0));
    if (name == "previtem")
        return index0 == 0 ? Value::undefined("there is no previous item") : previous;
    if (name == "nextitem")
        return peek() ? *peek() : Value::undefined("there is no next item");
    if (name == "cycle") {
        return Value::function("loop.cycle", [at = index0](Arguments& arguments) {
            if (arguments.positional.empty() || !arguments.named.empty())
                stop("loop.cycle needs the values to choose from");
            return arguments.positional[std::size_t(at) % arguments.positional.size()];
        });
    }
    return {};
}

} // namespace mpo::jinja

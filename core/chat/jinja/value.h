// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/text.h"
#include "core/support/error.h"
#include "core/support/json.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace mpo::jinja {

class Value;
class Interpreter;
struct Arguments;
struct Loop;

/// What stops a template; the interpreter adds the line. `Refused`: the template said so itself (raise_exception).
struct Failure
{
    enum class Kind { Mistake, Refused };
    std::string sentence;
    Kind kind = Kind::Mistake;
};

template<class... Args>
[[noreturn]] void stop(fmt::format_string<Args...> format, Args&&... args)
{
    throw Failure {fmt::format(format, std::forward<Args>(args)...)};
}

/// A name or element that does not exist: prints as nothing, is false and empty; any other use fails with `message`.
struct Undefined
{
    std::shared_ptr<const std::string> message;

    [[noreturn]] void fail() const;
};

/// Lists and what resembles them. The contents never change; a lazy filter is an Iterator.
struct Items
{
    enum class Kind { List, Tuple, Range, Keys, Values, Pairs };
    Kind kind = Kind::List;
    std::vector<Value> items;
    int depth = 1; ///< of nesting
    std::int64_t weight = 1; ///< values in it, counted at every place where they stand
    std::array<std::int64_t, 3> range {}; ///< start, end, step of a Range
};

struct Dict
{
    std::vector<std::pair<Value, Value>> entries; ///< in the order of insertion; keys are different
    int depth = 1;
    std::int64_t weight = 1;

    const Value* find(const Value& key) const; ///< fails for a key that Python cannot hash
};

/// namespace(): the only value that a template may change.
struct Namespace
{
    std::vector<std::pair<std::string, Value>> attributes;

    const Value* find(std::string_view name) const;
    void set(const std::string& name, Value value);
};

/// What Python calls a generator: walks once.
class Iterator
{
public:
    virtual ~Iterator() = default;
    virtual std::optional<Value> next() = 0;
    int depth = 1; ///< of iterators that read from each other
};

/// A function, macro or method bound to its object.
struct Callable
{
    std::string name;
    std::function<Value(Arguments&)> call;
};

class Value
{
public:
    struct None
    {
    };
    using Data = std::variant<Undefined, None, bool, std::int64_t, double, std::shared_ptr<const Text>,
        std::shared_ptr<const Items>, std::shared_ptr<const Dict>, std::shared_ptr<Namespace>,
        std::shared_ptr<Iterator>, std::shared_ptr<const Callable>, std::shared_ptr<Loop>>;

    Value() = default; ///< undefined
    Value(Data data)
        : m_data(std::move(data))
    {
    }
    explicit Value(bool value)
        : m_data(value)
    {
    }
    explicit Value(std::int64_t value)
        : m_data(value)
    {
    }
    explicit Value(double value)
        : m_data(value)
    {
    }
    explicit Value(Text text)
        : m_data(std::make_shared<const Text>(std::move(text)))
    {
    }
    static Value none() { return Value(Data(None())); }
    static Value undefined(std::string message);
    static Value list(std::vector<Value> items, Items::Kind kind = Items::Kind::List);
    static Value dict(std::vector<std::pair<Value, Value>> entries); ///< a later key replaces an earlier one
    static Value function(std::string name, std::function<Value(Arguments&)> call);

    const Data& data() const { return m_data; }
    template<class T>
    const T* as() const
    {
        return std::get_if<T>(&m_data);
    }
    const Undefined* undefined() const { return as<Undefined>(); }
    bool isNone() const { return as<None>() != nullptr; }
    const Text* text() const { return pointed<const Text>(); }
    const Items* items() const { return pointed<const Items>(); }
    const Dict* dict() const { return pointed<const Dict>(); }
    Namespace* nameSpace() const { return pointed<Namespace>(); }
    const Callable* callable() const { return pointed<const Callable>(); }
    Loop* loop() const { return pointed<Loop>(); }
    std::optional<std::int64_t> integer() const; ///< of an int or, as in Python, a bool
    std::optional<double> number() const; ///< of an int, a bool or a float

    std::string typeName() const; ///< as Python calls it: "str", "NoneType"
    bool truth() const;
    std::int64_t length() const; ///< fails where Python's len() does
    int depth() const; ///< of nesting in lists, dicts and iterators
    std::int64_t weight() const; ///< what working through it costs, in steps

private:
    template<class T>
    T* pointed() const
    {
        const auto* pointer = as<std::shared_ptr<T>>();
        return pointer ? pointer->get() : nullptr;
    }

    Data m_data;
};

/// The variables of a running loop.
struct Loop
{
    std::shared_ptr<Iterator> source;
    std::optional<std::int64_t> length; ///< known when the source has one or has been asked
    std::int64_t index0 = -1;
    Value previous, current;
    std::optional<Value> ahead; ///< taken from the source already
    bool exhausted = false;

    bool advance(); ///< to the next item; false at the end
    const std::optional<Value>& peek();
    std::int64_t lengthOf(); ///< reads the source to its end if need be
    std::optional<Value> attribute(std::string_view name);
};

/// Iterates as Python's iter(); fails for what is not iterable.
std::shared_ptr<Iterator> iterate(const Value& value);
bool isIterable(const Value& value);
std::shared_ptr<Iterator> iterateItems(std::vector<Value> items);
/// Everything that is left.
std::vector<Value> collect(const Value& value);

bool equal(const Value& a, const Value& b);
/// -1, 0 or 1; fails for types that Python does not order, with `sign` ("<") in the sentence.
int compare(const Value& a, const Value& b, std::string_view sign);
bool contains(const Value& container, const Value& item); ///< item in container

/// Fails where looking for `needle` in `text` could take too long.
void checkSearch(TextView text, TextView needle);

/// Data of the caller, strings marked as such.
Value valueOf(const Json& json, Origin origin = Origin::Data);

} // namespace mpo::jinja

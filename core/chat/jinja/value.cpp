// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/value.h"

#include "core/chat/jinja/limits.h"
#include "core/support/text.h"

#include <algorithm>
#include <cmath>

namespace mpo::jinja {

namespace {

int checkedDepth(int depth)
{
    if (depth > kMaxValueDepth)
        stop("values are nested deeper than {}", kMaxValueDepth);
    return depth;
}

/// Takes one more value into a list or dict.
template<class Container>
void account(Container& container, const Value& item)
{
    container.depth = std::max(container.depth, checkedDepth(item.depth() + 1));
    container.weight += 1 + item.weight();
    if (container.weight > kMaxWeight)
        stop("a list or dict holds more than {} values", kMaxWeight);
}

bool isHashable(const Value& value)
{
    if (const Items* items = value.items())
        return items->kind != Items::Kind::List
            && (items->kind != Items::Kind::Tuple || std::all_of(items->items.begin(), items->items.end(), isHashable));
    return !value.dict();
}

class ItemsIterator : public Iterator
{
public:
    explicit ItemsIterator(Value holder)
        : m_holder(std::move(holder))
    {
    }
    std::optional<Value> next() override
    {
        const auto& items = m_holder.items()->items;
        if (m_at >= items.size())
            return {};
        return items[m_at++];
    }

private:
    Value m_holder;
    std::size_t m_at = 0;
};

class TextIterator : public Iterator
{
public:
    explicit TextIterator(Value holder)
        : m_holder(std::move(holder))
    {
    }
    std::optional<Value> next() override
    {
        const Text& text = *m_holder.text();
        if (m_at >= text.size())
            return {};
        return Value(Text(1, text[m_at++]));
    }

private:
    Value m_holder;
    std::size_t m_at = 0;
};

class KeysIterator : public Iterator
{
public:
    explicit KeysIterator(Value holder)
        : m_holder(std::move(holder))
    {
    }
    std::optional<Value> next() override
    {
        const auto& entries = m_holder.dict()->entries;
        if (m_at >= entries.size())
            return {};
        return entries[m_at++].first;
    }

private:
    Value m_holder;
    std::size_t m_at = 0;
};

/// A loop that is walked by something else goes on with the same loop.
class LoopIterator : public Iterator
{
public:
    explicit LoopIterator(Value holder)
        : m_holder(std::move(holder))
    {
    }
    std::optional<Value> next() override
    {
        if (!m_holder.loop()->advance())
            return {};
        return Value::list({m_holder.loop()->current, m_holder}, Items::Kind::Tuple);
    }

private:
    Value m_holder;
};

bool sameKindOfSequence(const Items& a, const Items& b) { return a.kind == b.kind && a.kind != Items::Kind::Values; }

} // namespace

void Undefined::fail() const { throw Failure {message ? *message : "a value is undefined"}; }

const Value* Dict::find(const Value& key) const
{
    if (!isHashable(key))
        stop("a {} cannot be a key of a dict", key.typeName());
    for (const auto& [name, value] : entries) {
        if (equal(name, key))
            return &value;
    }
    return nullptr;
}

const Value* Namespace::find(std::string_view name) const
{
    const auto found
        = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.first == name; });
    return found == attributes.end() ? nullptr : &found->second;
}

void Namespace::set(const std::string& name, Value value)
{
    // Names with an underscore would lead to the inside of Python; nothing of ours has such names either.
    if (name.starts_with('_'))
        stop("a namespace takes no attribute \"{}\" that begins with an underscore", toPrintable(name));
    for (auto& [known, old] : attributes) {
        if (known == name) {
            old = std::move(value);
            return;
        }
    }
    attributes.emplace_back(name, std::move(value));
}

Value Value::undefined(std::string message)
{
    return Value(Data(Undefined {std::make_shared<const std::string>(std::move(message))}));
}

Value Value::list(std::vector<Value> items, Items::Kind kind)
{
    auto data = std::make_shared<Items>();
    data->kind = kind;
    if (std::int64_t(items.size()) > kMaxItems)
        stop("a list has more than {} items", kMaxItems);
    for (const Value& item : items)
        account(*data, item);
    data->items = std::move(items);
    return Value(Data(std::shared_ptr<const Items>(std::move(data))));
}

Value Value::dict(std::vector<std::pair<Value, Value>> entries)
{
    auto data = std::make_shared<Dict>();
    for (auto& [key, value] : entries) {
        account(*data, key);
        account(*data, value);
        if (!isHashable(key))
            stop("a {} cannot be a key of a dict", key.typeName());
        const auto old = std::find_if(data->entries.begin(), data->entries.end(),
            [&, &wanted = key](const auto& entry) { return equal(entry.first, wanted); });
        if (old != data->entries.end())
            old->second = std::move(value);
        else
            data->entries.emplace_back(std::move(key), std::move(value));
        if (data->entries.size() > kMaxDictEntries)
            stop("a dict has more than {} entries", kMaxDictEntries);
    }
    return Value(Data(std::shared_ptr<const Dict>(std::move(data))));
}

Value Value::function(std::string name, std::function<Value(Arguments&)> call)
{
    return Value(Data(std::make_shared<const Callable>(Callable {std::move(name), std::move(call)})));
}

std::optional<std::int64_t> Value::integer() const
{
    if (const bool* flag = as<bool>())
        return *flag ? 1 : 0;
    if (const auto* number = as<std::int64_t>())
        return *number;
    return {};
}

std::optional<double> Value::number() const
{
    if (const double* real = as<double>())
        return *real;
    if (const auto whole = integer())
        return double(*whole);
    return {};
}

std::string Value::typeName() const
{
    struct Names
    {
        std::string operator()(const Undefined&) { return "undefined value"; }
        std::string operator()(const None&) { return "NoneType"; }
        std::string operator()(bool) { return "bool"; }
        std::string operator()(std::int64_t) { return "int"; }
        std::string operator()(double) { return "float"; }
        std::string operator()(const std::shared_ptr<const Text>&) { return "str"; }
        std::string operator()(const std::shared_ptr<const Items>& items)
        {
            constexpr std::array<const char*, 6> kNames {
                "list", "tuple", "range", "dict_keys", "dict_values", "dict_items"};
            return kNames[std::size_t(items->kind)];
        }
        std::string operator()(const std::shared_ptr<const Dict>&) { return "dict"; }
        std::string operator()(const std::shared_ptr<Namespace>&) { return "namespace"; }
        std::string operator()(const std::shared_ptr<Iterator>&) { return "generator"; }
        std::string operator()(const std::shared_ptr<const Callable>&) { return "function"; }
        std::string operator()(const std::shared_ptr<Loop>&) { return "loop"; }
    };
    return std::visit(Names(), m_data);
}

bool Value::truth() const
{
    if (undefined() || isNone())
        return false;
    if (const auto value = number())
        return *value != 0;
    if (text())
        return !text()->empty();
    if (items())
        return !items()->items.empty();
    if (dict())
        return !dict()->entries.empty();
    if (loop())
        return loop()->lengthOf() > 0;
    return true;
}

std::int64_t Value::length() const
{
    if (undefined())
        return 0;
    if (text())
        return std::int64_t(text()->size());
    if (items())
        return std::int64_t(items()->items.size());
    if (dict())
        return std::int64_t(dict()->entries.size());
    if (loop())
        return loop()->lengthOf();
    stop("a {} has no length", typeName());
}

int Value::depth() const
{
    if (items())
        return items()->depth;
    if (dict())
        return dict()->depth;
    if (const auto* iterator = as<std::shared_ptr<Iterator>>())
        return (*iterator)->depth;
    return 0;
}

std::int64_t Value::weight() const
{
    if (text())
        return std::int64_t(text()->size()) / kCharactersPerStep;
    if (items())
        return items()->weight;
    return dict() ? dict()->weight : 0;
}

void checkSearch(TextView text, TextView needle)
{
    if (double(text.size()) * double(needle.size()) > kMaxSearch)
        stop("a string of {} characters is too long to look for one of {}", text.size(), needle.size());
}

bool isIterable(const Value& value)
{
    return value.undefined() || value.text() || value.items() || value.dict() || value.loop()
        || value.as<std::shared_ptr<Iterator>>();
}

std::shared_ptr<Iterator> iterateItems(std::vector<Value> items)
{
    return std::make_shared<ItemsIterator>(Value::list(std::move(items)));
}

std::shared_ptr<Iterator> iterate(const Value& value)
{
    if (const auto* iterator = value.as<std::shared_ptr<Iterator>>())
        return *iterator;
    if (value.items())
        return std::make_shared<ItemsIterator>(value);
    if (value.text())
        return std::make_shared<TextIterator>(value);
    if (value.dict())
        return std::make_shared<KeysIterator>(value);
    if (value.loop())
        return std::make_shared<LoopIterator>(value);
    if (value.undefined())
        return iterateItems({});
    stop("a {} cannot be iterated over", value.typeName());
}

std::vector<Value> collect(const Value& value)
{
    std::vector<Value> result;
    const auto iterator = iterate(value);
    while (auto item = iterator->next()) {
        if (std::int64_t(result.size()) >= kMaxItems)
            stop("a list has more than {} items", kMaxItems);
        result.push_back(std::move(*item));
    }
    return result;
}

bool equal(const Value& a, const Value& b)
{
    if (a.undefined() || b.undefined())
        return a.undefined() && b.undefined();
    if (a.integer() && b.integer())
        return *a.integer() == *b.integer();
    if (a.number() && b.number())
        return *a.number() == *b.number();
    if (a.text() && b.text())
        return *a.text() == *b.text();
    if (a.items() && b.items()) {
        if (a.items() == b.items())
            return true;
        return sameKindOfSequence(*a.items(), *b.items())
            && std::equal(a.items()->items.begin(), a.items()->items.end(), b.items()->items.begin(),
                b.items()->items.end(), equal);
    }
    if (a.dict() && b.dict()) {
        const auto& entries = a.dict()->entries;
        return entries.size() == b.dict()->entries.size()
            && std::all_of(entries.begin(), entries.end(), [&](const auto& entry) {
                   const Value* other = b.dict()->find(entry.first);
                   return other && equal(entry.second, *other);
               });
    }
    if (a.isNone() || b.isNone())
        return a.isNone() && b.isNone();
    if (a.nameSpace() || b.nameSpace())
        return a.nameSpace() == b.nameSpace();
    if (a.callable() || b.callable())
        return a.callable() == b.callable();
    if (a.loop() || b.loop())
        return a.loop() == b.loop();
    const auto* left = a.as<std::shared_ptr<Iterator>>();
    const auto* right = b.as<std::shared_ptr<Iterator>>();
    return left && right && *left == *right;
}

int compare(const Value& a, const Value& b, std::string_view sign)
{
    for (const Value* side : {&a, &b}) {
        if (side->undefined())
            side->undefined()->fail();
    }
    if (a.integer() && b.integer())
        return *a.integer() < *b.integer() ? -1 : *a.integer() > *b.integer() ? 1 : 0;
    if (a.number() && b.number())
        return *a.number() < *b.number() ? -1 : *a.number() > *b.number() ? 1 : 0;
    if (a.text() && b.text()) {
        const int order = a.text()->compare(*b.text());
        return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    const Items* left = a.items();
    const Items* right = b.items();
    if (left && right && left->kind == right->kind
        && (left->kind == Items::Kind::List || left->kind == Items::Kind::Tuple)) {
        for (std::size_t i = 0; i < std::min(left->items.size(), right->items.size()); ++i) {
            if (!equal(left->items[i], right->items[i]))
                return compare(left->items[i], right->items[i], sign);
        }
        return left->items.size() < right->items.size() ? -1 : left->items.size() > right->items.size() ? 1 : 0;
    }
    stop("\"{}\" does not work between a {} and a {}", sign, a.typeName(), b.typeName());
}

bool contains(const Value& container, const Value& item)
{
    if (const Text* text = container.text()) {
        if (!item.text())
            stop("\"in\" asks a string for a {}, which can hold strings only", item.typeName());
        checkSearch(*text, *item.text());
        return text->find(*item.text()) != text->npos;
    }
    if (const Dict* dict = container.dict())
        return dict->find(item) != nullptr;
    const auto iterator = iterate(container);
    while (const auto candidate = iterator->next()) {
        if (equal(*candidate, item))
            return true;
    }
    return false;
}

Value valueOf(const Json& json, Origin origin)
{
    switch (json.type()) {
    case Json::value_t::null:
        return Value::none();
    case Json::value_t::boolean:
        return Value(json.get<bool>());
    case Json::value_t::number_integer:
        return Value(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: {
        const auto number = json.get<std::uint64_t>();
        return number > std::uint64_t(INT64_MAX) ? Value(double(number)) : Value(std::int64_t(number));
    }
    case Json::value_t::number_float:
        return Value(json.get<double>());
    case Json::value_t::string:
        return Value(textOf(json.get_ref<const std::string&>(), origin));
    case Json::value_t::array: {
        std::vector<Value> items;
        items.reserve(json.size());
        for (const Json& item : json)
            items.push_back(valueOf(item, origin));
        return Value::list(std::move(items));
    }
    case Json::value_t::object: {
        auto dict = std::make_shared<Dict>(); // the reader of JSON has seen to it that no key stands twice
        dict->entries.reserve(json.size());
        for (const auto& [key, value] : json.items()) {
            dict->entries.emplace_back(Value(textOf(key, origin)), valueOf(value, origin));
            account(*dict, dict->entries.back().second);
        }
        return Value(Value::Data(std::shared_ptr<const Dict>(std::move(dict))));
    }
    default:
        return Value();
    }
}

} // namespace mpo::jinja

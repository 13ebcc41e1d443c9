// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/filters.h"
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/operators.h"
#include "core/chat/jinja/spelling.h"

#include <algorithm>

namespace mpo::jinja {

namespace {

template<bool (*holds)(const Value&)>
bool simple(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound none("the test", arguments, {});
    return holds(subject);
}

bool isDefined(const Value& value) { return !value.undefined(); }
bool isUndefined(const Value& value) { return value.undefined() != nullptr; }
bool isNone(const Value& value) { return value.isNone(); }
bool isBoolean(const Value& value) { return value.as<bool>() != nullptr; }
bool isTrue(const Value& value) { return value.as<bool>() && *value.as<bool>(); }
bool isFalse(const Value& value) { return value.as<bool>() && !*value.as<bool>(); }
bool isInteger(const Value& value) { return value.as<std::int64_t>() != nullptr; }
bool isFloat(const Value& value) { return value.as<double>() != nullptr; }
bool isNumber(const Value& value) { return value.number().has_value(); }
bool isString(const Value& value) { return value.text() != nullptr; }
bool isMapping(const Value& value) { return value.dict() != nullptr; }
bool isNever(const Value&) { return false; }
/// An undefined value answers a call too, with its error.
bool isCallable(const Value& value) { return value.callable() || value.undefined(); }

bool isSequence(const Value& value)
{
    const Items* items = value.items();
    const bool listed = items
        && (items->kind == Items::Kind::List || items->kind == Items::Kind::Tuple || items->kind == Items::Kind::Range);
    return listed || value.text() || value.dict() || value.undefined();
}

bool isUpperText(const Value& value)
{
    const Text text = spelled(value);
    return std::any_of(text.begin(), text.end(), isUpper) && std::none_of(text.begin(), text.end(), isLower);
}

bool isLowerText(const Value& value)
{
    const Text text = spelled(value);
    return std::any_of(text.begin(), text.end(), isLower) && std::none_of(text.begin(), text.end(), isUpper);
}

template<std::int64_t rest>
bool modulo2(const Value& value)
{
    return equal(binary("%", value, Value(std::int64_t(2))), Value(rest));
}

bool isFilterName(const Value& value) { return value.text() && filterNamed(utf8Of(*value.text())); }
bool isTestName(const Value& value) { return value.text() && testNamed(utf8Of(*value.text())); }

bool divisibleBy(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("divisibleby", arguments, {"num"}, 1);
    return equal(binary("%", subject, bound.at(0)), Value(std::int64_t(0)));
}

bool sameAs(Interpreter&, const Value& subject, const Arguments& arguments)
{
    const Bound bound("sameas", arguments, {"other"}, 1);
    const Value& other = bound.at(0);
    if (subject.data().index() != other.data().index())
        return false;
    if (subject.items())
        return subject.items() == other.items();
    if (subject.dict())
        return subject.dict() == other.dict();
    return equal(subject, other);
}

bool isIn(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("in", arguments, {"seq"}, 1);
    interpreter.charge(bound.at(0).weight());
    return contains(bound.at(0), subject);
}

template<bool wanted>
bool equals(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("the comparison", arguments, {"other"}, 1, Bound::Naming::PositionalOnly);
    interpreter.charge(std::min(subject.weight(), bound.at(0).weight()));
    return equal(subject, bound.at(0)) == wanted;
}

enum class Order { Less, LessOrEqual, Greater, GreaterOrEqual };

template<Order order>
bool ordered(Interpreter& interpreter, const Value& subject, const Arguments& arguments)
{
    const Bound bound("the comparison", arguments, {"other"}, 1, Bound::Naming::PositionalOnly);
    interpreter.charge(std::min(subject.weight(), bound.at(0).weight()));
    const bool less = order == Order::Less || order == Order::LessOrEqual;
    const int result = compare(subject, bound.at(0), less ? "<" : ">");
    return (result == 0 && (order == Order::LessOrEqual || order == Order::GreaterOrEqual))
        || (less ? result < 0 : result > 0);
}

constexpr std::array kTests {
    Named<Test> {"boolean", simple<isBoolean>},
    Named<Test> {"callable", simple<isCallable>},
    Named<Test> {"defined", simple<isDefined>},
    Named<Test> {"divisibleby", divisibleBy},
    Named<Test> {"escaped", simple<isNever>},
    Named<Test> {"even", simple<modulo2<0>>},
    Named<Test> {"false", simple<isFalse>},
    Named<Test> {"filter", simple<isFilterName>},
    Named<Test> {"float", simple<isFloat>},
    Named<Test> {"in", isIn},
    Named<Test> {"integer", simple<isInteger>},
    Named<Test> {"iterable", simple<isIterable>},
    Named<Test> {"lower", simple<isLowerText>},
    Named<Test> {"mapping", simple<isMapping>},
    Named<Test> {"none", simple<isNone>},
    Named<Test> {"number", simple<isNumber>},
    Named<Test> {"odd", simple<modulo2<1>>},
    Named<Test> {"sameas", sameAs},
    Named<Test> {"sequence", simple<isSequence>},
    Named<Test> {"string", simple<isString>},
    Named<Test> {"test", simple<isTestName>},
    Named<Test> {"true", simple<isTrue>},
    Named<Test> {"undefined", simple<isUndefined>},
    Named<Test> {"upper", simple<isUpperText>},
    Named<Test> {"==", equals<true>},
    Named<Test> {"eq", equals<true>},
    Named<Test> {"equalto", equals<true>},
    Named<Test> {"!=", equals<false>},
    Named<Test> {"ne", equals<false>},
    Named<Test> {"<", ordered<Order::Less>},
    Named<Test> {"lt", ordered<Order::Less>},
    Named<Test> {"lessthan", ordered<Order::Less>},
    Named<Test> {"<=", ordered<Order::LessOrEqual>},
    Named<Test> {"le", ordered<Order::LessOrEqual>},
    Named<Test> {">", ordered<Order::Greater>},
    Named<Test> {"gt", ordered<Order::Greater>},
    Named<Test> {"greaterthan", ordered<Order::Greater>},
    Named<Test> {">=", ordered<Order::GreaterOrEqual>},
    Named<Test> {"ge", ordered<Order::GreaterOrEqual>},
};

} // namespace

Test testNamed(std::string_view name)
{
    const auto found = std::find_if(kTests.begin(), kTests.end(), [&](const auto& test) { return test.name == name; });
    return found == kTests.end() ? nullptr : found->function;
}

} // namespace mpo::jinja

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/filters.h"
#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/operators.h"
#include "core/chat/jinja/spelling.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo::jinja {

using Kind = Expression::Kind;

/// Counts evaluations under way: an expression in an expression, a macro that calls itself.
class Interpreter::Level
{
public:
    explicit Level(Interpreter& interpreter)
        : m_interpreter(interpreter)
    {
        if (++m_interpreter.m_depth > kMaxCallDepth) {
            --m_interpreter.m_depth;
            stop("calls are nested deeper than {}", kMaxCallDepth);
        }
    }
    ~Level() { --m_interpreter.m_depth; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

private:
    Interpreter& m_interpreter;
};

Value Interpreter::lookup(const std::string& name)
{
    if (const Value* value = m_scope->find(name))
        return *value;
    if (const Value* value = m_globals.find(name))
        return *value;
    return Value::undefined(fmt::format("\"{}\" is not defined", toPrintable(name)));
}

Value Interpreter::evaluateOr(const ExpressionPtr& expression, Value otherwise)
{
    return expression ? evaluate(*expression) : otherwise;
}

Value Interpreter::evaluate(const Expression& expression)
{
    const Level level(*this);
    charge(1);
    const auto& parts = expression.parts;
    const auto part = [&](std::size_t i) { return evaluate(*parts[i]); };
    switch (expression.kind) {
    case Kind::Constant:
        return expression.value;
    case Kind::Name:
        return lookup(expression.name);
    case Kind::List:
    case Kind::Tuple: {
        std::vector<Value> items;
        for (const ExpressionPtr& item : parts)
            items.push_back(evaluate(*item));
        Value made
            = Value::list(std::move(items), expression.kind == Kind::List ? Items::Kind::List : Items::Kind::Tuple);
        charge(made.weight());
        return made;
    }
    case Kind::Dict: {
        std::vector<std::pair<Value, Value>> entries;
        for (std::size_t i = 0; i < parts.size(); i += 2) {
            Value key = part(i);
            entries.emplace_back(std::move(key), part(i + 1));
        }
        Value made = Value::dict(std::move(entries));
        charge(made.weight());
        return made;
    }
    case Kind::Attribute: {
        const Value subject = part(0);
        m_line = expression.line;
        return attributeOf(subject, expression.name);
    }
    case Kind::Item: {
        const Value subject = part(0);
        const Value key = part(1);
        m_line = expression.line;
        return itemOf(subject, key);
    }
    case Kind::Slice: {
        const Value subject = part(0);
        const Value start = evaluateOr(parts[1], Value::none());
        const Value end = evaluateOr(parts[2], Value::none());
        const Value step = evaluateOr(parts[3], Value::none());
        m_line = expression.line;
        Value made = sliceOf(subject, start, end, step);
        chargeFor(made);
        return made;
    }
    case Kind::Call:
        return called(expression);
    case Kind::Filter:
        return filtered(expression, Value());
    case Kind::Test: {
        const Value subject = part(0);
        const Arguments arguments = evaluated(expression.arguments);
        m_line = expression.line;
        return Value(applyTest(expression.name, subject, arguments));
    }
    case Kind::Negate:
        return negated(part(0));
    case Kind::Plus:
        return unaryPlus(part(0));
    case Kind::Not:
        return Value(!part(0).truth());
    case Kind::Binary: {
        const Value left = part(0);
        const Value right = part(1);
        m_line = expression.line;
        Value made = binary(expression.name, left, right);
        chargeFor(made);
        return made;
    }
    case Kind::Concat: {
        Text text;
        for (const ExpressionPtr& item : parts) {
            text += spelled(evaluate(*item));
            checkTextLength(double(text.size()));
        }
        Value made(std::move(text));
        chargeFor(made);
        return made;
    }
    case Kind::Compare:
        return Value(compared(expression));
    case Kind::And: {
        Value left = part(0);
        return left.truth() ? part(1) : left;
    }
    case Kind::Or: {
        Value left = part(0);
        return left.truth() ? left : part(1);
    }
    case Kind::Conditional:
        if (part(0).truth())
            return part(1);
        return evaluateOr(
            parts[2], Value::undefined("an \"if\" without \"else\" in an expression was false, so it has no value"));
    }
    return {};
}

bool Interpreter::compared(const Expression& expression)
{
    Value left = evaluate(*expression.parts[0]);
    for (std::size_t i = 0; i < expression.signs.size(); ++i) {
        Value right = evaluate(*expression.parts[i + 1]);
        m_line = expression.line;
        const std::string& sign = expression.signs[i];
        bool holds = false;
        if (sign == "in" || sign == "notin") {
            charge(right.weight());
            holds = contains(right, left) == (sign == "in");
        } else {
            charge(std::min(left.weight(), right.weight()));
            if (sign == "==" || sign == "!=") {
                holds = equal(left, right) == (sign == "==");
            } else {
                const int order = compare(left, right, sign);
                holds = sign == "<" ? order < 0 : sign == "<=" ? order <= 0 : sign == ">" ? order > 0 : order >= 0;
            }
        }
        if (!holds)
            return false;
        left = std::move(right);
    }
    return true;
}

Value Interpreter::filtered(const Expression& filters, const Value& subject)
{
    // Without a part the filter begins a chain behind a block, whose text is the subject.
    const Value input = filters.parts.empty()    ? subject
        : filters.parts[0]->kind == Kind::Filter ? filtered(*filters.parts[0], subject)
                                                 : evaluate(*filters.parts[0]);
    const Arguments arguments = evaluated(filters.arguments);
    m_line = filters.line;
    return applyFilter(filters.name, input, arguments);
}

Value Interpreter::applyFilter(std::string_view name, const Value& subject, const Arguments& arguments)
{
    const Filter filter = filterNamed(name);
    if (!filter)
        stop("there is no filter \"{}\"", toPrintable(name));
    charge(1 + subject.weight());
    Value made = filter(*this, subject, arguments);
    chargeFor(made);
    return made;
}

bool Interpreter::applyTest(std::string_view name, const Value& subject, const Arguments& arguments)
{
    const Test test = testNamed(name);
    if (!test)
        stop("there is no test \"{}\"", toPrintable(name));
    charge(1);
    return test(*this, subject, arguments);
}

Arguments Interpreter::evaluated(const CallArguments& arguments)
{
    Arguments result;
    for (const ExpressionPtr& argument : arguments.positional)
        result.positional.push_back(evaluate(*argument));
    for (const auto& [name, argument] : arguments.named)
        result.named.emplace_back(name, evaluate(*argument));
    if (arguments.more) {
        for (Value& value : collect(evaluate(*arguments.more)))
            result.positional.push_back(std::move(value));
    }
    if (arguments.moreNamed) {
        const Value more = evaluate(*arguments.moreNamed);
        if (!more.dict())
            stop("\"**\" needs a dict, not a {}", more.typeName());
        for (const auto& [key, value] : more.dict()->entries) {
            if (!key.text())
                stop("the names of arguments are strings, not a {}", key.typeName());
            result.named.emplace_back(utf8Of(*key.text()), value);
        }
    }
    return result;
}

Value Interpreter::called(const Expression& expression, const Value* caller)
{
    const Value function = evaluate(*expression.parts[0]);
    Arguments arguments = evaluated(expression.arguments);
    if (caller)
        arguments.named.emplace_back("caller", *caller);
    m_line = expression.line;
    if (function.undefined())
        function.undefined()->fail();
    if (!function.callable())
        stop("a {} cannot be called", function.typeName());
    Value made = function.callable()->call(arguments);
    m_line = expression.line;
    chargeFor(made);
    return made;
}

} // namespace mpo::jinja

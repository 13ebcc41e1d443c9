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

/// The items of a loop for which its condition holds; asked one by one, as jinja2 does.
class FilteredIterator : public Iterator
{
public:
    FilteredIterator(std::shared_ptr<Iterator> source, std::function<bool(const Value&)> keeps)
        : m_source(std::move(source))
        , m_keeps(std::move(keeps))
    {
    }
    std::optional<Value> next() override
    {
        while (auto item = m_source->next()) {
            if (m_keeps(*item))
                return item;
        }
        return {};
    }

private:
    std::shared_ptr<Iterator> m_source;
    std::function<bool(const Value&)> m_keeps;
};

} // namespace

const Value* Scope::find(std::string_view name) const
{
    for (const Scope* scope = this; scope; scope = scope->around.get()) {
        const auto found = std::find_if(
            scope->names.begin(), scope->names.end(), [&](const auto& entry) { return entry.first == name; });
        if (found != scope->names.end())
            return &found->second;
    }
    return nullptr;
}

void Scope::set(const std::string& name, Value value)
{
    for (auto& [known, old] : names) {
        if (known == name) {
            old = std::move(value);
            return;
        }
    }
    names.emplace_back(name, std::move(value));
}

Interpreter::Interpreter(std::vector<std::pair<std::string, Value>> variables, std::time_t now)
    : m_scope(std::make_shared<Scope>())
{
    addGlobals(now);
    for (auto& [name, value] : variables)
        m_globals.set(name, std::move(value));
}

Interpreter::~Interpreter()
{
    for (const auto& scope : m_closures)
        scope->names.clear();
    for (const auto& space : m_namespaces)
        space->attributes.clear();
}

Text Interpreter::run(const Block& block)
{
    execute(block);
    return std::move(m_output);
}

void Interpreter::charge(std::int64_t steps)
{
    m_steps += std::max<std::int64_t>(0, steps);
    if (m_steps > kMaxSteps)
        stop("it takes more than {} steps", kMaxSteps);
}

void Interpreter::chargeFor(const Value& made)
{
    charge(made.weight());
    if (made.text()) {
        checkTextLength(double(made.text()->size()));
        m_charactersMade += made.text()->size();
        if (m_charactersMade > kMaxCharactersMade)
            stop("its strings have more than {} characters together", kMaxCharactersMade);
    }
}

void Interpreter::write(const Text& text)
{
    checkTextLength(double(m_output.size()) + double(text.size()));
    m_output += text;
}

Text Interpreter::captured(const Block& block, Flow& flow)
{
    Text outside = std::exchange(m_output, {});
    flow = execute(block);
    return std::exchange(m_output, std::move(outside));
}

std::shared_ptr<Scope> Interpreter::innerScope() const
{
    auto scope = std::make_shared<Scope>();
    scope->around = m_scope;
    return scope;
}

Interpreter::Flow Interpreter::executeInScope(const Block& block, std::shared_ptr<Scope> scope)
{
    const std::shared_ptr<Scope> outside = std::exchange(m_scope, std::move(scope));
    const Flow flow = execute(block);
    m_scope = outside;
    return flow;
}

Interpreter::Flow Interpreter::execute(const Block& block)
{
    for (const Statement& statement : block) {
        const Flow flow = execute(statement);
        if (flow != Flow::Next)
            return flow;
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::execute(const Statement& statement)
{
    m_line = statement.line;
    charge(1);
    Flow flow = Flow::Next;
    switch (statement.kind) {
    case Statement::Kind::Text:
        write(statement.text);
        break;
    case Statement::Kind::Print:
        write(spelled(evaluate(*statement.expression)));
        break;
    case Statement::Kind::If:
        return execute(evaluate(*statement.expression).truth() ? statement.body : statement.otherwise);
    case Statement::Kind::For:
        return executeFor(statement);
    case Statement::Kind::Set:
        assign(statement.target, evaluate(*statement.expression));
        break;
    case Statement::Kind::SetBlock:
    case Statement::Kind::FilterBlock: {
        const std::shared_ptr<Scope> outside = std::exchange(m_scope, innerScope());
        Value value(captured(statement.body, flow));
        if (flow != Flow::Next) {
            m_scope = outside;
            return flow;
        }
        chargeFor(value);
        if (statement.expression)
            value = filtered(*statement.expression, value);
        m_scope = outside;
        if (statement.kind == Statement::Kind::SetBlock)
            assign(statement.target, std::move(value));
        else if (value.text())
            write(*value.text());
        else
            stop("the filters of this block make a {} of it, which cannot be written", value.typeName());
        break;
    }
    case Statement::Kind::With: {
        const auto scope = innerScope();
        std::vector<Value> values;
        for (const ExpressionPtr& expression : statement.values)
            values.push_back(evaluate(*expression));
        for (std::size_t i = 0; i < values.size(); ++i)
            scope->set(statement.targets[i].name, std::move(values[i]));
        return executeInScope(statement.body, scope);
    }
    case Statement::Kind::Macro:
        assign(statement.target, macroValue(statement.macro));
        break;
    case Statement::Kind::CallBlock:
        executeCall(statement);
        break;
    case Statement::Kind::Generation:
        return executeInScope(statement.body, innerScope());
    case Statement::Kind::Break:
        return Flow::Break;
    case Statement::Kind::Continue:
        return Flow::Continue;
    }
    return Flow::Next;
}

Interpreter::Flow Interpreter::executeFor(const Statement& statement)
{
    const Value sequence = evaluate(*statement.expression);
    m_line = statement.line;
    auto loop = std::make_shared<Loop>();
    loop->source = iterate(sequence);
    if (statement.condition) {
        loop->source = std::make_shared<FilteredIterator>(loop->source, [this, &statement](const Value& item) {
            const std::shared_ptr<Scope> outside = std::exchange(m_scope, innerScope());
            assign(statement.target, item);
            const bool keeps = evaluate(*statement.condition).truth();
            m_scope = outside;
            return keeps;
        });
    } else if (!sequence.as<std::shared_ptr<Iterator>>() && !sequence.loop()) {
        loop->length = sequence.length();
    }
    bool completed = false; // a body that ran to its end; jinja2 looks at this for "else"
    while (true) {
        charge(1);
        if (!loop->advance())
            break;
        const auto scope = innerScope();
        scope->names.emplace_back("loop", Value(Value::Data(loop)));
        const std::shared_ptr<Scope> outside = std::exchange(m_scope, scope);
        assign(statement.target, loop->current);
        const Flow flow = execute(statement.body);
        m_scope = outside;
        completed = completed || flow == Flow::Next;
        if (flow == Flow::Break)
            break;
    }
    return completed ? Flow::Next : executeInScope(statement.otherwise, innerScope());
}

void Interpreter::executeCall(const Statement& statement)
{
    const Value caller = macroValue(statement.macro);
    write(spelled(called(*statement.expression, &caller)));
}

void Interpreter::assign(const Target& target, Value value)
{
    if (!target.attribute.empty()) {
        const Value* object = m_scope->find(target.name);
        Namespace* space = object ? object->nameSpace() : nullptr;
        if (!space)
            stop("\"{}\" is no namespace, so it takes no attribute", toPrintable(target.name));
        space->set(target.attribute, std::move(value));
    } else if (target.isTuple) {
        const std::vector<Value> values = collect(value);
        if (values.size() != target.parts.size())
            stop("{} values cannot be given to {} names", values.size(), target.parts.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            assign(target.parts[i], values[i]);
    } else {
        m_scope->set(target.name, std::move(value));
    }
}

Value Interpreter::macroValue(std::shared_ptr<const MacroSyntax> macro)
{
    if (m_closures.empty() || m_closures.back() != m_scope)
        m_closures.push_back(m_scope);
    const std::string name = macro->name;
    return Value::function(name, [this, macro = std::move(macro), around = m_scope](Arguments& arguments) {
        return callMacro(*macro, around, arguments);
    });
}

Value Interpreter::callMacro(const MacroSyntax& macro, const std::shared_ptr<Scope>& around, Arguments& arguments)
{
    const auto scope = std::make_shared<Scope>();
    scope->around = around;
    const std::shared_ptr<Scope> outside = std::exchange(m_scope, scope);
    const auto takeNamed = [&](const std::string& name) -> std::optional<Value> {
        const auto found = std::find_if(
            arguments.named.begin(), arguments.named.end(), [&](const auto& entry) { return entry.first == name; });
        if (found == arguments.named.end())
            return {};
        Value value = std::move(found->second);
        arguments.named.erase(found);
        return value;
    };
    for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
        const Parameter& parameter = macro.parameters[i];
        std::optional<Value> value;
        if (i < arguments.positional.size())
            value = arguments.positional[i];
        else
            value = takeNamed(parameter.name);
        if (!value && parameter.fallback)
            value = evaluate(*parameter.fallback);
        scope->set(parameter.name,
            value ? std::move(*value)
                  : Value::undefined(fmt::format("the parameter \"{}\" was not given", toPrintable(parameter.name))));
    }
    const bool hasCallerParameter = std::any_of(macro.parameters.begin(), macro.parameters.end(),
        [](const Parameter& parameter) { return parameter.name == "caller"; });
    if (macro.usesCaller && !hasCallerParameter)
        scope->set(
            "caller", takeNamed("caller").value_or(Value::undefined("this macro was not called by a call block")));
    if (macro.usesKwargs) {
        std::vector<std::pair<Value, Value>> rest;
        for (auto& [name, value] : arguments.named)
            rest.emplace_back(Value(textOf(name)), std::move(value));
        scope->set("kwargs", Value::dict(std::move(rest)));
    } else if (!arguments.named.empty()) {
        stop("the macro \"{}\" takes no argument named \"{}\"", toPrintable(macro.name),
            toPrintable(arguments.named.front().first));
    }
    const std::size_t extra = std::max(arguments.positional.size(), macro.parameters.size()) - macro.parameters.size();
    if (macro.usesVarargs)
        scope->set("varargs",
            Value::list(
                {arguments.positional.end() - std::ptrdiff_t(extra), arguments.positional.end()}, Items::Kind::Tuple));
    else if (extra > 0)
        stop("the macro \"{}\" takes at most {} arguments", toPrintable(macro.name), macro.parameters.size());
    Flow flow = Flow::Next;
    Value result(captured(macro.body, flow));
    m_scope = outside;
    return result;
}

} // namespace mpo::jinja

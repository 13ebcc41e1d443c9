// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/arguments.h"
#include "core/chat/jinja/syntax.h"

#include <ctime>

namespace mpo::jinja {

/// Variables of a template, a loop or a macro; what is not here is looked up around it.
struct Scope
{
    std::shared_ptr<Scope> around;
    std::vector<std::pair<std::string, Value>> names;

    const Value* find(std::string_view name) const;
    void set(const std::string& name, Value value);
};

/// Carries out a template once. It reaches nothing outside: no files, no objects of the program, and it stops after
/// kMaxSteps.
class Interpreter
{
public:
    /// `now`: what strftime_now shows.
    Interpreter(std::vector<std::pair<std::string, Value>> variables, std::time_t now);
    ~Interpreter();
    Interpreter(const Interpreter&) = delete;
    Interpreter& operator=(const Interpreter&) = delete;

    /// What the template writes. Throws Failure; `line` is where.
    Text run(const Block& block);
    int line() const { return m_line; }

    // For filters and tests, which may call each other.
    Value applyFilter(std::string_view name, const Value& subject, const Arguments& arguments);
    bool applyTest(std::string_view name, const Value& subject, const Arguments& arguments);
    void charge(std::int64_t steps);
    void chargeFor(const Value& made); ///< a value that was made: its characters and items

private:
    enum class Flow { Next, Break, Continue };
    class Level;

    Flow execute(const Block& block);
    Flow execute(const Statement& statement);
    Flow executeFor(const Statement& statement);
    Flow executeInScope(const Block& block, std::shared_ptr<Scope> scope);
    void executeCall(const Statement& statement);
    void write(const Text& text);
    /// What the block writes, instead of writing it. `flow`: how it ended.
    Text captured(const Block& block, Flow& flow);
    void assign(const Target& target, Value value);
    std::shared_ptr<Scope> innerScope() const;

    Value evaluate(const Expression& expression);
    Value evaluateOr(const ExpressionPtr& expression, Value otherwise);
    Value filtered(const Expression& filters, const Value& subject);
    bool compared(const Expression& expression);
    Value called(const Expression& expression, const Value* caller = nullptr);
    Arguments evaluated(const CallArguments& arguments);
    Value lookup(const std::string& name);
    Value macroValue(std::shared_ptr<const MacroSyntax> macro);
    Value callMacro(const MacroSyntax& macro, const std::shared_ptr<Scope>& around, Arguments& arguments);
    void addGlobals(std::time_t now);

    Scope m_globals;
    std::shared_ptr<Scope> m_scope;
    Text m_output;
    int m_line = 1;
    int m_depth = 0;
    std::int64_t m_steps = 0;
    std::size_t m_charactersMade = 0;
    // They can hold each other in a ring, so they are emptied at the end.
    std::vector<std::shared_ptr<Scope>> m_closures;
    std::vector<std::shared_ptr<Namespace>> m_namespaces;
};

/// value.name and value[key] as the sandbox of jinja2 gives them: methods that change a list or dict, and the inside of
/// Python, are undefined.
Value attributeOf(const Value& value, const std::string& name);
Value itemOf(const Value& value, const Value& key);
Value sliceOf(const Value& value, const Value& start, const Value& end, const Value& step);
/// The method of a string, bound to it.
std::optional<Value> textMethod(const Value& text, std::string_view name);

} // namespace mpo::jinja

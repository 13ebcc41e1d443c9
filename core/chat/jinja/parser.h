// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/jinja/lexer.h"
#include "core/chat/jinja/syntax.h"

#include <set>

namespace mpo::jinja {

/// What the two halves of the parser share: the tokens and the limits.
class TokenReader
{
public:
    explicit TokenReader(std::vector<Token> tokens)
        : m_tokens(std::move(tokens))
    {
    }

    const Token& current() const { return m_tokens[m_at]; }
    const Token& following() const { return m_tokens[std::min(m_at + 1, m_tokens.size() - 1)]; }
    Token take(); ///< the current one, and steps over it; stays at the end
    bool isName(std::string_view name) const { return current().kind == Token::Kind::Name && current().name == name; }
    bool isOperator(std::string_view name) const;
    bool skipName(std::string_view name);
    bool skipOperator(std::string_view name);
    std::string expectName(); ///< any
    void expectName(std::string_view name);
    void expectOperator(std::string_view name);
    [[noreturn]] void fail(int line, std::string sentence) const;
    [[noreturn]] void failHere(std::string_view wanted) const;

private:
    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
};

/// The expressions of a template.
class ExpressionParser
{
public:
    explicit ExpressionParser(TokenReader& tokens)
        : m_tokens(tokens)
    {
    }

    enum class Conditional { Allowed, No };
    ExpressionPtr expression(Conditional conditional = Conditional::Allowed);
    /// An expression or, with commas, a tuple. `endName`: a name that also ends it, as "in".
    ExpressionPtr tuple(Conditional conditional = Conditional::Allowed, std::string_view endName = {});
    ExpressionPtr primary();
    /// "| a | b(c)" behind `subject`, which may be empty (filters of a block). `startsInline`: the first has no "|".
    ExpressionPtr filters(ExpressionPtr subject, bool startsInline);

    /// Filters and tests that do not exist. jinja2 refuses them, unless an "if" could keep them from being used.
    struct Unknown
    {
        int line;
        std::string sentence;
    };
    std::vector<Unknown> unknown;
    std::set<std::string> namesRead; ///< names that were read so far; the parser of macros looks for some

private:
    class Level;
    using Step = ExpressionPtr (ExpressionParser::*)();

    ExpressionPtr conditional();
    ExpressionPtr disjunction();
    ExpressionPtr conjunction();
    ExpressionPtr negation();
    ExpressionPtr comparison();
    ExpressionPtr sum();
    ExpressionPtr concatenation();
    ExpressionPtr product();
    ExpressionPtr power();
    ExpressionPtr unary(bool withFilters);
    ExpressionPtr powerOperand() { return unary(true); }
    ExpressionPtr binaries(Step operand, std::initializer_list<std::string_view> signs);
    ExpressionPtr withPostfixes(ExpressionPtr node);
    ExpressionPtr withFilters(ExpressionPtr node);
    ExpressionPtr subscript(ExpressionPtr node);
    ExpressionPtr call(ExpressionPtr node);
    ExpressionPtr test(ExpressionPtr node);
    ExpressionPtr bracketed();
    ExpressionPtr dict();
    CallArguments arguments();
    ExpressionPtr finished(Expression node);
    bool endsTuple(std::string_view endName) const;

    TokenReader& m_tokens;
    int m_depth = 0;
};

/// Parses a whole template. Throws SyntaxFailure.
Block parseTemplate(std::string_view source);

} // namespace mpo::jinja

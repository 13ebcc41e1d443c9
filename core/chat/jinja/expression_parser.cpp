// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/filters.h"
#include "core/chat/jinja/limits.h"
#include "core/chat/jinja/parser.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo::jinja {

using Kind = Expression::Kind;

/// Counts how deep the parser stands in itself.
class ExpressionParser::Level
{
public:
    explicit Level(ExpressionParser& parser)
        : m_parser(parser)
    {
        if (++m_parser.m_depth > kMaxSyntaxDepth) {
            --m_parser.m_depth;
            m_parser.m_tokens.fail(m_parser.m_tokens.current().line,
                fmt::format("expressions are nested deeper than {}", kMaxSyntaxDepth));
        }
    }
    ~Level() { --m_parser.m_depth; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

private:
    ExpressionParser& m_parser;
};

namespace {

template<class... Parts>
Expression node(Kind kind, int line, std::string name, Parts... parts)
{
    Expression result {kind, line, std::move(name), {}, {}, {}, {}, 1};
    (result.parts.push_back(std::move(parts)), ...);
    return result;
}

} // namespace

ExpressionPtr ExpressionParser::finished(Expression node)
{
    const auto look = [&](const ExpressionPtr& part) {
        if (part)
            node.depth = std::max(node.depth, part->depth + 1);
    };
    std::for_each(node.parts.begin(), node.parts.end(), look);
    std::for_each(node.arguments.positional.begin(), node.arguments.positional.end(), look);
    for (const auto& [name, argument] : node.arguments.named)
        look(argument);
    look(node.arguments.more);
    look(node.arguments.moreNamed);
    if (node.depth > kMaxSyntaxDepth)
        m_tokens.fail(
            node.line, fmt::format("an expression has more than {} steps inside each other", kMaxSyntaxDepth));
    return std::make_unique<const Expression>(std::move(node));
}

ExpressionPtr ExpressionParser::expression(Conditional allowed)
{
    const Level level(*this);
    return allowed == Conditional::Allowed ? conditional() : disjunction();
}

bool ExpressionParser::endsTuple(std::string_view endName) const
{
    const Token::Kind kind = m_tokens.current().kind;
    return kind == Token::Kind::VariableEnd || kind == Token::Kind::BlockEnd || m_tokens.isOperator(")")
        || (!endName.empty() && m_tokens.isName(endName));
}

ExpressionPtr ExpressionParser::tuple(Conditional allowed, std::string_view endName)
{
    const int line = m_tokens.current().line;
    if (endsTuple(endName))
        m_tokens.failHere("an expression");
    ExpressionPtr first = expression(allowed);
    if (!m_tokens.isOperator(","))
        return first;
    Expression result = node(Kind::Tuple, line, {}, std::move(first));
    while (m_tokens.skipOperator(",")) {
        if (endsTuple(endName))
            break;
        result.parts.push_back(expression(allowed));
    }
    return finished(std::move(result));
}

ExpressionPtr ExpressionParser::conditional()
{
    const int line = m_tokens.current().line;
    const std::size_t unknownBefore = unknown.size();
    ExpressionPtr result = disjunction();
    while (m_tokens.skipName("if")) {
        ExpressionPtr condition = disjunction();
        ExpressionPtr otherwise;
        if (m_tokens.skipName("else")) {
            const Level level(*this);
            otherwise = conditional();
        }
        result = finished(
            node(Kind::Conditional, line, {}, std::move(condition), std::move(result), std::move(otherwise)));
        unknown.resize(unknownBefore, {});
    }
    return result;
}

ExpressionPtr ExpressionParser::disjunction()
{
    ExpressionPtr left = conjunction();
    while (m_tokens.isName("or")) {
        const int line = m_tokens.take().line;
        ExpressionPtr right = conjunction();
        left = finished(node(Kind::Or, line, {}, std::move(left), std::move(right)));
    }
    return left;
}

ExpressionPtr ExpressionParser::conjunction()
{
    ExpressionPtr left = negation();
    while (m_tokens.isName("and")) {
        const int line = m_tokens.take().line;
        ExpressionPtr right = negation();
        left = finished(node(Kind::And, line, {}, std::move(left), std::move(right)));
    }
    return left;
}

ExpressionPtr ExpressionParser::negation()
{
    if (!m_tokens.isName("not"))
        return comparison();
    const Level level(*this);
    const int line = m_tokens.take().line;
    return finished(node(Kind::Not, line, {}, negation()));
}

ExpressionPtr ExpressionParser::comparison()
{
    constexpr std::array<std::string_view, 6> kSigns {"==", "!=", "<", "<=", ">", ">="};
    const int line = m_tokens.current().line;
    ExpressionPtr first = sum();
    Expression result = node(Kind::Compare, line, {}, std::move(first));
    while (true) {
        const Token& token = m_tokens.current();
        const bool isSign = token.kind == Token::Kind::Operator
            && std::find(kSigns.begin(), kSigns.end(), token.name) != kSigns.end();
        if (isSign) {
            result.signs.push_back(m_tokens.take().name);
        } else if (m_tokens.skipName("in")) {
            result.signs.emplace_back("in");
        } else if (m_tokens.isName("not") && m_tokens.following().kind == Token::Kind::Name
            && m_tokens.following().name == "in") {
            m_tokens.take();
            m_tokens.take();
            result.signs.emplace_back("notin");
        } else {
            break;
        }
        result.parts.push_back(sum());
    }
    return result.signs.empty() ? std::move(result.parts[0]) : finished(std::move(result));
}

ExpressionPtr ExpressionParser::binaries(Step operand, std::initializer_list<std::string_view> signs)
{
    ExpressionPtr left = (this->*operand)();
    while (m_tokens.current().kind == Token::Kind::Operator
        && std::find(signs.begin(), signs.end(), m_tokens.current().name) != signs.end()) {
        const Token sign = m_tokens.take();
        ExpressionPtr right = (this->*operand)();
        left = finished(node(Kind::Binary, sign.line, sign.name, std::move(left), std::move(right)));
    }
    return left;
}

ExpressionPtr ExpressionParser::sum() { return binaries(&ExpressionParser::concatenation, {"+", "-"}); }

ExpressionPtr ExpressionParser::concatenation()
{
    const int line = m_tokens.current().line;
    Expression result = node(Kind::Concat, line, {}, product());
    while (m_tokens.skipOperator("~"))
        result.parts.push_back(product());
    return result.parts.size() == 1 ? std::move(result.parts[0]) : finished(std::move(result));
}

ExpressionPtr ExpressionParser::product() { return binaries(&ExpressionParser::power, {"*", "/", "//", "%"}); }
ExpressionPtr ExpressionParser::power() { return binaries(&ExpressionParser::powerOperand, {"**"}); }

ExpressionPtr ExpressionParser::unary(bool filtersToo)
{
    const int line = m_tokens.current().line;
    ExpressionPtr result;
    if (m_tokens.isOperator("-") || m_tokens.isOperator("+")) {
        const Level level(*this);
        const Kind kind = m_tokens.take().name == "-" ? Kind::Negate : Kind::Plus;
        result = finished(node(kind, line, {}, unary(false)));
    } else {
        result = primary();
    }
    result = withPostfixes(std::move(result));
    return filtersToo ? withFilters(std::move(result)) : std::move(result);
}

ExpressionPtr ExpressionParser::primary()
{
    const Token token = m_tokens.current();
    Expression result = node(Kind::Constant, token.line, {});
    switch (token.kind) {
    case Token::Kind::Name:
        m_tokens.take();
        if (token.name == "true" || token.name == "True" || token.name == "false" || token.name == "False") {
            result.value = Value(token.name == "true" || token.name == "True");
        } else if (token.name == "none" || token.name == "None") {
            result.value = Value::none();
        } else {
            namesRead.insert(token.name);
            result.kind = Kind::Name;
            result.name = token.name;
        }
        return finished(std::move(result));
    case Token::Kind::String: {
        Text text;
        while (m_tokens.current().kind == Token::Kind::String)
            text += *m_tokens.take().value.text();
        result.value = Value(std::move(text));
        return finished(std::move(result));
    }
    case Token::Kind::Integer:
    case Token::Kind::Float:
        result.value = m_tokens.take().value;
        return finished(std::move(result));
    default:
        if (m_tokens.isOperator("(") || m_tokens.isOperator("["))
            return bracketed();
        if (m_tokens.isOperator("{"))
            return dict();
        m_tokens.failHere("an expression");
    }
}

ExpressionPtr ExpressionParser::bracketed()
{
    const Token open = m_tokens.take();
    if (open.name == "(") {
        ExpressionPtr result = m_tokens.isOperator(")") ? finished(node(Kind::Tuple, open.line, {})) : tuple();
        m_tokens.expectOperator(")");
        return result;
    }
    Expression list = node(Kind::List, open.line, {});
    while (!m_tokens.isOperator("]")) {
        if (!list.parts.empty())
            m_tokens.expectOperator(",");
        if (!m_tokens.isOperator("]"))
            list.parts.push_back(expression());
    }
    m_tokens.expectOperator("]");
    return finished(std::move(list));
}

ExpressionPtr ExpressionParser::dict()
{
    Expression result = node(Kind::Dict, m_tokens.take().line, {});
    while (!m_tokens.isOperator("}")) {
        if (!result.parts.empty())
            m_tokens.expectOperator(",");
        if (m_tokens.isOperator("}"))
            break;
        result.parts.push_back(expression());
        m_tokens.expectOperator(":");
        result.parts.push_back(expression());
    }
    m_tokens.expectOperator("}");
    return finished(std::move(result));
}

ExpressionPtr ExpressionParser::withPostfixes(ExpressionPtr result)
{
    while (true) {
        if (m_tokens.isOperator(".") || m_tokens.isOperator("["))
            result = subscript(std::move(result));
        else if (m_tokens.isOperator("("))
            result = call(std::move(result));
        else
            return result;
    }
}

ExpressionPtr ExpressionParser::withFilters(ExpressionPtr result)
{
    while (true) {
        if (m_tokens.isOperator("|"))
            result = filters(std::move(result), false);
        else if (m_tokens.isName("is"))
            result = test(std::move(result));
        else if (m_tokens.isOperator("("))
            result = call(std::move(result));
        else
            return result;
    }
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr subject)
{
    const Token open = m_tokens.take();
    if (open.name == ".") {
        const Token attribute = m_tokens.take();
        if (attribute.kind == Token::Kind::Name)
            return finished(node(Kind::Attribute, open.line, attribute.name, std::move(subject)));
        if (attribute.kind != Token::Kind::Integer)
            m_tokens.fail(attribute.line, "a \".\" needs a name or a number behind it");
        Expression index = node(Kind::Constant, attribute.line, {});
        index.value = attribute.value;
        return finished(node(Kind::Item, open.line, {}, std::move(subject), finished(std::move(index))));
    }
    std::vector<ExpressionPtr> parts;
    ExpressionPtr first;
    if (!m_tokens.isOperator(":")) {
        first = expression();
        if (m_tokens.skipOperator("]"))
            return finished(node(Kind::Item, open.line, {}, std::move(subject), std::move(first)));
    }
    if (m_tokens.isOperator(","))
        m_tokens.fail(open.line, "several subscripts with commas between them are not supported");
    m_tokens.expectOperator(":");
    ExpressionPtr end, step;
    if (!m_tokens.isOperator(":") && !m_tokens.isOperator("]"))
        end = expression();
    if (m_tokens.skipOperator(":") && !m_tokens.isOperator("]"))
        step = expression();
    m_tokens.expectOperator("]");
    return finished(
        node(Kind::Slice, open.line, {}, std::move(subject), std::move(first), std::move(end), std::move(step)));
}

CallArguments ExpressionParser::arguments()
{
    CallArguments result;
    const int line = m_tokens.current().line;
    m_tokens.expectOperator("(");
    const auto ensure = [&](bool valid) {
        if (!valid)
            m_tokens.fail(line, "the arguments of a call stand in the wrong order");
    };
    for (bool first = true; !m_tokens.isOperator(")"); first = false) {
        if (!first) {
            m_tokens.expectOperator(",");
            if (m_tokens.isOperator(")"))
                break;
        }
        if (m_tokens.skipOperator("*")) {
            ensure(!result.more && !result.moreNamed);
            result.more = expression();
        } else if (m_tokens.skipOperator("**")) {
            ensure(!result.moreNamed);
            result.moreNamed = expression();
        } else if (m_tokens.current().kind == Token::Kind::Name && m_tokens.following().kind == Token::Kind::Operator
            && m_tokens.following().name == "=") {
            ensure(!result.moreNamed);
            std::string name = m_tokens.take().name;
            m_tokens.take();
            const bool known = std::any_of(
                result.named.begin(), result.named.end(), [&](const auto& argument) { return argument.first == name; });
            if (known)
                m_tokens.fail(line, fmt::format("the argument \"{}\" stands twice in one call", toPrintable(name)));
            result.named.emplace_back(std::move(name), expression());
        } else {
            ensure(!result.more && !result.moreNamed && result.named.empty());
            result.positional.push_back(expression());
        }
    }
    m_tokens.expectOperator(")");
    return result;
}

ExpressionPtr ExpressionParser::call(ExpressionPtr function)
{
    Expression result = node(Kind::Call, m_tokens.current().line, {}, std::move(function));
    result.arguments = arguments();
    return finished(std::move(result));
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr subject, bool startsInline)
{
    while (startsInline || m_tokens.skipOperator("|")) {
        startsInline = false;
        Expression result = node(Kind::Filter, m_tokens.current().line, m_tokens.expectName());
        if (m_tokens.isOperator("."))
            m_tokens.fail(result.line, "the name of a filter has no dots here");
        if (subject)
            result.parts.push_back(std::move(subject));
        if (m_tokens.isOperator("("))
            result.arguments = arguments();
        if (!filterNamed(result.name))
            unknown.push_back({result.line, fmt::format("there is no filter \"{}\"", toPrintable(result.name))});
        subject = finished(std::move(result));
    }
    return subject;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr subject)
{
    const int line = m_tokens.take().line;
    const bool negate = m_tokens.skipName("not");
    Expression result = node(Kind::Test, line, m_tokens.expectName(), std::move(subject));
    const Token& token = m_tokens.current();
    const bool startsOperand = token.kind == Token::Kind::String || token.kind == Token::Kind::Integer
        || token.kind == Token::Kind::Float || m_tokens.isOperator("[") || m_tokens.isOperator("{")
        || (token.kind == Token::Kind::Name && token.name != "else" && token.name != "or" && token.name != "and");
    if (m_tokens.isOperator("(")) {
        result.arguments = arguments();
    } else if (startsOperand) {
        if (m_tokens.isName("is"))
            m_tokens.fail(line, "one \"is\" cannot follow another; use \"and\"");
        const Level level(*this);
        result.arguments.positional.push_back(withPostfixes(primary()));
    }
    if (!testNamed(result.name))
        unknown.push_back({line, fmt::format("there is no test \"{}\"", toPrintable(result.name))});
    ExpressionPtr done = finished(std::move(result));
    return negate ? finished(node(Kind::Not, line, {}, std::move(done))) : std::move(done);
}

} // namespace mpo::jinja

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/parser.h"

#include "core/chat/jinja/limits.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo::jinja {

Token TokenReader::take()
{
    Token token = m_tokens[m_at];
    if (m_at + 1 < m_tokens.size())
        ++m_at;
    return token;
}

bool TokenReader::isOperator(std::string_view name) const
{
    return current().kind == Token::Kind::Operator && current().name == name;
}

bool TokenReader::skipName(std::string_view name)
{
    const bool found = isName(name);
    if (found)
        take();
    return found;
}

bool TokenReader::skipOperator(std::string_view name)
{
    const bool found = isOperator(name);
    if (found)
        take();
    return found;
}

std::string TokenReader::expectName()
{
    if (current().kind != Token::Kind::Name)
        failHere("a name");
    return take().name;
}

void TokenReader::expectName(std::string_view name)
{
    if (!skipName(name))
        failHere(fmt::format("\"{}\"", name));
}

void TokenReader::expectOperator(std::string_view name)
{
    if (!skipOperator(name))
        failHere(fmt::format("\"{}\"", name));
}

void TokenReader::fail(int line, std::string sentence) const { throw SyntaxFailure {line, std::move(sentence)}; }

void TokenReader::failHere(std::string_view wanted) const
{
    const Token& token = current();
    std::string found;
    switch (token.kind) {
    case Token::Kind::Name:
    case Token::Kind::Operator:
        found = fmt::format("\"{}\"", toPrintable(shortened(token.name, 60)));
        break;
    case Token::Kind::String:
        found = "a string";
        break;
    case Token::Kind::Integer:
    case Token::Kind::Float:
        found = "a number";
        break;
    case Token::Kind::End:
        found = "the end of the template";
        break;
    default:
        found = "the end of the tag";
    }
    fail(token.line, fmt::format("{} is expected, not {}", wanted, found));
}

namespace {

using Kind = Statement::Kind;

class TemplateParser
{
public:
    explicit TemplateParser(std::string_view source)
        : m_tokens(tokenize(source))
        , m_expressions(m_tokens)
    {
    }

    Block run()
    {
        Block block = statements({});
        refuseUnknown(0);
        return block;
    }

private:
    /// Counts how deep blocks stand in each other.
    class Level
    {
    public:
        explicit Level(TemplateParser& parser)
            : m_parser(parser)
        {
            if (++m_parser.m_depth > kMaxSyntaxDepth) {
                --m_parser.m_depth;
                m_parser.m_tokens.fail(
                    m_parser.m_tokens.current().line, fmt::format("blocks are nested deeper than {}", kMaxSyntaxDepth));
            }
        }
        ~Level() { --m_parser.m_depth; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

    private:
        TemplateParser& m_parser;
    };

    static Statement make(Kind kind, int line)
    {
        Statement statement;
        statement.kind = kind;
        statement.line = line;
        return statement;
    }

    void refuseUnknown(std::size_t before) const
    {
        if (m_expressions.unknown.size() > before)
            m_tokens.fail(m_expressions.unknown[before].line, m_expressions.unknown[before].sentence);
    }

    void expectTagEnd()
    {
        if (m_tokens.current().kind != Token::Kind::BlockEnd)
            m_tokens.failHere("the end of the tag");
        m_tokens.take();
    }

    /// Up to one of the tags `ends`, which stays the current token; without ends up to the end of the template.
    Block statements(std::initializer_list<std::string_view> ends)
    {
        const Level level(*this);
        Block block;
        while (true) {
            const Token& token = m_tokens.current();
            if (token.kind == Token::Kind::End) {
                if (ends.size() > 0)
                    m_tokens.fail(token.line, fmt::format("the template ends before {{% {} %}}", *(ends.end() - 1)));
                return block;
            }
            if (token.kind == Token::Kind::Text) {
                Statement text = make(Kind::Text, token.line);
                text.text = *m_tokens.take().value.text();
                block.push_back(std::move(text));
            } else if (token.kind == Token::Kind::VariableBegin) {
                Statement print = make(Kind::Print, m_tokens.take().line);
                print.expression = m_expressions.tuple();
                if (m_tokens.current().kind != Token::Kind::VariableEnd)
                    m_tokens.failHere("\"}}\"");
                m_tokens.take();
                block.push_back(std::move(print));
            } else {
                m_tokens.take();
                const bool ended
                    = std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return m_tokens.isName(end); });
                if (ended)
                    return block;
                statement(block);
                expectTagEnd();
            }
        }
    }

    /// "tag ... %} body {% end": the rest of a tag and its body up to one of `ends`.
    Block body(std::initializer_list<std::string_view> ends)
    {
        m_tokens.skipOperator(":");
        expectTagEnd();
        return statements(ends);
    }

    void statement(Block& block)
    {
        constexpr std::array<std::string_view, 6> kRefused {
            "include", "import", "from", "extends", "block", "autoescape"};
        const int line = m_tokens.current().line;
        if (m_tokens.current().kind != Token::Kind::Name)
            m_tokens.failHere("the name of a tag");
        const std::string tag = m_tokens.take().name;
        if (tag == "if")
            block.push_back(ifStatement(line));
        else if (tag == "for")
            block.push_back(forStatement(line));
        else if (tag == "set")
            block.push_back(setStatement(line));
        else if (tag == "macro")
            block.push_back(macroStatement(line));
        else if (tag == "call")
            block.push_back(callStatement(line));
        else if (tag == "with")
            block.push_back(withStatement(line));
        else if (tag == "filter")
            block.push_back(filterStatement(line));
        else if (tag == "print")
            printStatement(block, line);
        else if (tag == "generation")
            block.push_back(generationStatement(line));
        else if (tag == "break" || tag == "continue")
            block.push_back(jump(tag == "break" ? Kind::Break : Kind::Continue, line, tag));
        else if (std::find(kRefused.begin(), kRefused.end(), tag) != kRefused.end())
            m_tokens.fail(line, fmt::format("{{% {} %}} has no place in a chat template, which is one file", tag));
        else
            m_tokens.fail(
                line, fmt::format("the tag \"{}\" is not known or stands in the wrong place", toPrintable(tag)));
    }

    Statement ifStatement(int line)
    {
        const Level level(*this);
        const std::size_t unknownBefore = m_expressions.unknown.size();
        Statement result = make(Kind::If, line);
        result.expression = m_expressions.tuple(ExpressionParser::Conditional::No);
        result.body = body({"elif", "else", "endif"});
        const Token end = m_tokens.take();
        if (end.name == "elif") {
            result.otherwise.push_back(ifStatement(end.line));
        } else if (end.name == "else") {
            result.otherwise = body({"endif"});
            m_tokens.take();
        }
        // What an "if" may skip fails only when it is reached.
        m_expressions.unknown.resize(unknownBefore, {});
        return result;
    }

    Statement forStatement(int line)
    {
        Statement result = make(Kind::For, line);
        result.target = target("in");
        refuseLoopAsTarget(result.target);
        m_tokens.expectName("in");
        result.expression = m_expressions.tuple(ExpressionParser::Conditional::No, "recursive");
        const std::size_t unknownBefore = m_expressions.unknown.size();
        if (m_tokens.skipName("if"))
            result.condition = m_expressions.expression();
        if (m_tokens.isName("recursive"))
            m_tokens.fail(line, "recursive loops are not supported; a macro that calls itself does the same");
        ++m_loops;
        result.body = body({"else", "endfor"});
        --m_loops;
        if (m_tokens.take().name == "else") {
            result.otherwise = body({"endfor"});
            m_tokens.take();
        }
        refuseUnknown(unknownBefore);
        return result;
    }

    void refuseLoopAsTarget(const Target& target) const
    {
        if (target.name == "loop" && target.attribute.empty() && !target.isTuple)
            m_tokens.fail(target.line, "a loop cannot use \"loop\" as its variable");
        for (const Target& part : target.parts)
            refuseLoopAsTarget(part);
    }

    Statement setStatement(int line)
    {
        Statement result = make(Kind::Set, line);
        result.target = target({}, true);
        if (m_loops > 0)
            refuseLoopAsTarget(result.target);
        if (m_tokens.skipOperator("=")) {
            result.expression = m_expressions.tuple();
            return result;
        }
        result.kind = Kind::SetBlock;
        const std::size_t unknownBefore = m_expressions.unknown.size();
        result.expression = m_expressions.filters(nullptr, false);
        result.body = body({"endset"});
        m_tokens.take();
        refuseUnknown(unknownBefore);
        return result;
    }

    Target singleTarget(bool withNamespace)
    {
        Target result;
        result.line = m_tokens.current().line;
        if (m_tokens.skipOperator("(")) {
            const Level level(*this);
            result = target({}, withNamespace);
            m_tokens.expectOperator(")");
            return result;
        }
        result.name = m_tokens.expectName();
        constexpr std::array<std::string_view, 6> kConstants {"true", "True", "false", "False", "none", "None"};
        if (std::find(kConstants.begin(), kConstants.end(), result.name) != kConstants.end())
            m_tokens.fail(result.line, fmt::format("\"{}\" cannot be assigned to", result.name));
        if (withNamespace && m_tokens.skipOperator("."))
            result.attribute = m_tokens.expectName();
        return result;
    }

    Target target(std::string_view endName, bool withNamespace = false)
    {
        Target first = singleTarget(withNamespace);
        if (!m_tokens.isOperator(","))
            return first;
        Target result;
        result.line = first.line;
        result.isTuple = true;
        result.parts.push_back(std::move(first));
        while (m_tokens.skipOperator(",")) {
            const bool ended = m_tokens.current().kind == Token::Kind::BlockEnd || m_tokens.isOperator(")")
                || m_tokens.isOperator("=") || (!endName.empty() && m_tokens.isName(endName));
            if (ended)
                break;
            result.parts.push_back(singleTarget(withNamespace));
        }
        return result;
    }

    std::vector<Parameter> parameters()
    {
        std::vector<Parameter> result;
        m_tokens.expectOperator("(");
        while (!m_tokens.isOperator(")")) {
            if (!result.empty())
                m_tokens.expectOperator(",");
            const int line = m_tokens.current().line;
            Parameter parameter;
            parameter.name = m_tokens.expectName();
            if (m_tokens.skipOperator("="))
                parameter.fallback = m_expressions.expression();
            else if (!result.empty() && result.back().fallback)
                m_tokens.fail(line, "a parameter without a default follows one with a default");
            for (const Parameter& other : result) {
                if (other.name == parameter.name)
                    m_tokens.fail(line, fmt::format("the parameter \"{}\" stands twice", toPrintable(parameter.name)));
            }
            result.push_back(std::move(parameter));
        }
        m_tokens.expectOperator(")");
        return result;
    }

    /// The body of something that is called later: loops around it are out of reach, and it sees which names it reads.
    void macroBody(MacroSyntax& macro, std::string_view end)
    {
        const std::size_t unknownBefore = m_expressions.unknown.size();
        std::set<std::string> namesOutside;
        std::swap(namesOutside, m_expressions.namesRead);
        const int loops = std::exchange(m_loops, 0);
        macro.body = body({end});
        m_tokens.take();
        m_loops = loops;
        const auto reads = [&](const char* name) {
            const bool parameter = std::any_of(macro.parameters.begin(), macro.parameters.end(),
                [&](const Parameter& other) { return other.name == name; });
            return !parameter && m_expressions.namesRead.contains(name);
        };
        macro.usesKwargs = reads("kwargs");
        macro.usesVarargs = reads("varargs");
        macro.usesCaller = reads("caller");
        m_expressions.namesRead.merge(namesOutside);
        refuseUnknown(unknownBefore);
    }

    Statement macroStatement(int line)
    {
        Statement result = make(Kind::Macro, line);
        auto macro = std::make_shared<MacroSyntax>();
        macro->name = m_tokens.expectName();
        macro->parameters = parameters();
        macroBody(*macro, "endmacro");
        result.target.line = line;
        result.target.name = macro->name;
        result.macro = std::move(macro);
        return result;
    }

    Statement callStatement(int line)
    {
        Statement result = make(Kind::CallBlock, line);
        auto macro = std::make_shared<MacroSyntax>();
        macro->name = "caller";
        if (m_tokens.isOperator("("))
            macro->parameters = parameters();
        result.expression = m_expressions.expression();
        if (result.expression->kind != Expression::Kind::Call)
            m_tokens.fail(line, "{% call %} needs the call of a macro");
        macroBody(*macro, "endcall");
        result.macro = std::move(macro);
        return result;
    }

    Statement withStatement(int line)
    {
        Statement result = make(Kind::With, line);
        while (m_tokens.current().kind != Token::Kind::BlockEnd) {
            if (!result.targets.empty())
                m_tokens.expectOperator(",");
            result.targets.push_back(singleTarget(false));
            m_tokens.expectOperator("=");
            result.values.push_back(m_expressions.expression());
        }
        const std::size_t unknownBefore = m_expressions.unknown.size();
        result.body = body({"endwith"});
        m_tokens.take();
        refuseUnknown(unknownBefore);
        return result;
    }

    Statement filterStatement(int line)
    {
        Statement result = make(Kind::FilterBlock, line);
        const std::size_t unknownBefore = m_expressions.unknown.size();
        result.expression = m_expressions.filters(nullptr, true);
        result.body = body({"endfilter"});
        m_tokens.take();
        refuseUnknown(unknownBefore);
        return result;
    }

    void printStatement(Block& block, int line)
    {
        for (bool first = true; m_tokens.current().kind != Token::Kind::BlockEnd; first = false) {
            if (!first)
                m_tokens.expectOperator(",");
            Statement print = make(Kind::Print, line);
            print.expression = m_expressions.expression();
            block.push_back(std::move(print));
        }
    }

    Statement generationStatement(int line)
    {
        Statement result = make(Kind::Generation, line);
        MacroSyntax macro; // jinja2 makes a macro of it, so that a loop around it cannot be left from inside
        macroBody(macro, "endgeneration");
        result.body = std::move(macro.body);
        return result;
    }

    Statement jump(Kind kind, int line, const std::string& tag)
    {
        if (m_loops == 0)
            m_tokens.fail(line, fmt::format("{{% {} %}} stands outside of a loop", tag));
        return make(kind, line);
    }

    TokenReader m_tokens;
    ExpressionParser m_expressions;
    int m_depth = 0;
    int m_loops = 0; ///< around the current place, within the same macro
};

} // namespace

Block parseTemplate(std::string_view source)
{
    if (source.size() > kMaxTemplateBytes)
        throw SyntaxFailure {1, fmt::format("it is longer than {} bytes", kMaxTemplateBytes)};
    return TemplateParser(source).run();
}

} // namespace mpo::jinja

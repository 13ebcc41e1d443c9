// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pattern_syntax.h"

#include "core/support/error.h"
#include "core/support/utf8.h"
#include "core/tokenizer/unicode_tables.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace mpo {

namespace {

// PCRE2 takes U+180E for a space, Oniguruma does not.
constexpr std::string_view kSpace
    = R"(\t-\r\x20\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view kNoSpace
    = R"(\x{0}-\x{8}\x{E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027})"
      R"(\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
constexpr std::string_view kWord = R"(\p{L}\p{M}\p{Nd}\p{Pc})";
constexpr std::string_view kHexDigit = "0-9A-Fa-f";

/// Scripts whose members of Unicode 15 and 16 are known here; PCRE2 wants "sc:", else it adds script extensions.
struct Script
{
    std::string_view name, additions;
};
constexpr std::array<Script, 12> kScripts {{{"Han", R"(\x{2B739}\x{2EBF0}-\x{2EE5D}\x{31350}-\x{323AF})"},
    {"Hiragana", R"(\x{1B132})"}, {"Katakana", R"(\x{1B155})"}, {"Hangul", ""},
    {"Latin", R"(\x{A7CB}-\x{A7CD}\x{A7DA}-\x{A7DC}\x{1DF25}-\x{1DF2A})"},
    {"Cyrillic", R"(\x{1C89}\x{1C8A}\x{1E030}-\x{1E06D}\x{1E08F})"}, {"Greek", ""},
    {"Arabic", R"(\x{897}\x{10EC2}-\x{10EC4}\x{10EFC}-\x{10EFF})"}, {"Hebrew", ""}, {"Thai", ""},
    {"Devanagari", R"(\x{11B00}-\x{11B09})"}, {"Bopomofo", ""}}};
constexpr std::string_view kCategories
    = " L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp Cc Cf ";

/// What stands in a set for \p{name}.
std::string membersOf(std::string_view name)
{
    std::string members;
    if (kCategories.find(" " + std::string(name) + " ") != std::string_view::npos) {
        members = "\\p{" + std::string(name) + "}";
        for (const auto& [category, additions] : categoryAdditions())
            if (category.starts_with(name))
                members += additions;
    }
    for (const Script& script : kScripts)
        if (name == script.name)
            members = "\\p{sc:" + std::string(name) + "}" + std::string(script.additions);
    if (members.empty())
        fail("the class \\p{{{}}} is not supported", inSentence(name));
    return members;
}

class Translator
{
public:
    explicit Translator(std::string_view pattern)
        : m_rest(pattern)
    {
    }

    std::string run()
    {
        while (!m_rest.empty())
            step();
        return std::move(m_out);
    }

private:
    std::string_view take(std::size_t count)
    {
        const std::string_view taken = m_rest.substr(0, count);
        m_rest.remove_prefix(std::min(count, m_rest.size()));
        return taken;
    }
    void copy(std::size_t count) { m_out += take(count); }

    void step()
    {
        const char c = m_rest[0];
        if (c == '(') {
            group();
        } else if (c == ')') {
            copy(1);
            if (!m_groups.empty()) {
                m_atom = m_groups.back();
                m_groups.pop_back();
            }
        } else if (c == '*' || c == '+' || c == '?') {
            copy(1);
        } else if (c == '{' && interval()) {
        } else {
            m_atom = m_out.size();
            if (c == '[')
                m_out += set();
            else if (c == '\\')
                m_out += escape(false);
            else if (c == '{')
                m_out += "\\" + std::string(take(1));
            else
                copy(1);
        }
    }

    void group()
    {
        static constexpr std::array<std::string_view, 10> known {
            "(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!", "(?i:", "(?-i:", "(?i)", "(?-i)"};
        m_groups.push_back(m_out.size());
        m_atom = m_out.size();
        if (!m_rest.starts_with("(?"))
            return copy(1);
        for (const std::string_view opening : known)
            if (m_rest.starts_with(opening)) {
                if (opening.ends_with(')'))
                    m_groups.pop_back();
                return copy(opening.size());
            }
        if (m_rest.size() > 3 && m_rest[2] == '<' && std::isalpha(static_cast<unsigned char>(m_rest[3])))
            return copy(3);
        fail("the group \"{}\" is not supported", inSentence(m_rest.substr(0, 4)));
    }

    /// {n}, {n,}, {n,m} and {,m}; anything else is text.
    bool interval()
    {
        std::size_t end = 1, commas = 0;
        while (end < m_rest.size() && (std::isdigit(static_cast<unsigned char>(m_rest[end])) || m_rest[end] == ','))
            commas += m_rest[end++] == ',';
        if (end >= m_rest.size() || m_rest[end] != '}' || end == 1 || commas > 1 || (commas == 1 && end == 2))
            return false;
        std::string text(take(end + 1));
        if (text.starts_with("{,"))
            text.insert(1, "0");
        m_out += text;
        if (m_rest.starts_with('+')) { // not possessive: any number of these
            m_out.insert(m_atom, "(?:");
            m_out += ")+";
            take(1);
        } else if (m_rest.starts_with('?') && commas == 0) {
            fail("the quantifier {}? is not supported", text);
        }
        return true;
    }

    /// A set from '[' to its ']'.
    std::string set()
    {
        take(1);
        std::string out = "[";
        if (m_rest.starts_with('^'))
            out += take(1);
        members(out, 0);
        return out + "]";
    }

    void members(std::string& out, int depth)
    {
        for (bool first = true;; first = false) {
            if (m_rest.empty())
                fail("a set has no end");
            if (m_rest[0] == ']' && !first) {
                take(1);
                return;
            }
            if (m_rest.starts_with("&&"))
                fail("the intersection of sets (&&) is not supported");
            if (m_rest.starts_with("[:"))
                fail("classes like {} are not supported", inSentence(m_rest.substr(0, m_rest.find(']'))));
            if (m_rest[0] == '[') { // a set in a set adds its members
                take(1);
                if (m_rest.starts_with('^') || depth > 0)
                    fail("a set in a set is supported only one deep and without ^");
                members(out, depth + 1);
            } else if (m_rest[0] == ']') {
                out += "\\" + std::string(take(1));
            } else if (m_rest[0] == '\\') {
                out += escape(true);
            } else {
                out += take(1);
            }
        }
    }

    /// An escape, in a set or outside.
    std::string escape(bool inSet)
    {
        if (m_rest.size() < 2)
            fail("the pattern ends in a backslash");
        const char c = m_rest[1];
        const auto classOf = [&](const std::string& members, bool negated) {
            if (!inSet)
                return (negated ? "[^" : "[") + members + "]";
            if (negated)
                fail("the class \\{} in a set is not supported", inSentence({&c, 1}));
            return members;
        };
        if (c == 'p' || c == 'P') {
            const std::size_t end = m_rest.find('}');
            if (m_rest.size() < 4 || m_rest[2] != '{' || end == std::string_view::npos)
                fail("\\{} needs a name in braces", c);
            std::string_view name = take(end + 1).substr(3);
            name.remove_suffix(1);
            const bool caret = name.starts_with('^');
            return classOf(membersOf(name.substr(caret)), caret != (c == 'P'));
        }
        if (c == 'x' || c == 'u' || std::isdigit(static_cast<unsigned char>(c)))
            return code();
        take(2);
        const std::string word = std::string(kWord) + std::string(kWordAdditions);
        switch (c) {
        case 's':
            return classOf(std::string(kSpace), false);
        case 'S':
            return classOf(std::string(kNoSpace), false);
        case 'w':
        case 'W':
            return classOf(word, c == 'W');
        case 'd':
        case 'D':
            return classOf(membersOf("Nd"), c == 'D');
        case 'h':
        case 'H':
            return classOf(std::string(kHexDigit), c == 'H');
        case 'v':
            return "\\x0B";
        case 'b':
            return inSet ? "\\x08" : fmt::format("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))", word);
        case 'B':
            if (!inSet)
                return fmt::format("(?:(?<=[{0}])(?=[{0}])|(?<![{0}])(?![{0}]))", word);
            break;
        case 't':
        case 'n':
        case 'r':
        case 'f':
        case 'a':
        case 'e':
            return {'\\', c};
        case 'A':
        case 'z':
        case 'Z':
        case 'G':
            if (!inSet)
                return {'\\', c};
            break;
        default:
            if (!std::isalpha(static_cast<unsigned char>(c)))
                return {'\\', c};
        }
        fail("the escape \\{} is not supported", inSentence({&c, 1}));
    }

    /// \xHH, \x{H...}, \uHHHH, and \1 for a group.
    std::string code()
    {
        const char kind = m_rest[1];
        std::size_t begin = 2, end = 2;
        const auto digits = [&](std::size_t most) {
            while (end < m_rest.size() && end - begin < most && std::isxdigit(static_cast<unsigned char>(m_rest[end])))
                ++end;
        };
        if (std::isdigit(static_cast<unsigned char>(kind))) {
            if (kind == '0' || (m_rest.size() > 2 && std::isdigit(static_cast<unsigned char>(m_rest[2]))))
                fail("the escape \\{} is not supported", inSentence(m_rest.substr(1, 2)));
            return std::string(take(2));
        }
        if (kind == 'x' && m_rest.substr(2).starts_with('{')) {
            begin = end = 3;
            digits(8);
            if (end == begin || end >= m_rest.size() || m_rest[end] != '}')
                fail("\\x{{ is not followed by digits and a brace");
        } else {
            digits(kind == 'x' ? 2 : 4);
            if (end == begin || (kind == 'u' && end - begin < 4))
                fail("\\{} is not followed by digits", kind);
        }
        const std::string number(m_rest.substr(begin, end - begin));
        take(m_rest.substr(2).starts_with('{') ? end + 1 : end);
        return "\\x{" + number + "}";
    }

    std::string_view m_rest;
    std::string m_out;
    std::size_t m_atom = 0; ///< where in m_out the last thing that a quantifier may follow begins
    std::vector<std::size_t> m_groups;
};

} // namespace

std::string toPcre2Syntax(std::string_view pattern) { return Translator(pattern).run(); }

} // namespace mpo

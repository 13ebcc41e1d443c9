// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/jinja/lexer.h"

#include "core/support/text.h"

#include <algorithm>
#include <charconv>

namespace mpo::jinja {

namespace {

Text withUnixLineEnds(TextView source)
{
    Text out;
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] != U'\r') {
            out += source[i];
            continue;
        }
        out += U'\n';
        if (i + 1 < source.size() && source[i + 1] == U'\n')
            ++i;
    }
    if (!out.empty() && out.back() == U'\n')
        out.pop_back();
    return out;
}

class Lexer
{
public:
    explicit Lexer(std::string_view source)
        : m_source(withUnixLineEnds(textOf(source)))
    {
    }

    std::vector<Token> run()
    {
        while (m_at < m_source.size())
            readText();
        add(Token::Kind::End);
        return std::move(m_tokens);
    }

private:
    enum class Tag { Variable, Block, Comment, Raw };

    [[noreturn]] void fail(std::string sentence) const { throw SyntaxFailure {m_line, std::move(sentence)}; }

    char32_t at(std::size_t position) const { return position < m_source.size() ? m_source[position] : U'\0'; }
    bool looksAt(std::u32string_view wanted, std::size_t position) const
    {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (at(position + i) != wanted[i])
                return false;
        }
        return true;
    }
    std::size_t behindSpace(std::size_t position) const
    {
        while (position < m_source.size() && isSpace(m_source[position]))
            ++position;
        return position;
    }
    void advanceTo(std::size_t position)
    {
        m_line += int(
            std::count(m_source.begin() + std::ptrdiff_t(m_at), m_source.begin() + std::ptrdiff_t(position), U'\n'));
        m_at = position;
    }
    void add(Token::Kind kind, std::string name = {}, Value value = {})
    {
        m_tokens.push_back({kind, m_line, std::move(name), std::move(value)});
    }
    void addText(TextView text)
    {
        if (!text.empty())
            add(Token::Kind::Text, {}, Value(Text(text)));
    }

    /// Where the end of a tag is complete: "-%}" takes the white space behind it, "%}" one line break, "+%}" nothing.
    /// 0: no end here.
    std::size_t endOfTag(char32_t first, std::size_t position, bool mayKeep, bool trims) const
    {
        const char32_t sign = at(position);
        const std::size_t begin = position + (sign == U'-' || (sign == U'+' && mayKeep) ? 1 : 0);
        if (at(begin) != first || at(begin + 1) != U'}')
            return 0;
        if (sign == U'-')
            return behindSpace(begin + 2);
        return begin + 2 + (trims && begin == position && at(begin + 2) == U'\n' ? 1 : 0);
    }

    /// If "{% raw %}" begins here, where its content begins; else 0.
    std::size_t beginOfRaw(std::size_t position) const
    {
        position += 2;
        if (at(position) == U'-' || at(position) == U'+')
            ++position;
        position = behindSpace(position);
        if (!looksAt(U"raw", position))
            return 0;
        return endOfTag(U'%', behindSpace(position + 3), false, false);
    }

    /// Text up to the next tag, and the tag.
    void readText()
    {
        std::size_t open = m_at;
        while (open < m_source.size()
            && !(m_source[open] == U'{' && (at(open + 1) == U'{' || at(open + 1) == U'%' || at(open + 1) == U'#')))
            ++open;
        if (open >= m_source.size()) {
            addText(TextView(m_source).substr(m_at));
            advanceTo(m_source.size());
            return;
        }
        const std::size_t raw = at(open + 1) == U'%' ? beginOfRaw(open) : 0;
        const Tag tag = raw > 0    ? Tag::Raw
            : at(open + 1) == U'{' ? Tag::Variable
            : at(open + 1) == U'%' ? Tag::Block
                                   : Tag::Comment;
        addText(
            beforeTag(TextView(m_source).substr(m_at, open - m_at), at(open + 2), tag != Tag::Variable, m_lineStarts));
        advanceTo(open);
        const bool hasSign = at(open + 2) == U'-' || at(open + 2) == U'+';
        if (tag == Tag::Raw) {
            advanceTo(raw);
            readRaw();
        } else if (tag == Tag::Comment) {
            advanceTo(open + 2 + (hasSign ? 1 : 0));
            readComment();
        } else {
            add(tag == Tag::Variable ? Token::Kind::VariableBegin : Token::Kind::BlockBegin);
            advanceTo(open + 2 + (hasSign ? 1 : 0));
            readCode(tag == Tag::Variable);
        }
        m_lineStarts = m_at > 0 && m_source[m_at - 1] == U'\n';
    }

    static TextView beforeTag(TextView text, char32_t sign, bool isBlock, bool lineStarts)
    {
        if (sign == U'-')
            return stripped(text, Ends::Right);
        if (sign == U'+' || !isBlock)
            return text;
        const std::size_t lineBreak = text.rfind(U'\n');
        const std::size_t begin = lineBreak == text.npos ? 0 : lineBreak + 1;
        if (begin == 0 && !lineStarts)
            return text;
        const TextView indent = text.substr(begin);
        return stripped(indent).empty() ? text.substr(0, begin) : text;
    }

    void readComment()
    {
        for (std::size_t position = m_at; position < m_source.size(); ++position) {
            if (const std::size_t end = endOfTag(U'#', position, true, true)) {
                advanceTo(end);
                return;
            }
        }
        fail("the comment that begins here has no \"#}\"");
    }

    void readRaw()
    {
        for (std::size_t position = m_at; position < m_source.size(); ++position) {
            if (at(position) != U'{' || at(position + 1) != U'%')
                continue;
            const char32_t sign = at(position + 2);
            const std::size_t name = behindSpace(position + 2 + (sign == U'-' || sign == U'+' ? 1 : 0));
            if (!looksAt(U"endraw", name))
                continue;
            if (const std::size_t end = endOfTag(U'%', behindSpace(name + 6), true, true)) {
                addText(beforeTag(TextView(m_source).substr(m_at, position - m_at), sign, true, at(m_at - 1) == U'\n'));
                advanceTo(end);
                return;
            }
        }
        fail("the raw block that begins here has no {% endraw %}");
    }

    void readCode(bool isVariable)
    {
        std::string brackets;
        while (true) {
            if (brackets.empty()) {
                const std::size_t end = endOfTag(isVariable ? U'}' : U'%', m_at, !isVariable, !isVariable);
                if (end > 0) {
                    add(isVariable ? Token::Kind::VariableEnd : Token::Kind::BlockEnd);
                    advanceTo(end);
                    return;
                }
            }
            if (m_at >= m_source.size())
                fail(fmt::format("the tag has no \"{}\"", isVariable ? "}}" : "%}"));
            const char32_t c = m_source[m_at];
            if (isSpace(c))
                advanceTo(behindSpace(m_at));
            else if (isDigit(c))
                readNumber();
            else if (isWordCharacter(c))
                readName();
            else if (c == U'"' || c == U'\'')
                readString(c);
            else
                readOperator(brackets);
        }
    }

    void readName()
    {
        std::size_t end = m_at;
        while (end < m_source.size() && isWordCharacter(m_source[end]))
            ++end;
        add(Token::Kind::Name, utf8Of(TextView(m_source).substr(m_at, end - m_at)));
        advanceTo(end);
    }

    void readOperator(std::string& brackets)
    {
        constexpr std::array<std::u32string_view, 6> kTwo {U"//", U"**", U"==", U"!=", U">=", U"<="};
        constexpr std::u32string_view kOne = U"+-/*%~[](){}><=.:|,;";
        std::size_t length = 1;
        for (const auto two : kTwo) {
            if (looksAt(two, m_at))
                length = std::max(length, two.size());
        }
        const char32_t c = m_source[m_at];
        if (length == 1 && kOne.find(c) == kOne.npos)
            fail(fmt::format("the character \"{}\" has no meaning here", toPrintable(utf8Of(Text(1, c)))));
        if (length == 1 && (c == U'(' || c == U'[' || c == U'{')) {
            brackets += c == U'(' ? ')' : c == U'[' ? ']' : '}';
        } else if (length == 1 && (c == U')' || c == U']' || c == U'}')) {
            if (brackets.empty() || brackets.back() != char(c))
                fail(fmt::format("\"{}\" closes nothing", char(c)));
            brackets.pop_back();
        }
        add(Token::Kind::Operator, utf8Of(TextView(m_source).substr(m_at, length)));
        advanceTo(m_at + length);
    }

    /// Digits with single "_" between them; 0: none here.
    std::size_t digits(std::size_t position) const
    {
        std::size_t end = position;
        while (isDigit(at(end)) || (end > position && at(end) == U'_' && isDigit(at(end + 1))))
            ++end;
        return end - position;
    }

    void readNumber()
    {
        const std::size_t whole = digits(m_at);
        std::size_t end = m_at + whole;
        bool real = false;
        // "a.1.5" is an element of an element, no fraction.
        if (m_at == 0 || at(m_at - 1) != U'.') {
            if (at(end) == U'.' && digits(end + 1) > 0) {
                real = true;
                end += 1 + digits(end + 1);
            }
            if (at(end) == U'e' || at(end) == U'E') {
                const std::size_t sign = at(end + 1) == U'+' || at(end + 1) == U'-' ? 1 : 0;
                if (const std::size_t exponent = digits(end + 1 + sign)) {
                    real = true;
                    end += 1 + sign + exponent;
                }
            }
        }
        if (real) {
            std::string text = utf8Of(TextView(m_source).substr(m_at, end - m_at));
            std::erase(text, '_');
            double number = 0;
            const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
            if (result.ec == std::errc::result_out_of_range) // infinite or 0, as Python reads it
                number = std::strtod(text.c_str(), nullptr);
            add(Token::Kind::Float, {}, Value(number));
        } else {
            readInteger(end);
        }
        advanceTo(end);
    }

    void readInteger(std::size_t& end)
    {
        int base = 10;
        const char32_t kind = at(m_at) == U'0' ? at(m_at + 1) | 0x20 : U'\0';
        if (kind == U'x' || kind == U'o' || kind == U'b')
            base = kind == U'x' ? 16 : kind == U'o' ? 8 : 2;
        std::string text;
        std::size_t position = m_at + (base == 10 ? 0 : 2);
        const auto isDigitHere = [&](char32_t c) {
            const int digit = isDigit(c) ? int(c - U'0') : c < 0x80 && isLetter(c) ? int((c | 0x20) - U'a') + 10 : 99;
            return digit < base;
        };
        const std::size_t begin = position;
        while (isDigitHere(at(position))
            || (at(position) == U'_' && (position > begin || base != 10) && isDigitHere(at(position + 1)))) {
            if (at(position) != U'_')
                text += char(at(position));
            ++position;
            // A number that begins with 0 is 0 only: "01" are two numbers.
            if (base == 10 && at(begin) == U'0' && at(position) != U'0' && at(position) != U'_')
                break;
        }
        if (text.empty()) { // "0x" without a digit: the number 0 and a name
            text.assign(1, '0');
            base = 10;
            position = m_at + 1;
        }
        std::int64_t number = 0;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), number, base);
        if (result.ec != std::errc())
            fail(fmt::format("the number {} needs more than 64 bits", shortened(text, 30)));
        add(Token::Kind::Integer, {}, Value(number));
        end = position;
    }

    void readString(char32_t quote)
    {
        Text text;
        std::size_t position = m_at + 1;
        while (at(position) != quote) {
            if (position >= m_source.size())
                fail("the string that begins here has no end");
            if (m_source[position] == U'\\')
                position = readEscape(position + 1, text);
            else
                text += m_source[position++];
        }
        add(Token::Kind::String, {}, Value(std::move(text)));
        advanceTo(position + 1);
    }

    /// The character behind a backslash, as Python reads it. Returns the position behind it.
    std::size_t readEscape(std::size_t position, Text& text) const
    {
        constexpr std::u32string_view kLetters = U"\\'\"abfnrtv", kMeanings = U"\\'\"\a\b\f\n\r\t\v";
        const char32_t c = at(position);
        if (position >= m_source.size())
            fail("the string that begins here has no end");
        if (c == U'\n')
            return position + 1;
        if (const auto found = kLetters.find(c); found != kLetters.npos) {
            text += kMeanings[found];
            return position + 1;
        }
        if (c >= U'0' && c <= U'7') {
            char32_t number = 0;
            std::size_t length = 0;
            for (; length < 3 && at(position + length) >= U'0' && at(position + length) <= U'7'; ++length)
                number = number * 8 + (at(position + length) - U'0');
            text += number;
            return position + length;
        }
        const std::size_t length = c == U'x' ? 2 : c == U'u' ? 4 : c == U'U' ? 8 : 0;
        if (c == U'N')
            fail("a string has \"\\N\", which is not supported; write the character itself");
        if (length == 0) {
            text += U'\\';
            if (c < 0x80) {
                text += c;
            } else {
                // Python replaces the character by an escape first, whose backslash this one takes away.
                for (const char letter : c < 0x100 ? fmt::format("x{:02x}", unsigned(c))
                        : c < 0x10000              ? fmt::format("u{:04x}", unsigned(c))
                                                   : fmt::format("U{:08x}", unsigned(c)))
                    text += char32_t(letter);
            }
            return position + 1;
        }
        char32_t number = 0;
        for (std::size_t i = 1; i <= length; ++i) {
            const char32_t digit = at(position + i) | 0x20;
            if (!(isDigit(at(position + i)) || (digit >= U'a' && digit <= U'f')))
                fail(fmt::format("a string has \"\\{}\" without its {} digits", char(c), length));
            number = number * 16 + (isDigit(at(position + i)) ? at(position + i) - U'0' : digit - U'a' + 10);
        }
        if (number > 0x10FFFF || (number >= 0xD800 && number < 0xE000))
            fail("a string has an escape that is no Unicode character");
        text += number;
        return position + 1 + length;
    }

    Text m_source;
    std::size_t m_at = 0;
    int m_line = 1;
    bool m_lineStarts = true;
    std::vector<Token> m_tokens;
};

} // namespace

std::vector<Token> tokenize(std::string_view source) { return Lexer(source).run(); }

} // namespace mpo::jinja

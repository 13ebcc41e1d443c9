// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/normalizer.h"

#include "core/support/error.h"
#include "core/support/utf8.h"
#include "core/tokenizer/unicode_tables.h"

#include <algorithm>
#include <cstdlib>

#include <utf8proc.h>

namespace mpo {

namespace {

bool contains(const std::vector<CodePointRange>& ranges, char32_t c)
{
    const auto after = std::upper_bound(ranges.begin(), ranges.end(), c,
        [](char32_t value, const CodePointRange& range) { return value < range.first; });
    return after != ranges.begin() && c <= std::prev(after)->last;
}

/// Writes a new text, and beside it where its bytes come from.
class Rewriter
{
public:
    explicit Rewriter(NormalizedText& text)
        : m_text(text)
    {
        m_out.reserve(text.text.size() + text.text.size() / 4);
    }
    std::string_view source() const { return m_text.text; }

    void keep(std::size_t begin, std::size_t end)
    {
        m_out += source().substr(begin, end - begin);
        if (!m_text.trusted.empty())
            m_trusted.insert(m_trusted.end(), m_text.trusted.begin() + std::ptrdiff_t(begin),
                m_text.trusted.begin() + std::ptrdiff_t(end));
    }
    /// `made` stands for the bytes [begin, end) of the source.
    void put(std::string_view made, std::size_t begin, std::size_t end)
    {
        m_out += made;
        if (m_text.trusted.empty())
            return;
        bool trusted = true;
        for (std::size_t i = begin; i < end; ++i)
            trusted = trusted && m_text.trusted[i];
        m_trusted.insert(m_trusted.end(), made.size(), trusted);
    }
    void finish()
    {
        m_text.text = std::move(m_out);
        m_text.trusted = std::move(m_trusted);
    }

private:
    NormalizedText& m_text;
    std::string m_out;
    std::vector<bool> m_trusted;
};

template<class Change> // (character, its bytes, out) -> whether it changes
void changeCharacters(NormalizedText& text, Change change)
{
    Rewriter out(text);
    const std::string_view source = out.source();
    std::size_t kept = 0;
    std::string made;
    for (std::size_t i = 0; i < source.size();) {
        const std::size_t length = lengthFromLead(source[i]);
        made.clear();
        if (change(codePointAt(source, i), made)) {
            out.keep(kept, i);
            out.put(made, i, i + length);
            if (i == 0 && made.empty())
                text.beginKept = false;
            kept = i + length;
        }
        i += length;
    }
    out.keep(kept, source.size());
    out.finish();
}

void appendForm(NormalForm form, std::string_view text, std::string& out)
{
    using Form = NormalForm;
    const bool compatible = form == Form::Nfkc || form == Form::Nfkd,
               composed = form == Form::Nfc || form == Form::Nfkc;
    const auto options = utf8proc_option_t(
        UTF8PROC_STABLE | (compatible ? UTF8PROC_COMPAT : 0) | (composed ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE));
    utf8proc_uint8_t* made = nullptr;
    const utf8proc_ssize_t length = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()), utf8proc_ssize_t(text.size()), &made, options);
    if (length < 0)
        fail("A text of {} bytes could not be normalised ({})", text.size(), utf8proc_errmsg(length));
    out.append(reinterpret_cast<const char*>(made), std::size_t(length));
    std::free(made);
}

/// Whether the character's decomposition does; some (U+0F73, U+FF9E) are none themselves.
bool beginsWithMark(char32_t c)
{
    constexpr utf8proc_ssize_t most = 32; // the longest decomposition has 18
    utf8proc_int32_t parts[most] {};
    int boundary = 0;
    const auto options = utf8proc_option_t(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    const utf8proc_ssize_t count = utf8proc_decompose_char(utf8proc_int32_t(c), parts, most, options, &boundary);
    return count > 0 && utf8proc_get_property(parts[0])->combining_class != 0;
}

void apply(NormalForm form, NormalizedText& text)
{
    // Below, no character changes in this form or is changed by a neighbour.
    const char32_t plain = form == NormalForm::Nfc ? 0x300 : form == NormalForm::Nfd ? 0xC0 : 0xA0;
    Rewriter out(text);
    const std::string_view source = out.source();
    const bool composed = form == NormalForm::Nfc || form == NormalForm::Nfkc;
    std::string made;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < source.size();) {
        if (codePointAt(source, i) < plain || contains(kNotNormalized, codePointAt(source, i))) {
            i += lengthFromLead(source[i]);
            continue;
        }
        // A stretch that is changed as a whole, with the character before it where a mark may go into that.
        std::size_t begin = i, end = i;
        if (composed && i > kept && beginsWithMark(codePointAt(source, i))) {
            while ((static_cast<unsigned char>(source[--begin]) & 0xC0) == 0x80) { }
            if (contains(kNotNormalized, codePointAt(source, begin)))
                begin = i;
        }
        while (end < source.size() && static_cast<unsigned char>(source[end]) >= 0x80
            && !contains(kNotNormalized, codePointAt(source, end)))
            end += lengthFromLead(source[end]);
        out.keep(kept, begin);
        made.clear();
        appendForm(form, source.substr(begin, end - begin), made);
        out.put(made, begin, end);
        kept = i = end;
    }
    if (kept == 0)
        return;
    out.keep(kept, source.size());
    out.finish();
}

void apply(const Lowercase&, NormalizedText& text)
{
    changeCharacters(text, [](char32_t c, std::string& made) {
        constexpr char32_t capitalIWithDot = 0x130;
        if (c < 0x80) {
            if (c < 'A' || c > 'Z')
                return false;
            made += char(c - 'A' + 'a');
            return true;
        }
        if (c == capitalIWithDot) {
            made = "i\u0307"; // the only one that becomes two characters
            return true;
        }
        const auto known = std::lower_bound(kLowercaseAdditions.begin(), kLowercaseAdditions.end(), c,
            [](const auto& pair, char32_t value) { return pair.first < value; });
        const char32_t lower = known != kLowercaseAdditions.end() && known->first == c
            ? known->second
            : char32_t(utf8proc_tolower(utf8proc_int32_t(c)));
        if (lower != c)
            appendUtf8(made, lower);
        return lower != c;
    });
}

void apply(const StripAccents&, NormalizedText& text)
{
    constexpr char32_t firstMark = 0x300;
    changeCharacters(text, [](char32_t c, std::string&) {
        if (c < firstMark)
            return false;
        const utf8proc_category_t category = utf8proc_category(utf8proc_int32_t(c));
        const bool mark
            = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
        return mark ? !contains(kNoAccents, c) : contains(kOtherAccents, c);
    });
}

void apply(const StripSpace& strip, NormalizedText& text)
{
    Rewriter out(text);
    const std::string_view source = out.source();
    std::size_t begin = 0, end = source.size();
    while (strip.left && begin < end && spaceAtBegin(source.substr(begin)) > 0)
        begin += spaceAtBegin(source.substr(begin));
    while (strip.right && begin < end && spaceAtEnd(source.substr(begin, end - begin)) > 0)
        end -= spaceAtEnd(source.substr(begin, end - begin));
    text.beginKept = text.beginKept && begin == 0;
    out.keep(begin, end);
    out.finish();
}

void apply(const Prepend& prepend, NormalizedText& text)
{
    if (text.text.empty())
        return;
    Rewriter out(text);
    out.put(prepend.text, 0, 1);
    out.keep(0, out.source().size());
    out.finish();
}

void apply(const Replace& replace, NormalizedText& text)
{
    if (text.text.empty())
        return;
    Rewriter out(text);
    const std::string_view source = out.source();
    std::vector<Pattern::Part> parts;
    replace.pattern.split(source, parts);
    for (const Pattern::Part& part : parts) {
        const auto begin = std::size_t(part.text.data() - source.data());
        if (!part.match) {
            out.keep(begin, begin + part.text.size());
            continue;
        }
        // What replaces several characters counts as standing where the last of them did.
        if (begin == 0 && !part.text.empty()
            && (replace.content.empty() || part.text.size() > lengthFromLead(part.text[0])))
            text.beginKept = false;
        out.put(replace.content, begin, begin + part.text.size());
    }
    out.finish();
}

} // namespace

void normalize(const std::vector<NormalizerStep>& steps, NormalizedText& text)
{
    for (const NormalizerStep& step : steps)
        std::visit([&](const auto& kind) { apply(kind, text); }, step);
}

} // namespace mpo

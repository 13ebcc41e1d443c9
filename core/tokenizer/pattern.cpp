// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pattern.h"

#include "core/support/error.h"
#include "core/support/text.h"
#include "core/support/utf8.h"
#include "core/tokenizer/pattern_syntax.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace mpo {

namespace {

constexpr std::size_t kMaxPatternBytes = 100'000;
constexpr std::size_t kJitStackBytes = std::size_t(16) << 20; ///< grows up to this; PCRE2 starts with 32 KiB
constexpr std::size_t kShownBytes = 200; ///< of a pattern in a sentence

std::string messageOf(int error)
{
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(error, message, sizeof message);
    return reinterpret_cast<const char*>(message);
}

/// What a match needs besides the pattern, one for each thread.
struct Matching
{
    pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
    pcre2_match_context* context = pcre2_match_context_create(nullptr);
    pcre2_jit_stack* stack = pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr);

    Matching() { pcre2_jit_stack_assign(context, nullptr, stack); }
    ~Matching()
    {
        pcre2_jit_stack_free(stack);
        pcre2_match_context_free(context);
        pcre2_match_data_free(data);
    }
};

} // namespace

struct Pattern::Compiled
{
    pcre2_code* code = nullptr;
    bool jit = false;
    ~Compiled() { pcre2_code_free(code); }
};

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Pattern Pattern::literal(std::string text)
{
    if (text.empty())
        fail("an empty text is no pattern");
    Pattern pattern;
    pattern.m_literal = std::move(text);
    return pattern;
}

Pattern Pattern::regex(std::string_view expression)
{
    const std::string shown = shortened(toPrintable(expression), kShownBytes);
    if (expression.size() > kMaxPatternBytes)
        fail("the pattern \"{}\" is longer than {} bytes", shown, kMaxPatternBytes);
    std::string syntax;
    try {
        syntax = toPcre2Syntax(expression);
    } catch (const Error& error) {
        fail("the pattern \"{}\" cannot be used: {}", shown, error.what());
    }
    Pattern pattern;
    pattern.m_compiled = std::make_unique<Compiled>();
    const std::unique_ptr<pcre2_compile_context, void (*)(pcre2_compile_context*)> context(
        pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(syntax.data()), syntax.size(),
        PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &offset, context.get());
    if (!code)
        fail("the pattern \"{}\" is not valid ({})", shown, messageOf(error));
    pattern.m_compiled->code = code;
    pattern.m_compiled->jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
    return pattern;
}

bool Pattern::findNext(std::string_view text, std::size_t from, std::size_t& begin, std::size_t& end) const
{
    if (!m_compiled) {
        begin = text.find(m_literal, from);
        end = begin + m_literal.size();
        return begin != std::string_view::npos;
    }
    static thread_local Matching matching;
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    const int found = m_compiled->jit
        ? pcre2_jit_match(m_compiled->code, subject, text.size(), from, 0, matching.data, matching.context)
        : pcre2_match(
            m_compiled->code, subject, text.size(), from, PCRE2_NO_UTF_CHECK, matching.data, matching.context);
    if (found == PCRE2_ERROR_NOMATCH)
        return false;
    if (found < 0)
        fail("A text of {} bytes could not be split into words ({})", text.size(), messageOf(found));
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(matching.data);
    begin = range[0];
    end = range[1];
    return true;
}

void Pattern::split(std::string_view text, std::vector<Part>& parts) const
{
    std::size_t at = 0, from = 0, lastEnd = std::string_view::npos;
    std::size_t begin = 0, end = 0;
    while (from <= text.size() && findNext(text, from, begin, end)) {
        if (begin == end && end == lastEnd) { // no empty match right behind another one
            from = end + (end < text.size() ? lengthFromLead(text[end]) : 1);
            continue;
        }
        if (begin > at)
            parts.push_back({text.substr(at, begin - at), false});
        parts.push_back({text.substr(begin, end - begin), true});
        at = from = lastEnd = end;
    }
    if (at < text.size())
        parts.push_back({text.substr(at), false});
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pre_tokenizer.h"

#include "core/support/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace mpo {

struct SplitPattern::Private
{
    pcre2_code* code = nullptr;
    ~Private() { pcre2_code_free(code); }
};

SplitPattern::SplitPattern(const std::string& pattern, bool literal)
    : m_d(std::make_unique<Private>())
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    const std::uint32_t options = PCRE2_UTF | (literal ? std::uint32_t(PCRE2_LITERAL) : std::uint32_t(PCRE2_UCP));
    m_d->code = pcre2_compile(
        reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &offset, nullptr);
    if (!m_d->code) {
        PCRE2_UCHAR message[256];
        pcre2_get_error_message(error, message, sizeof message);
        fail("tokenizer.json: the pattern \"{}\" is not valid at character {} ({})", pattern, offset,
            reinterpret_cast<const char*>(message));
    }
    pcre2_jit_compile(m_d->code, PCRE2_JIT_COMPLETE);
}

SplitPattern::SplitPattern(SplitPattern&&) noexcept = default;
SplitPattern::~SplitPattern() = default;

std::vector<SplitPattern::Part> SplitPattern::split(std::string_view text) const
{
    std::vector<Part> parts;
    const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
        pcre2_match_data_create_from_pattern(m_d->code, nullptr), pcre2_match_data_free);
    std::size_t at = 0, from = 0;
    while (from <= text.size()) {
        const int found = pcre2_match(m_d->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
            PCRE2_NO_UTF_CHECK, data.get(), nullptr);
        if (found < 0)
            break;
        const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data.get());
        if (range[1] == range[0]) {
            // An empty match: go on behind the next character.
            from = range[1] + 1;
            while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80)
                ++from;
            continue;
        }
        if (range[0] > at)
            parts.push_back({text.substr(at, range[0] - at), false});
        parts.push_back({text.substr(range[0], range[1] - range[0]), true});
        at = from = range[1];
    }
    if (at < text.size())
        parts.push_back({text.substr(at), false});
    return parts;
}

std::vector<std::string_view> applyStep(const SplitStep& step, const std::vector<std::string_view>& pieces)
{
    using Behaviour = SplitStep::Behaviour;
    std::vector<std::string_view> result;
    const auto joined
        = [](std::string_view a, std::string_view b) { return std::string_view(a.data(), a.size() + b.size()); };
    for (const std::string_view piece : pieces) {
        const std::size_t begin = result.size();
        bool previousMatched = false, pending = false; // pending: the last part waits for what follows it
        for (const SplitPattern::Part& part : step.pattern.split(piece)) {
            const bool match = part.match != step.invert;
            const bool hasPrevious = result.size() > begin;
            if (pending) {
                result.back() = joined(result.back(), part.text);
                pending = match && step.behaviour == Behaviour::MergedWithNext;
            } else if (match && step.behaviour == Behaviour::Removed) {
            } else if (match && hasPrevious && !previousMatched && step.behaviour == Behaviour::MergedWithPrevious) {
                result.back() = joined(result.back(), part.text);
            } else if (hasPrevious && match == previousMatched && step.behaviour == Behaviour::Contiguous) {
                result.back() = joined(result.back(), part.text);
            } else {
                result.push_back(part.text);
                pending = match && step.behaviour == Behaviour::MergedWithNext;
            }
            previousMatched = match;
        }
    }
    return result;
}

} // namespace mpo

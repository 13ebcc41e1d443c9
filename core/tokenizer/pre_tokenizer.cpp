// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pre_tokenizer.h"

#include "core/support/error.h"

#include <algorithm>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace mpo {

namespace {

// Tokenizers are written for Oniguruma with Unicode 16. PCRE2 10.42 knows Unicode 14 and takes U+180E for a space, so
// the classes are spelled out. The ranges are what tokenizers 0.23.3 matches beyond PCRE2 10.42.
constexpr std::string_view kSpace = R"(\t-\r\x{85}\p{Z})";
constexpr std::string_view kNumber
    = R"(\p{N}\x{10D40}-\x{10D49}\x{116D0}-\x{116E3}\x{11BF0}-\x{11BF9}\x{11F50}-\x{11F59})"
      R"(\x{16130}-\x{16139}\x{16D70}-\x{16D79}\x{1CCF0}-\x{1CCF9}\x{1D2C0}-\x{1D2D3}\x{1E4F0}-\x{1E4F9})"
      R"(\x{1E5F1}-\x{1E5FA})";
constexpr std::string_view kLetter
    = R"(\p{L}\x{1C89}\x{1C8A}\x{A7CB}-\x{A7CD}\x{A7DA}-\x{A7DC}\x{105C0}-\x{105F3}\x{10D4A}-\x{10D65})"
      R"(\x{10D6F}-\x{10D85}\x{10EC2}-\x{10EC4}\x{1123F}\x{11240}\x{11380}-\x{11389}\x{1138B}\x{1138E})"
      R"(\x{11390}-\x{113B5}\x{113B7}\x{113D1}\x{113D3}\x{11BC0}-\x{11BE0}\x{11F02}\x{11F04}-\x{11F10})"
      R"(\x{11F12}-\x{11F33}\x{1342F}\x{13441}-\x{13446}\x{13460}-\x{143FA}\x{16100}-\x{1611D})"
      R"(\x{16D40}-\x{16D6C}\x{18CFF}\x{1B132}\x{1B155}\x{1DF25}-\x{1DF2A}\x{1E030}-\x{1E06D})"
      R"(\x{1E4D0}-\x{1E4EB}\x{1E5D0}-\x{1E5ED}\x{1E5F0}\x{2B739}\x{2EBF0}-\x{2EE5D}\x{31350}-\x{323AF})";

std::string withSpelledOutClasses(std::string_view pattern)
{
    std::string out;
    bool inClass = false;
    for (std::size_t i = 0; i < pattern.size();) {
        const std::string_view rest = pattern.substr(i);
        std::string_view members;
        std::size_t length = 1;
        if (rest.starts_with("\\s") || (rest.starts_with("\\S") && !inClass)) {
            members = kSpace;
            length = 2;
        } else if (rest.starts_with("\\p{N}") || rest.starts_with("\\p{L}")) {
            members = rest[3] == 'N' ? kNumber : kLetter;
            length = 5;
        } else if (rest[0] == '\\') {
            length = std::min<std::size_t>(2, rest.size());
        } else if (rest[0] == '[' || rest[0] == ']') {
            inClass = rest[0] == '[';
        }
        if (members.empty())
            out += rest.substr(0, length);
        else if (inClass)
            out += members;
        else
            out.append(rest[1] == 'S' ? "[^" : "[").append(members).append("]");
        i += length;
    }
    return out;
}

} // namespace

struct SplitPattern::Private
{
    pcre2_code* code = nullptr;
    ~Private() { pcre2_code_free(code); }
};

SplitPattern::SplitPattern(const std::string& given, bool literal)
    : m_d(std::make_unique<Private>())
{
    const std::string pattern = literal ? given : withSpelledOutClasses(given);
    int error = 0;
    PCRE2_SIZE offset = 0;
    const std::uint32_t options = PCRE2_UTF | (literal ? std::uint32_t(PCRE2_LITERAL) : std::uint32_t(PCRE2_UCP));
    m_d->code = pcre2_compile(
        reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &offset, nullptr);
    if (!m_d->code) {
        PCRE2_UCHAR message[256];
        pcre2_get_error_message(error, message, sizeof message);
        fail("tokenizer.json: the pattern \"{}\" is not valid ({})", given, reinterpret_cast<const char*>(message));
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
        if (found == PCRE2_ERROR_NOMATCH)
            break;
        if (found < 0) {
            PCRE2_UCHAR message[256];
            pcre2_get_error_message(found, message, sizeof message);
            fail("A text of {} bytes could not be split into words ({})", text.size(),
                reinterpret_cast<const char*>(message));
        }
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

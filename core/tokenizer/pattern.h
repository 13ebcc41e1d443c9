// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// A pattern of tokenizer.json: a text or a regular expression (Oniguruma's syntax, matched by PCRE2 with its JIT). May
/// be used on any thread.
class Pattern
{
public:
    static Pattern literal(std::string text);
    /// Throws Error when the expression is not valid.
    static Pattern regex(std::string_view expression);
    Pattern(Pattern&&) noexcept;
    Pattern& operator=(Pattern&&) noexcept;
    ~Pattern();

    struct Part
    {
        std::string_view text;
        bool match = false;
    };
    /// Appends matches (which may be empty) and what lies between them, in order. `text` is valid UTF-8 and not empty.
    void split(std::string_view text, std::vector<Part>& parts) const;

private:
    struct Compiled;
    Pattern();
    bool findNext(std::string_view text, std::size_t from, std::size_t& begin, std::size_t& end) const;

    std::string m_literal;
    std::unique_ptr<Compiled> m_compiled; ///< none: literal
};

} // namespace mpo

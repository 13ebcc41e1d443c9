// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// A pattern of tokenizer.json compiled by PCRE2 (UTF, UCP, JIT). May be used on any thread.
class SplitPattern
{
public:
    /// `literal`: the text itself instead of a regular expression. Throws Error when the pattern is not valid.
    SplitPattern(const std::string& given, bool literal);
    SplitPattern(SplitPattern&&) noexcept;
    ~SplitPattern();

    struct Part
    {
        std::string_view text;
        bool match = false;
    };
    /// Matches and what lies between them, in order; empty parts are left out. `text` is valid UTF-8.
    std::vector<Part> split(std::string_view text) const;

private:
    struct Private;
    std::unique_ptr<Private> m_d;
};

/// One step of a "pre_tokenizer" of tokenizer.json.
struct SplitStep
{
    enum class Behaviour { Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous };
    SplitPattern pattern;
    Behaviour behaviour = Behaviour::Isolated;
    bool invert = false; ///< matches and the text between them change roles
};
std::vector<std::string_view> applyStep(const SplitStep& step, const std::vector<std::string_view>& pieces);

} // namespace mpo

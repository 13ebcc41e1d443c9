// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/support/random.h"

#include <string_view>

namespace mpo {

/// English-looking questions and answers with a hidden true reward, for the demo: what people prefer is known, so the
/// methods can be compared by it. Everything follows from the seed.
class SyntheticPreferences
{
public:
    explicit SyntheticPreferences(std::uint64_t seed);

    Dataset completions(std::int64_t count); ///< answers of mixed quality, for SFT
    /// Two such answers each; which one is "chosen" is drawn with the probability of Bradley and Terry on the true
    /// rewards, so that small differences get noisy labels, as in life.
    Dataset pairs(std::int64_t count);
    Dataset prompts(std::int64_t count); ///< on subjects that the other two never ask about

    /// What the judges of this little world like: the right subject, the right advice and politeness; and dislike:
    /// rudeness, repetition, length, broken words and an answer that breaks off. Any text can be judged. About -5
    /// to 4.5.
    static double trueReward(std::string_view prompt, std::string_view response);

private:
    std::string prompt(bool heldOut);
    std::string answer(const std::string& prompt);

    RandomStream m_random;
};

} // namespace mpo

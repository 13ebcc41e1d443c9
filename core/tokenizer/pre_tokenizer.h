// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/tokenizer/pattern.h"

#include <deque>
#include <optional>
#include <variant>

namespace mpo {

extern const std::string_view kGpt2Words; ///< the expression of ByteLevel with use_regex
extern const std::string_view kQwen2Words;
extern const std::string kNumber; ///< one character that Rust takes for a number
extern const std::string kPunctuation; ///< one character of punctuation as BERT has it
extern const std::string kRustWords; ///< words and what stands between them and white space, as Whitespace has it

/// Cuts at the matches of a pattern.
struct SplitStep
{
    enum class Behaviour { Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous };
    Pattern pattern;
    Behaviour behaviour = Behaviour::Isolated;
    bool invert = false; ///< matches and the text between them change roles
};

/// Spaces become `replacement` (U+2581), perhaps with one more in front, and words begin there.
struct MetaspaceStep
{
    std::string replacement;
    enum class InFront { Always, First, Never } inFront = InFront::Always; ///< First: where the whole text begins
    SplitStep words; ///< at the replacement
    bool split = true;
};

/// Bytes become letters (byteAlphabet).
struct ByteLevelStep
{
    bool addPrefixSpace = false;
    std::optional<SplitStep> words;
};

/// One step of a "pre_tokenizer" of tokenizer.json.
using PreTokenizerStep = std::variant<SplitStep, MetaspaceStep, ByteLevelStep>;

struct Piece
{
    std::string_view text;
    bool first = false; ///< begins where the whole text begins
};

/// Cuts texts into pieces that the model takes one by one. Keep one for many texts: it keeps its memory.
class PieceMaker
{
public:
    /// The last step's letters for bytes are left out where `bytesAtEnd`: pieces are the bytes then. The result holds
    /// until the next call.
    const std::vector<Piece>& run(const std::vector<PreTokenizerStep>& steps, Piece text, bool bytesAtEnd);

private:
    void apply(const SplitStep& step);
    void apply(const MetaspaceStep& step);
    void apply(const ByteLevelStep& step, bool keepBytes);
    std::string_view own(std::string text);

    std::vector<Piece> m_pieces, m_next;
    std::vector<Pattern::Part> m_parts;
    std::deque<std::string> m_made; ///< texts that are no part of the given one
};

} // namespace mpo

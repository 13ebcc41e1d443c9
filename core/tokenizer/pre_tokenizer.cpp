// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pre_tokenizer.h"

#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/unicode_tables.h"

namespace mpo {

const std::string_view kGpt2Words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string_view kQwen2Words
    = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

const std::string kNumber = R"([\p{N})" + std::string(kRustNumberAdditions) + "]";
const std::string kPunctuation
    = "(?![" + std::string(kNoPunctuation) + R"(])[\p{P})" + std::string(kPunctuationAdditions) + "]";
const std::string kRustWords = [] {
    const std::string word = R"(\p{L}\p{M}\p{Nd}\p{Pc})" + std::string(kRustWordAdditions);
    return "[" + word + "]+|[^" + word + R"(\s]+)";
}();

std::string_view PieceMaker::own(std::string text)
{
    m_made.push_back(std::move(text));
    return m_made.back();
}

const std::vector<Piece>& PieceMaker::run(const std::vector<PreTokenizerStep>& steps, Piece text, bool bytesAtEnd)
{
    m_made.clear();
    m_pieces.assign(1, text);
    for (const PreTokenizerStep& step : steps) {
        if (const auto* split = std::get_if<SplitStep>(&step))
            apply(*split);
        else if (const auto* metaspace = std::get_if<MetaspaceStep>(&step))
            apply(*metaspace);
        else
            apply(std::get<ByteLevelStep>(step), bytesAtEnd && &step == &steps.back());
    }
    return m_pieces;
}

void PieceMaker::apply(const SplitStep& step)
{
    using Behaviour = SplitStep::Behaviour;
    m_next.clear();
    const auto join = [&](std::string_view text) {
        std::string_view& last = m_next.back().text;
        last = {last.data(), last.size() + text.size()};
    };
    for (const Piece& piece : m_pieces) {
        m_parts.clear();
        step.pattern.split(piece.text, m_parts);
        const std::size_t begin = m_next.size();
        bool previousMatched = false, waits = false; // waits: the last part goes with what follows it
        for (const Pattern::Part& part : m_parts) {
            const bool match = part.match != step.invert, hasPrevious = m_next.size() > begin;
            const bool joins = waits
                || (hasPrevious
                    && ((step.behaviour == Behaviour::MergedWithPrevious && match && !previousMatched)
                        || (step.behaviour == Behaviour::Contiguous && match == previousMatched)));
            if (!waits && match && step.behaviour == Behaviour::Removed) {
            } else if (joins) {
                join(part.text);
            } else {
                m_next.push_back({part.text, piece.first && part.text.data() == piece.text.data()});
            }
            waits = match && step.behaviour == Behaviour::MergedWithNext && &part != &m_parts.back()
                && (&part)[1].match == step.invert;
            previousMatched = match;
        }
    }
    std::erase_if(m_next, [](const Piece& piece) { return piece.text.empty(); });
    m_pieces.swap(m_next);
}

void PieceMaker::apply(const MetaspaceStep& step)
{
    using InFront = MetaspaceStep::InFront;
    for (Piece& piece : m_pieces) {
        std::string text;
        text.reserve(2 * piece.text.size() + step.replacement.size());
        for (std::size_t i = 0; i < piece.text.size();) {
            const std::size_t space = std::min(piece.text.find(' ', i), piece.text.size());
            text += piece.text.substr(i, space - i);
            if (space < piece.text.size())
                text += step.replacement;
            i = space + 1;
        }
        if (!text.starts_with(step.replacement)
            && (step.inFront == InFront::Always || (step.inFront == InFront::First && piece.first)))
            text.insert(0, step.replacement);
        piece.text = own(std::move(text));
    }
    if (step.split)
        apply(step.words);
}

void PieceMaker::apply(const ByteLevelStep& step, bool keepBytes)
{
    if (step.addPrefixSpace)
        for (Piece& piece : m_pieces)
            if (!piece.text.starts_with(' '))
                piece.text = own(" " + std::string(piece.text));
    if (step.words)
        apply(*step.words);
    if (!keepBytes)
        for (Piece& piece : m_pieces)
            piece.text = own(toByteAlphabet(piece.text));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe_trainer.h"

#include "core/data/preference_pair.h"
#include "core/support/json.h"
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/pre_tokenizer.h"

#include <map>

namespace mpo {

void trainByteLevelBpe(
    std::span<const std::string> texts, std::int64_t vocabularySize, const std::filesystem::path& folder)
{
    std::vector<PreTokenizerStep> steps;
    steps.emplace_back(SplitStep {Pattern::regex(kGpt2Words), SplitStep::Behaviour::Isolated, false});
    PieceMaker maker;
    std::map<std::string, std::int64_t> counts;
    for (const std::string& text : texts)
        for (const Piece& piece : maker.run(steps, {text, true}, true))
            ++counts[std::string(piece.text)];

    std::vector<std::string> tokens {"<|endoftext|>", "<|pad|>"};
    for (const std::string& letter : byteAlphabet())
        tokens.push_back(letter);
    struct Word
    {
        TokenIds ids;
        std::int64_t count;
    };
    std::vector<Word> words;
    for (const auto& [text, count] : counts) {
        Word word {{}, count};
        for (const char byte : text)
            word.ids.push_back(TokenId(2 + static_cast<unsigned char>(byte)));
        words.push_back(std::move(word));
    }

    Json merges = Json::array();
    while (std::int64_t(tokens.size()) < vocabularySize) {
        std::map<std::pair<TokenId, TokenId>, std::int64_t> pairs;
        for (const Word& word : words)
            for (std::size_t i = 0; i + 1 < word.ids.size(); ++i)
                pairs[{word.ids[i], word.ids[i + 1]}] += word.count;
        std::pair<TokenId, TokenId> best;
        std::int64_t most = 1;
        for (const auto& [pair, count] : pairs)
            if (count > most) {
                most = count;
                best = pair;
            }
        if (most < 2)
            break; // nothing stands together twice
        const auto id = TokenId(tokens.size());
        merges.push_back(tokens[std::size_t(best.first)] + " " + tokens[std::size_t(best.second)]);
        tokens.push_back(tokens[std::size_t(best.first)] + tokens[std::size_t(best.second)]);
        for (Word& word : words) {
            TokenIds merged;
            for (std::size_t i = 0; i < word.ids.size(); ++i) {
                if (i + 1 < word.ids.size() && word.ids[i] == best.first && word.ids[i + 1] == best.second) {
                    merged.push_back(id);
                    ++i;
                } else {
                    merged.push_back(word.ids[i]);
                }
            }
            word.ids = std::move(merged);
        }
    }

    Json vocabulary, added = Json::array();
    for (std::size_t i = 0; i < tokens.size(); ++i)
        vocabulary[tokens[i]] = i;
    for (int id = 0; id < 2; ++id)
        added.push_back({{"id", id}, {"content", tokens[std::size_t(id)]}, {"single_word", false}, {"lstrip", false},
            {"rstrip", false}, {"normalized", false}, {"special", true}});
    const Json byteLevel {
        {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
    writeJsonFile(folder / "tokenizer.json",
        Json {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", added},
            {"normalizer", nullptr}, {"pre_tokenizer", byteLevel}, {"post_processor", nullptr}, {"decoder", byteLevel},
            {"model",
                {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr}, {"continuing_subword_prefix", nullptr},
                    {"end_of_word_suffix", nullptr}, {"fuse_unk", false}, {"byte_fallback", false},
                    {"vocab", vocabulary}, {"merges", merges}}}});
    writeJsonFile(folder / "tokenizer_config.json",
        Json {{"eos_token", tokens[0]}, {"pad_token", tokens[1]}, {"tokenizer_class", "PreTrainedTokenizerFast"}});
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece_model.h"

#include "core/support/error.h"
#include "core/support/protobuf_fields.h"
#include "core/support/utf8.h"

#include <algorithm>
#include <bit>
#include <cctype>

namespace mpo {

namespace {

struct Fields : ProtobufFields
{
    explicit Fields(std::string_view message)
        : ProtobufFields(message, "the SentencePiece model")
    {
    }
};

// Numbers of fields and values in sentencepiece_model.proto.
enum ModelField { Pieces = 1, Trainer = 2, Normalizer = 3 };
enum PieceField { Text = 1, Score = 2, Type = 3 };
enum PieceType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };
enum TrainerField { ModelType = 3, ByteFallback = 35, WhitespaceAsSuffix = 24 };
enum NormalizerField { Charsmap = 2, DummyPrefix = 3, RemoveExtraSpaces = 4, EscapeSpaces = 5 };
constexpr std::uint64_t kUnigram = 1, kBpe = 2;

struct Settings
{
    std::uint64_t type = kUnigram;
    bool byteFallback = false, suffix = false;
    bool charsmap = false, dummyPrefix = true, removeExtraSpaces = true, escapeSpaces = true;
};

void readTrainer(std::string_view bytes, Settings& settings)
{
    for (Fields field(bytes); field.next();) {
        if (field.number == ModelType)
            settings.type = field.value;
        else if (field.number == ByteFallback)
            settings.byteFallback = field.value != 0;
        else if (field.number == WhitespaceAsSuffix)
            settings.suffix = field.value != 0;
    }
}

void readNormalizer(std::string_view bytes, Settings& settings)
{
    for (Fields field(bytes); field.next();) {
        if (field.number == Charsmap)
            settings.charsmap = !field.bytes.empty();
        else if (field.number == DummyPrefix)
            settings.dummyPrefix = field.value != 0;
        else if (field.number == RemoveExtraSpaces)
            settings.removeExtraSpaces = field.value != 0;
        else if (field.number == EscapeSpaces)
            settings.escapeSpaces = field.value != 0;
    }
}

/// A text as an expression that matches it.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c)))
            out += fmt::format("\\x{{{:X}}}", int(c));
        else
            out += c;
    }
    return out;
}

} // namespace

TokenizerParts readSentencePieceModel(std::string_view bytes)
{
    Settings settings;
    std::vector<std::string> tokens, userDefined;
    std::vector<std::optional<float>> scores;
    TokenizerParts parts;
    for (Fields field(bytes); field.next();) {
        if (field.number == Trainer)
            readTrainer(field.bytes, settings);
        if (field.number == Normalizer)
            readNormalizer(field.bytes, settings);
        if (field.number != Pieces)
            continue;
        std::string text;
        float score = 0;
        std::uint64_t type = Normal;
        for (Fields piece(field.bytes); piece.next();) {
            if (piece.number == Text)
                text = std::string(piece.bytes);
            else if (piece.is(Score, Wire::Fixed32))
                score = numberFrom<float>(piece.bytes);
            else if (piece.number == Type)
                type = piece.value;
        }
        if (tokens.size() >= kMaxTokens)
            fail("more than {} tokens", kMaxTokens);
        if (text.empty() || !isValidUtf8(text))
            fail("the token {} is empty or not valid UTF-8", tokens.size());
        const auto id = TokenId(tokens.size());
        if (!parts.model.vocabulary.emplace(text, id).second)
            fail("the token \"{}\" stands twice in the vocabulary", inSentence(text));
        if (type == Unknown)
            parts.model.unknown = text;
        if (type == Unknown || type == Control)
            parts.added.push_back({text, id, true, false, false, false, false});
        if (text == kModelBos && type == Control)
            parts.before = {id};
        if (type == UserDefined)
            userDefined.push_back(text);
        scores.push_back(type == Normal ? std::optional(score) : std::nullopt);
        tokens.push_back(std::move(text));
    }
    if (tokens.empty())
        fail("this is no SentencePiece model");
    constexpr auto convert = "convert it to a tokenizer.json with transformers "
                             "(AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER))";
    if (settings.type != kBpe)
        fail("this SentencePiece model is not of the BPE type, the only one supported; use another model");
    if (settings.charsmap || settings.suffix || !settings.escapeSpaces)
        fail("this SentencePiece model has rules for its texts that are not supported; {}", convert);

    parts.model.merges = mergesFromScores(tokens, scores);
    parts.model.fuseUnknown = true;
    parts.model.byteFallback = settings.byteFallback;
    if (settings.removeExtraSpaces) {
        parts.normalizer.emplace_back(Replace {Pattern::regex(R"(\A +)"), ""});
        parts.normalizer.emplace_back(Replace {Pattern::regex(" {2,}"), " "});
    }
    if (settings.dummyPrefix)
        parts.normalizer.emplace_back(Prepend {"\u2581"});
    parts.normalizer.emplace_back(Replace {Pattern::literal(" "), "\u2581"});
    if (settings.removeExtraSpaces) // at the end also U+2581 that the text itself has
        parts.normalizer.emplace_back(Replace {Pattern::regex("\u2581+\\z"), ""});
    if (!userDefined.empty()) {
        // Taken whole, longest first, and never merged.
        parts.model.ignoreMerges = true;
        std::sort(userDefined.begin(), userDefined.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
        std::string expression;
        for (const std::string& text : userDefined)
            expression += (expression.empty() ? "" : "|") + escaped(text);
        parts.preTokenizer.emplace_back(SplitStep {Pattern::regex(expression), SplitStep::Behaviour::Isolated, false});
    }
    auto& decoder = parts.decoder.emplace();
    decoder.emplace_back(Replace {Pattern::literal("\u2581"), " "});
    if (settings.byteFallback)
        decoder.emplace_back(ByteFallbackDecoder());
    decoder.emplace_back(FuseDecoder());
    if (settings.dummyPrefix || settings.removeExtraSpaces)
        decoder.emplace_back(StripDecoder {" ", 1, 0});
    return parts;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Which names share an expression: llama-vocab.cpp of llama.cpp; the expressions: tokenizer.json of the models they
// come from.

#include "core/tokenizer/gguf_words.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <vector>

namespace mpo {

namespace {

/// How a model cuts text into words.
enum class Cut {
    Gpt2, ///< the expression of GPT-2
    Digits, ///< single digits, then as GPT-2
    Llama3,
    Qwen2,
    Qwen35,
    Tekken,
    Gpt4o,
    DeepseekCoder,
    DeepseekV3,
};

struct Name
{
    std::string_view name;
    Cut cut;
    bool ignoreMerges = false, addsBos = false, composes = false; ///< composes: NFC
};

constexpr Name kNames[] {
    {"default", Cut::Gpt2},
    {"gpt-2", Cut::Gpt2},
    {"phi-2", Cut::Gpt2},
    {"mpt", Cut::Gpt2},
    {"olmo", Cut::Gpt2},
    {"jais", Cut::Gpt2},
    {"trillion", Cut::Gpt2},
    {"exaone4", Cut::Gpt2},
    {"gigachat", Cut::Gpt2},
    {"mellum", Cut::Gpt2},
    {"granite-docling", Cut::Gpt2},
    {"smollm", Cut::Digits},
    {"starcoder", Cut::Digits},
    {"refact", Cut::Digits},
    {"command-r", Cut::Digits},
    {"codeshell", Cut::Digits},
    {"exaone", Cut::Digits},
    {"minerva-7b", Cut::Digits},
    {"mellum2", Cut::Digits},
    {"llama-bpe", Cut::Llama3, true, true},
    {"llama3", Cut::Llama3, true, true},
    {"llama-v3", Cut::Llama3, true, true},
    {"falcon3", Cut::Llama3, true, true},
    {"pixtral", Cut::Llama3, true, true},
    {"lfm2", Cut::Llama3, true, true},
    {"smaug-bpe", Cut::Llama3},
    {"dbrx", Cut::Llama3},
    {"chatglm-bpe", Cut::Llama3},
    {"glm4", Cut::Llama3, true},
    {"qwen2", Cut::Qwen2, false, false, true},
    {"deepseek-r1-qwen", Cut::Qwen2},
    {"stablelm2", Cut::Qwen2},
    {"megrez", Cut::Qwen2},
    {"hunyuan", Cut::Qwen2},
    {"solar-open", Cut::Qwen2},
    {"grok-2", Cut::Qwen2},
    {"qwen35", Cut::Qwen35, false, false, true},
    {"tekken", Cut::Tekken, true, true},
    {"gpt-4o", Cut::Gpt4o},
    {"llama4", Cut::Gpt4o},
    {"kanana2", Cut::Gpt4o},
    {"minimax-m2", Cut::Gpt4o},
    {"deepseek-coder", Cut::DeepseekCoder},
    {"deepseek-v3", Cut::DeepseekV3},
};

Json split(std::string_view expression)
{
    return {{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", "Isolated"}, {"invert", false}};
}

Json digits() { return {{"type", "Digits"}, {"individual_digits", true}}; }

/// What stands before ByteLevel.
std::vector<Json> stepsOf(Cut cut)
{
    // Parts that the expressions share: contractions; letters with one other character in front; what is neither
    // letter, number nor space; line ends and spaces.
    const std::string contractions = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))", letters = R"([^\r\n\p{L}\p{N}]?\p{L}+)",
                      others = R"( ?[^\s\p{L}\p{N}]+[\r\n]*)", spaces = R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
    const std::string front = R"([^\r\n\p{L}\p{N}]?)", upper = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])",
                      lower = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])", slashed = R"( ?[^\s\p{L}\p{N}]+[\r\n/]*)";
    const auto words = [&](const std::string& ending) { // in camel case, too
        return front + upper + "*" + lower + "+" + ending + "|" + front + upper + "+" + lower + "*" + ending;
    };
    switch (cut) {
    case Cut::Gpt2:
        return {};
    case Cut::Digits:
        return {digits()};
    case Cut::Llama3:
        return {split(contractions + "|" + letters + R"(|\p{N}{1,3}|)" + others + "|" + spaces)};
    case Cut::Qwen2:
        return {split(contractions + "|" + letters + R"(|\p{N}|)" + others + "|" + spaces)};
    case Cut::Qwen35:
        return {split(contractions + "|" + front + R"([\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" + spaces)};
    case Cut::Tekken:
        return {split(words("") + R"(|\p{N}|)" + slashed + "|" + spaces)};
    case Cut::Gpt4o:
        return {split(words(contractions + "?") + R"(|\p{N}{1,3}|)" + slashed + "|" + spaces)};
    case Cut::DeepseekCoder:
        return {split(R"([\r\n])"), split(R"(\s?\p{L}+)"), split(R"(\s?\p{P}+)"),
            split("[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+"), digits()};
    case Cut::DeepseekV3:
        return {split(R"(\p{N}{1,3})"), split("[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+"),
            split(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
                  R"(| ?[\p{P}\p{S}]+[\r\n]*|)"
                + spaces)};
    }
    return {};
}

} // namespace

GgufWords ggufWords(const std::string& name, bool addPrefixSpace)
{
    const auto found
        = std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& n) { return n.name == name; });
    if (found == std::end(kNames)) {
        std::vector<std::string_view> known;
        for (const Name& each : kNames)
            known.push_back(each.name);
        fail(
            "the pre-tokenizer \"{}\" is not supported; there are {}", toPrintable(shortened(name, 40)), joined(known));
    }
    GgufWords words;
    std::vector<Json> steps = stepsOf(found->cut);
    const bool gpt2 = found->cut == Cut::Gpt2 || found->cut == Cut::Digits;
    // Behind another step the space would go in front of each piece; no published model means that.
    const bool prefix = addPrefixSpace && steps.empty();
    steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"trim_offsets", true}, {"use_regex", gpt2}});
    words.preTokenizer
        = steps.size() == 1 ? steps.front() : Json {{"type", "Sequence"}, {"pretokenizers", Json(steps)}};
    if (found->composes)
        words.normalizer = {{"type", "NFC"}};
    words.ignoreMerges = found->ignoreMerges;
    words.addsBos = found->addsBos;
    return words;
}

} // namespace mpo

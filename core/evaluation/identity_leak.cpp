// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/identity_leak.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace mpo {

namespace {

/// In small letters. Names that are also common words or people (Bard, Claude, Gemini, Phi) only where what follows or
/// goes before makes them a model.
constexpr auto kKnown = std::to_array<std::string_view>({"openai", "chatgpt", "chat gpt", "gpt-2", "gpt-3", "gpt-4",
    "gpt-5", "gpt3", "gpt4", "gpt5", "gpt-j", "gpt-neo", "text-davinci", "anthropic", "i'm claude", "i am claude",
    "claude 2", "claude 3", "claude-", "google bard", "i'm bard", "i am bard", "google gemini", "i'm gemini",
    "i am gemini", "gemma", "palm 2", "deepmind", "llama", "llama-2", "llama-3", "llama2", "llama3", "meta ai",
    "mistral", "mixtral", "qwen", "tongyi", "deepseek", "vicuna", "koala-13b", "dolly-v2", "open assistant",
    "openassistant", "open-assistant", "stablelm", "wizardlm", "chatglm", "baichuan", "internlm", "yi-34b", "falcon-7b",
    "falcon-40b", "phi-2", "phi-3", "phi-4", "smollm", "tinyllama", "pythia-", "grok-", "command-r", "as an ai",
    "i'm an ai", "i am an ai", "as a language model", "as a large language model", "i'm a language model",
    "i am a language model", "i'm a large language model", "i am a large language model", "i was trained by",
    "i was created by", "i was developed by", "my training data", "my knowledge cutoff", "knowledge cut-off"});

/// Whatever stands around them.
constexpr auto kMarkers = std::to_array<std::string_view>({"<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>",
    "<|start_header_id|>", "<|assistant|>", "<|user|>", "<start_of_turn>", "<end_of_turn>", "[inst]", "[/inst]",
    "<<sys>>", "### response:", "### instruction:", "</s>"});

constexpr std::string_view kApostrophe = "\xE2\x80\x99"; // U+2019

/// In small letters, with the typographic apostrophe as the plain one.
std::string lowered(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (text.substr(at, kApostrophe.size()) == kApostrophe) {
            result += '\'';
            at += kApostrophe.size() - 1;
        } else {
            result += c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
        }
    }
    return result;
}

/// Bytes of letters beyond ASCII belong to words.
bool isWordCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

/// Where `word` stands in `text` with no letter or digit against it; npos: nowhere. A word that ends in '-' may go on.
std::size_t findWord(std::string_view text, std::string_view word)
{
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool begins = at == 0 || !isWordCharacter(text[at - 1]) || !isWordCharacter(word.front());
        const bool ends = end == text.size() || word.back() == '-' || !isWordCharacter(text[end]);
        if (begins && ends)
            return at;
    }
    return text.npos;
}

} // namespace

std::vector<std::string> identityNames(const std::vector<std::string>& sources)
{
    std::vector<std::string> names;
    for (const std::string& source : sources) {
        const std::filesystem::path path(source);
        std::string name = (path.has_filename() ? path : path.parent_path()).filename().string();
        if (name.find_first_of("0123456789-_") == name.npos)
            continue;
        names.push_back(name);
        std::ranges::replace_if(
            name, [](char c) { return c == '-' || c == '_'; }, ' ');
        if (name != names.back())
            names.push_back(name);
    }
    return names;
}

std::string identityLeak(std::string_view prompt, std::string_view response, const std::vector<std::string>& names)
{
    const std::string text = lowered(response), asked = lowered(prompt);
    std::size_t first = text.npos, length = 0;
    const auto take = [&](std::size_t at, std::string_view word) {
        if (at != text.npos && (at < first || (at == first && word.size() > length))) {
            first = at;
            length = word.size();
        }
    };
    const auto look = [&](std::string_view word) {
        if (const auto at = findWord(text, word); at != text.npos && findWord(asked, word) == asked.npos)
            take(at, word);
    };
    for (const std::string_view word : kKnown)
        look(word);
    for (const std::string& name : names)
        look(lowered(name));
    for (const std::string_view marker : kMarkers)
        if (asked.find(marker) == asked.npos)
            take(text.find(marker), marker);
    return first == text.npos ? std::string() : text.substr(first, length);
}

} // namespace mpo

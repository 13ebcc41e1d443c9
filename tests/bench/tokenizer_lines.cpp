// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the scripts beside tests/fixtures/tokenizer and tokenizer_speed.py talk to. JSON lines on standard input, one
// object of results a line on standard output:
//   lines TOKENIZER        {"text"} or {"parts": [[text, trusted]]} -> {"ids", "plain", "keep", "skip"}
//   speed TOKENIZER TEXTS  reads a file of {"text"} lines, encodes every text twice on this thread -> {"cold_s",
//   "warm_s"}
#include "core/support/error.h"
#include "core/support/json.h"
#include "core/tokenizer/tokenizer.h"

#include <chrono>
#include <fstream>
#include <iostream>

using namespace mpo;

namespace {

void answerLines(const Tokenizer& tokenizer)
{
    for (std::string line; std::getline(std::cin, line);) {
        const Json row = parseJson(line, "standard input");
        Json answer;
        if (row.contains("parts")) {
            std::vector<Tokenizer::TextPart> parts;
            for (const Json& part : row["parts"])
                parts.push_back({part[0].get_ref<const std::string&>(), part[1].get<bool>()});
            answer["ids"] = tokenizer.encodeParts(parts);
        } else {
            const auto& text = row["text"].get_ref<const std::string&>();
            const TokenIds ids = tokenizer.encodeWithTemplate(text, Tokenizer::SpecialInText::Yes);
            answer = {{"ids", ids}, {"plain", tokenizer.encode(text, Tokenizer::SpecialInText::No)},
                {"keep", tokenizer.decode(ids, Tokenizer::SpecialTokens::Keep)},
                {"skip", tokenizer.decode(ids, Tokenizer::SpecialTokens::Skip)}};
        }
        std::cout << toLine(answer) << '\n';
        if (std::cin.rdbuf()->in_avail() <= 0)
            std::cout.flush();
    }
}

void measure(const Tokenizer& tokenizer, const char* file)
{
    std::vector<std::string> texts;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        texts.push_back(parseJson(line, file)["text"].get<std::string>());
    std::size_t tokens = 0;
    const auto seconds = [&] {
        const auto begin = std::chrono::steady_clock::now();
        for (const std::string& text : texts)
            tokens += tokenizer.encode(text).size();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    const double cold = seconds(), warm = seconds();
    std::cout << toLine({{"cold_s", cold}, {"warm_s", warm}, {"tokens", tokens / 2}}) << '\n';
}

} // namespace

int main(int argc, char** argv)
{
    std::ios::sync_with_stdio(false);
    const std::string_view mode = argc > 2 ? argv[1] : "";
    try {
        if (mode == "lines" && argc == 3)
            answerLines(*Tokenizer::load(argv[2]));
        else if (mode == "speed" && argc == 4)
            measure(*Tokenizer::load(argv[2]), argv[3]);
        else
            fail("tokenizer_lines lines TOKENIZER, or tokenizer_lines speed TOKENIZER TEXTS");
    } catch (const Error& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}

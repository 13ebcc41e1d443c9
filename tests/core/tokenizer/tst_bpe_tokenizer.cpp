// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/error.h"
#include "core/support/json.h"
#include "core/tokenizer/bpe_trainer.h"
#include "core/tokenizer/tokenized_pair.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <sstream>

using namespace mpo;
namespace fs = std::filesystem;

class TestBpeTokenizer : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    static std::string read(const fs::path& file)
    {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    std::shared_ptr<const Tokenizer> trained() const
    {
        const std::vector<std::string> texts {
            "How do I clean a chair? To clean the chair, use warm water.", "the the chair chair clean"};
        trainByteLevelBpe(texts, 300, m_folder.path().toStdString());
        return Tokenizer::load(m_folder.path().toStdString());
    }

private Q_SLOTS:
    /// llama.cpp's vectors for GPT-2.
    void gpt2EqualsThePublishedVectors()
    {
        const char* given = std::getenv("MPO_SHARED_DATA");
        const fs::path data = given ? fs::path(given) : fs::path(MPO_FIXTURES) / "../../../shared/data";
        if (!fs::exists(data / "tokenizers/gpt2/tokenizer.json"))
            QSKIP("the shared data are not here");
        const auto tokenizer = Tokenizer::load(data / "tokenizers/gpt2");
        const std::string texts = read(data / "tokenizer-vectors/ggml-vocab-gpt-2.gguf.inp"),
                          separator = "\n__ggml_vocab_test__\n";
        std::istringstream expected(read(data / "tokenizer-vectors/ggml-vocab-gpt-2.gguf.out"));
        int count = 0;
        for (std::size_t begin = 0; begin < texts.size(); ++count) {
            const std::size_t end = std::min(texts.find(separator, begin), texts.size());
            const std::string text = texts.substr(begin, end - begin);
            begin = end + separator.size();
            std::string line;
            std::getline(expected, line);
            std::istringstream numbers(line);
            TokenIds ids;
            for (TokenId id; numbers >> id;)
                ids.push_back(id);
            QCOMPARE(tokenizer->encode(text, Tokenizer::SpecialInText::No), ids);
            QCOMPARE(tokenizer->decode(ids), text);
        }
        QCOMPARE(count, 46);
    }

    void trainedTokenizerReadsAndWritesAnyText()
    {
        const auto tokenizer = trained();
        QCOMPARE(*tokenizer->eos, 0);
        QCOMPARE(tokenizer->eosText, std::string("<|endoftext|>"));
        for (const std::string text : {"To clean the chair", "\n\n  tabs\t, é, 漢字 and \xF0\x9F\x98\x80!", ""})
            QCOMPARE(tokenizer->decode(tokenizer->encode(text)), text);
        QCOMPARE(tokenizer->decode(tokenizer->encode("a\xFFz")), std::string("a\xEF\xBF\xBDz"));
        QVERIFY(tokenizer->encode(" chair").size() <= 2);
    }

    void specialTokensOnlyWhereAllowed()
    {
        const auto tokenizer = trained();
        QCOMPARE(tokenizer->encode("a<|endoftext|>").back(), 0);
        QVERIFY(tokenizer->encode("a<|endoftext|>", Tokenizer::SpecialInText::No).back() != 0);
        QCOMPARE(tokenizer->decode({0, 0}, Tokenizer::SpecialTokens::Skip), std::string());
    }

    /// A chat template may write special tokens, the text of a user inside it may not, also not with its help.
    void partsOfUsersMakeNoSpecialToken()
    {
        const auto tokenizer = trained();
        const auto ends = [&](std::vector<Tokenizer::TextPart> parts) {
            const TokenIds ids = tokenizer->encodeParts(parts);
            std::string text;
            for (const Tokenizer::TextPart& part : parts)
                text += part.text;
            if (tokenizer->decode(ids) != text)
                return std::ptrdiff_t(-1);
            return std::count(ids.begin(), ids.end(), *tokenizer->eos);
        };
        QCOMPARE(ends({{"a<|endoftext|>b", true}}), 1);
        QCOMPARE(ends({{"a<|endoftext|>b", false}}), 0);
        QCOMPARE(ends({{"<|endof", true}, {"text|>", true}}), 1);
        QCOMPARE(ends({{"<|endof", true}, {"text|>", false}, {"<|endoftext|>", true}}), 1);
        QCOMPARE(ends({{"<|endof", false}, {"text|>", true}}), 0);
        QCOMPARE(ends({{"<|endoftext|", false}, {">", true}, {"<|endoftext|>", false}}), 0);
        QCOMPARE(ends({{"<|endof", false}, {"<|endoftext|>", true}, {"<|endoftext|>", false}}), 1);
        QCOMPARE(ends({}), 0);
        // One text: a word runs across the border of parts.
        const std::vector<Tokenizer::TextPart> word {{"the cha", true}, {"ir", false}};
        QCOMPARE(tokenizer->encodeParts(word), tokenizer->encode("the chair"));
        const std::vector<Tokenizer::TextPart> letter {{"\xC3", true}, {"\xA9", false}};
        QCOMPARE(tokenizer->encodeParts(letter), tokenizer->encode("\xC3\xA9"));
        const std::vector<Tokenizer::TextPart> invalid {{"\xFF", true}, {"<|endoftext|>", false}};
        QCOMPARE(tokenizer->encodeParts(invalid), tokenizer->encode("\xFF<|endoftext|>", Tokenizer::SpecialInText::No));
    }

    void chatTemplateAndTexts()
    {
        trained();
        const fs::path folder = m_folder.path().toStdString();
        const auto with = [&](const char* name, const Json& content) {
            writeJsonFile(folder / name, content);
            return Tokenizer::load(folder);
        };
        QCOMPARE(with("chat_template.json", {{"chat_template", "old"}})->chatTemplate, std::string("old"));
        auto tokenizer = with("tokenizer_config.json",
            {{"chat_template",
                 {{{"name", "tool_use"}, {"template", "tools"}}, {{"name", "default"}, {"template", "plain"}}}},
                {"bos_token", {{"content", "<|endoftext|>"}}}, {"eos_token", "<|endoftext|>"}, {"pad_token", nullptr},
                {"unk_token", "<none>"}});
        QCOMPARE(tokenizer->chatTemplate, std::string("plain"));
        QCOMPARE(tokenizer->bosText, std::string("<|endoftext|>"));
        QCOMPARE(*tokenizer->bos, 0);
        QCOMPARE(tokenizer->unkText, std::string("<none>"));
        QVERIFY(tokenizer->padText.empty() && !tokenizer->pad);
        tokenizer = with("special_tokens_map.json", {{"pad_token", "<|pad|>"}});
        QCOMPARE(tokenizer->padText, std::string("<|pad|>"));
        QCOMPARE(*tokenizer->pad, 1);
        std::ofstream(folder / "chat_template.jinja") << "{{ messages }}";
        QCOMPARE(Tokenizer::load(folder)->chatTemplate, std::string("{{ messages }}"));
        for (const char* name : {"chat_template.jinja", "chat_template.json", "special_tokens_map.json"})
            fs::remove(folder / name);
        QCOMPARE(with("tokenizer_config.json", {{"chat_template", "one"}})->chatTemplate, std::string("one"));
        QVERIFY_THROWS_EXCEPTION(Error, with("tokenizer_config.json", {{"chat_template", 3}}));
    }

    void responsesEndWithOneEos()
    {
        const auto tokenizer = trained();
        PreferencePair pair;
        pair.prompt = "How do I";
        pair.chosen = " clean";
        pair.rejected = " clean<|endoftext|>";
        const TokenizedRow result = tokenizePair(pair, DatasetKind::Pairs, tokenizer.get());
        QCOMPARE(result.chosen, result.rejected);
        QCOMPARE(std::count(result.chosen.begin(), result.chosen.end(), 0), 1);
        TokenIds whole = result.prompt;
        whole.insert(whole.end(), result.chosen.begin(), result.chosen.end());
        QCOMPARE(tokenizer->decode(whole), std::string("How do I clean<|endoftext|>"));
    }

    /// The last token of the prompt merges with the response: it belongs to both responses (TRL's rule).
    void mergedBoundaryMovesIntoTheResponse()
    {
        const auto tokenizer = trained();
        PreferencePair pair;
        pair.prompt = "the the cha";
        pair.chosen = "ir";
        pair.rejected = " x";
        const TokenizedRow result = tokenizePair(pair, DatasetKind::Pairs, tokenizer.get());
        for (const auto& [response, text] :
            {std::pair {result.chosen, "the the chair"}, {result.rejected, "the the cha x"}}) {
            TokenIds whole = result.prompt;
            whole.insert(whole.end(), response.begin(), response.end());
            QCOMPARE(tokenizer->decode(whole, Tokenizer::SpecialTokens::Skip), std::string(text));
        }
        QVERIFY(result.prompt.size() < tokenizer->encode(pair.prompt).size());
    }

    /// Bare responses of a dialogue give the ids of the same text with the space written out.
    void dialoguesAreTokenizedAsTheirText()
    {
        const auto tokenizer = trained();
        PreferencePair text;
        text.prompt = "\n\nHuman: the chair?\n\nAssistant:";
        text.chosen = " Use water.";
        text.rejected = " no";
        PreferencePair dialogue = text;
        dialogue.turns = {{"user", "the chair?"}};
        dialogue.chosen = "Use water.";
        dialogue.rejected = "no";
        const TokenizedRow a = tokenizePair(text, DatasetKind::Pairs, tokenizer.get());
        const TokenizedRow b = tokenizePair(dialogue, DatasetKind::Pairs, tokenizer.get());
        QCOMPARE(a.prompt, b.prompt);
        QCOMPARE(a.chosen, b.chosen);
        QCOMPARE(a.rejected, b.rejected);
        QVERIFY(tokenizePair(dialogue, DatasetKind::Completions, tokenizer.get()).chosen == a.chosen);
    }

    void longPairs()
    {
        const auto limited = [](std::int64_t length, Truncation truncation) {
            TokenizeReport report;
            RowLimiter(report, DatasetKind::Pairs, length, truncation).add({{1, 2, 3}, {4, 5, 6}, {7}}, 0, true);
            return report;
        };
        QCOMPARE(limited(5, Truncation::DropLong).droppedLong, 1);
        const TokenizeReport cut = limited(5, Truncation::CutEnd);
        QCOMPARE(cut.cut, 1);
        QCOMPARE(TokenIds(cut.pairs[0].chosen.begin(), cut.pairs[0].chosen.end()), (TokenIds {4, 5}));
        QCOMPARE(limited(3, Truncation::CutEnd).droppedLong, 1);
    }
};

QTEST_GUILESS_MAIN(TestBpeTokenizer)
#include "tst_bpe_tokenizer.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/json.h"
#include "core/tokenizer/tokenized_pair.h"

#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <thread>

using namespace mpo;
namespace fs = std::filesystem;

/// Ids and decoded text equal those of the package tokenizers, for two small tokenizers: fixtures/tokenizer.
class TestTokenizerParity : public QObject
{
    Q_OBJECT

    const fs::path m_fixtures = fs::path(MPO_FIXTURES) / "tokenizer";
    QTemporaryDir m_folder;

    /// The Llama 3 one with an EOS.
    std::shared_ptr<const Tokenizer> llama3() const
    {
        const fs::path folder = m_folder.path().toStdString();
        fs::copy_file(
            m_fixtures / "llama3_style.json", folder / "tokenizer.json", fs::copy_options::overwrite_existing);
        writeJsonFile(folder / "tokenizer_config.json", Json {{"eos_token", "<|end_of_text|>"}});
        return Tokenizer::load(folder);
    }

    static PreferencePair textPair(const std::string& prompt, const std::string& chosen, const std::string& rejected)
    {
        PreferencePair pair;
        pair.prompt = prompt;
        pair.chosen = chosen;
        pair.rejected = rejected;
        return pair;
    }

    static PreferencePair idPair(TokenIds prompt, TokenIds chosen, TokenIds rejected)
    {
        PreferencePair pair;
        pair.promptIds = std::move(prompt);
        pair.chosenIds = std::move(chosen);
        pair.rejectedIds = std::move(rejected);
        return pair;
    }

private Q_SLOTS:
    void idsEqual_data()
    {
        QTest::addColumn<QString>("name");
        QTest::newRow("GPT-2") << "gpt2_style";
        QTest::newRow("Llama 3") << "llama3_style";
    }

    void idsEqual()
    {
        QFETCH(QString, name);
        const auto tokenizer = Tokenizer::load(m_fixtures / (name.toStdString() + ".json"));
        const Json expected = readJsonFile(m_fixtures / (name.toStdString() + "_expected.json"));
        QVERIFY(expected["rows"].size() > 200);
        for (const Json& row : expected["rows"]) {
            const auto text = row["text"].get<std::string>();
            const auto ids = row["ids"].get<TokenIds>();
            const std::string shown = row["text"].dump(-1, ' ', true);
            QVERIFY2(tokenizer->encodeWithTemplate(text, Tokenizer::SpecialInText::Yes) == ids, shown.c_str());
            QVERIFY2(
                tokenizer->encode(text, Tokenizer::SpecialInText::No) == row["plain"].get<TokenIds>(), shown.c_str());
            QVERIFY2(tokenizer->decode(ids) == row["decoded"].get<std::string>(), shown.c_str());
        }
    }

    void manyThreads()
    {
        const auto tokenizer = Tokenizer::load(m_fixtures / "llama3_style.json");
        const Json expected = readJsonFile(m_fixtures / "llama3_style_expected.json");
        std::atomic<int> wrong = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (const Json& row : expected["rows"])
                    wrong
                        += tokenizer->encodeWithTemplate(row["text"].get<std::string>()) != row["ids"].get<TokenIds>();
            });
        for (std::thread& thread : threads)
            thread.join();
        QCOMPARE(wrong.load(), 0);
    }

    /// A single piece of a megabyte takes neither long nor fails.
    void longRuns()
    {
        const auto tokenizer = Tokenizer::load(m_fixtures / "llama3_style.json");
        for (const std::string part : {" ", "a", "\n", "!", "7", "\xE6\xBC\xA2", " \n"}) {
            std::string text;
            while (text.size() < 1'000'000)
                text += part;
            QVERIFY(tokenizer->decode(tokenizer->encode(text)) == text);
        }
    }

    void pairsAreCutByTheRuleOfTrl()
    {
        const auto tokenizer = llama3();
        int merged = 0;
        const Json rows = readJsonFile(m_fixtures / "llama3_style_pairs.json");
        QCOMPARE(rows.size(), std::size_t(60));
        for (const Json& row : rows) {
            const Json& texts = row["texts"];
            const TokenizedRow pair
                = tokenizePair(textPair(texts[0], texts[1], texts[2]), DatasetKind::Pairs, tokenizer.get());
            QCOMPARE(pair.prompt, row["prompt"].get<TokenIds>());
            QCOMPARE(pair.chosen, row["chosen"].get<TokenIds>());
            QCOMPARE(pair.rejected, row["rejected"].get<TokenIds>());
            merged += row["merged"].get<bool>();
        }
        QVERIFY(merged > 10); // else the boundary was never inside a token
    }

    void completionsAndPrompts()
    {
        const auto tokenizer = llama3();
        const PreferencePair pair = textPair("the program", " is free", " is not");
        const TokenizedRow completion = tokenizePair(pair, DatasetKind::Completions, tokenizer.get());
        QCOMPARE(completion.prompt, tokenizer->encodeWithTemplate("the program"));
        QCOMPARE(completion.chosen.back(), *tokenizer->eos);
        QVERIFY(completion.rejected.empty());
        const TokenizedRow prompt = tokenizePair(pair, DatasetKind::Prompts, tokenizer.get());
        QCOMPARE(prompt.prompt, completion.prompt);
        QVERIFY(prompt.chosen.empty() && prompt.rejected.empty());
    }

    /// Special tokens that users write stay text; the only EOS is the one at the end.
    void specialTokensInDataAreText()
    {
        const auto tokenizer = llama3();
        const TokenizedRow pair = tokenizePair(
            textPair("a<|eot_id|>b", "x<|end_of_text|>y", "z<|end_of_text|>"), DatasetKind::Pairs, tokenizer.get());
        const TokenId eot = *tokenizer->idOf("<|eot_id|>");
        QCOMPARE(std::count(pair.prompt.begin(), pair.prompt.end(), eot), 0);
        for (const TokenIds& response : {pair.chosen, pair.rejected})
            QCOMPARE(std::count(response.begin(), response.end(), *tokenizer->eos), 1);
    }

    void truncation()
    {
        const std::vector<TokenizedRow> rows {
            {{1, 2}, {3, 4}, {5}}, {{1, 2}, {3}, {4, 5, 6, 7}}, {{1, 2, 3, 4}, {5}, {6}}, {{1}, {2}, {}}};
        const auto limited = [&](std::int64_t length, Truncation truncation) {
            TokenizeReport report;
            RowLimiter limiter(report, DatasetKind::Pairs, length, truncation);
            for (std::size_t i = 0; i < rows.size(); ++i)
                limiter.add(TokenizedRow(rows[i]), std::int64_t(i), true);
            return report;
        };
        const auto ids = [](std::span<const TokenId> view) { return TokenIds(view.begin(), view.end()); };
        // TRL's DPO: cut at the end (EOS may be lost); a prompt that fills max_length is dropped.
        const TokenizeReport cut = limited(4, Truncation::CutEnd);
        QCOMPARE(cut.pairs.size(), std::size_t(2));
        QCOMPARE(cut.cut, 1);
        QCOMPARE(cut.droppedLong, 1);
        QCOMPARE(cut.droppedEmpty, 1);
        QCOMPARE(cut.pairs[1].index, 1);
        QCOMPARE(ids(cut.pairs[1].chosen), (TokenIds {3}));
        QCOMPARE(ids(cut.pairs[1].rejected), (TokenIds {4, 5}));
        // TRL's reward model: either side too long, and the pair goes; exactly max_length stays.
        const TokenizeReport dropped = limited(4, Truncation::DropLong);
        QCOMPARE(dropped.pairs.size(), std::size_t(1));
        QCOMPARE(dropped.pairs[0].index, 0);
        QCOMPARE(dropped.droppedLong, 2);
        QCOMPARE(dropped.cut, 0);
        QCOMPARE(limited(0, Truncation::CutEnd).pairs.size(), std::size_t(3));
    }
};

QTEST_GUILESS_MAIN(TestTokenizerParity)
#include "tst_tokenizer_parity.moc"

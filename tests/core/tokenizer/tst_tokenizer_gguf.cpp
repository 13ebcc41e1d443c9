// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/file.h"
#include "core/tokenizer/tokenizer_gguf.h"
#include "tests/common/gguf_bytes.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

using namespace mpo;
namespace fs = std::filesystem;

/// Files that llama.cpp's converter made: tests/fixtures/gguf/make_gguf_tokenizer_fixture.py.
class TestTokenizerGguf : public QObject
{
    Q_OBJECT
    Json m_golden;
    QTemporaryDir m_folder;

    static fs::path fixture(const std::string& name) { return fs::path(MPO_FIXTURES) / "gguf" / name; }

    std::string refusal(const GgufBytes& made) const
    {
        const fs::path path = fs::path(m_folder.path().toStdString()) / "made.gguf";
        writeFileAtomically(path, made.bytes());
        return messageOf([&] { Tokenizer::load(path); });
    }

private Q_SLOTS:
    void initTestCase() { m_golden = readJsonFile(fixture("tokenizers.json")); }

    void idsEqualTheOriginal_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const auto& [name, rows] : m_golden.items())
            if (name != "versions")
                QTest::newRow(name.c_str()) << QByteArray::fromStdString(name);
        QVERIFY(m_golden.size() == 13);
    }
    void idsEqualTheOriginal()
    {
        QFETCH(QByteArray, name);
        const auto read = Tokenizer::load(fixture(name.toStdString() + ".gguf"));
        // What is written beside models has to say the same.
        const fs::path folder = fs::path(m_folder.path().toStdString()) / name.toStdString();
        QCOMPARE(read->files.size(), std::size_t(2));
        for (const auto& [file, content] : read->files)
            writeFileAtomically(folder / file, content);
        const auto again = Tokenizer::load(folder);

        const Json& rows = m_golden[name.toStdString()];
        QVERIFY(rows.size() >= 60);
        for (const Json& row : rows) {
            const auto text = row[0].get<std::string>();
            const auto ids = row[1].get<TokenIds>();
            QVERIFY2(read->encodeWithTemplate(text) == ids, text.c_str());
            QVERIFY2(again->encodeWithTemplate(text) == ids, text.c_str());
            QCOMPARE(QString::fromStdString(read->decode(read->encode(text))),
                QString::fromStdString(row[2].get<std::string>()));
        }
        for (const auto& tokenizer : {read, again}) {
            QVERIFY(tokenizer->bos && tokenizer->eos);
            QCOMPARE(tokenizer->idOf(tokenizer->eosText), tokenizer->eos);
        }
        QCOMPARE(again->bos, read->bos);
        QCOMPARE(again->eos, read->eos);
        QCOMPARE(again->pad, read->pad);
        QCOMPARE(again->chatTemplate, read->chatTemplate);
        if (name.startsWith("byte"))
            QCOMPARE(read->chatTemplate, std::string("{{ messages[0]['content'] }}"));
    }

    /// A user cannot write a special token, neither whole nor in pieces that merge.
    void specialTokensOfUsersStayText()
    {
        for (const char* name : {"piece_llama.gguf", "piece_gemma2.gguf", "byte_llama-bpe.gguf"}) {
            const auto tokenizer = Tokenizer::load(fixture(name));
            const TokenIds ids = tokenizer->encode("a " + tokenizer->eosText + " b", Tokenizer::SpecialInText::No);
            QVERIFY2(std::find(ids.begin(), ids.end(), *tokenizer->eos) == ids.end(), name);
        }
    }

    void fileWithoutTokenizerIsSaid()
    {
        QVERIFY(!loadGgufTokenizer(GgufFile(fixture("llama.gguf"))));
        QVERIFY(messageOf([&] { Tokenizer::load(fixture("llama.gguf")); }).find("llama.gguf: there is no tokenizer")
            != std::string::npos);
    }

    void whatIsWrongIsNamed()
    {
        const auto start = [](const char* model) {
            GgufBytes made;
            made.key("tokenizer.ggml.model", model);
            return made;
        };
        const std::vector<std::string> tokens {"a", "b", "ab"};
        const auto says = [](const std::string& message, const char* part) {
            return message.find("made.gguf") != std::string::npos && message.find(part) != std::string::npos;
        };
        QVERIFY(says(refusal(start("bert")), "the tokenizer \"bert\" is not supported"));
        QVERIFY(says(refusal(start("gpt2")), "\"tokenizer.ggml.tokens\" is missing"));
        QVERIFY(
            says(refusal(start("gpt2").key("tokenizer.ggml.tokens", tokens)), "\"tokenizer.ggml.merges\" is missing"));
        QVERIFY(says(refusal(start("gpt2").key("tokenizer.ggml.tokens", tokens).key("tokenizer.ggml.pre", "odd")),
            "the pre-tokenizer \"odd\" is not supported; there are default, gpt-2"));
        QVERIFY(says(refusal(start("gpt2")
                                 .key("tokenizer.ggml.tokens", tokens)
                                 .key("tokenizer.ggml.merges", std::vector<std::string> {"ab"})),
            "the merge \"ab\" is not two tokens"));
        QVERIFY(says(
            refusal(start("llama").key("tokenizer.ggml.tokens", tokens).keys<float>("tokenizer.ggml.scores", 6, {0})),
            "has 1 elements for 3 tokens"));
        QVERIFY(says(refusal(start("llama")
                                 .key("tokenizer.ggml.tokens", tokens)
                                 .keys<std::int32_t>("tokenizer.ggml.token_type", 5, {1})),
            "has 1 elements for 3 tokens"));
        QVERIFY(says(refusal(start("llama").key("tokenizer.ggml.tokens", std::vector<std::string> {"\xff"})),
            "the token with the id 0 is not valid UTF-8"));
    }
};

QTEST_GUILESS_MAIN(TestTokenizerGguf)
#include "tst_tokenizer_gguf.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/json.h"
#include "core/tokenizer/tokenizer.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

/// Every kind of fixtures/tokenizer/kinds gives the ids and texts of the package tokenizers, every SentencePiece model
/// those of SentencePiece; and the older form with vocab.json gives what tokenizer.json gives.
class TestTokenizerKinds : public QObject
{
    Q_OBJECT

    const fs::path m_fixtures = fs::path(MPO_FIXTURES) / "tokenizer";
    QTemporaryDir m_folder;

    fs::path folder() const { return m_folder.path().toStdString(); }

    void clear() const
    {
        for (const auto& entry : fs::directory_iterator(folder()))
            fs::remove(entry.path());
    }

    Json kind(const std::string& name) const { return readJsonFile(m_fixtures / "kinds" / (name + ".json")); }

    std::shared_ptr<const Tokenizer> loaded(const std::string& name) const
    {
        clear();
        writeJsonFile(folder() / "tokenizer.json", kind(name)["tokenizer"]);
        return Tokenizer::load(folder());
    }

    static void compare(const Tokenizer& tokenizer, const Json& rows)
    {
        QVERIFY(rows.size() > 100);
        for (const Json& row : rows) {
            const auto text = row["text"].get<std::string>();
            const auto ids = row["ids"].get<TokenIds>();
            const auto plain = row.contains("plain") ? row["plain"].get<TokenIds>() : ids;
            const auto keep = row.contains("keep") ? row["keep"].get<std::string>() : text;
            const auto skip = row.contains("skip") ? row["skip"].get<std::string>() : keep;
            const std::string shown = row["text"].dump(-1, ' ', true);
            QVERIFY2(tokenizer.encodeWithTemplate(text, Tokenizer::SpecialInText::Yes) == ids, shown.c_str());
            QVERIFY2(tokenizer.encode(text, Tokenizer::SpecialInText::No) == plain, shown.c_str());
            QVERIFY2(tokenizer.decode(ids, Tokenizer::SpecialTokens::Keep) == keep, shown.c_str());
            QVERIFY2(tokenizer.decode(ids, Tokenizer::SpecialTokens::Skip) == skip, shown.c_str());
        }
    }

    static TokenIds ofParts(const Tokenizer& tokenizer, std::vector<Tokenizer::TextPart> parts)
    {
        return tokenizer.encodeParts(parts);
    }

private Q_SLOTS:
    void equalsThePackage_data()
    {
        QTest::addColumn<QString>("name");
        int count = 0;
        for (const auto& entry : fs::directory_iterator(m_fixtures / "kinds")) {
            const std::string name = entry.path().stem().string();
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
            ++count;
        }
        QCOMPARE(count, 23);
    }

    void equalsThePackage()
    {
        QFETCH(QString, name);
        compare(*loaded(name.toStdString()), kind(name.toStdString())["rows"]);
    }

    void equalsSentencePiece_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"llama", "defined", "strict"})
            QTest::newRow(name) << name;
    }

    void equalsSentencePiece()
    {
        QFETCH(QString, name);
        const std::string stem = name.toStdString();
        clear();
        fs::copy_file(m_fixtures / "sentencepiece" / (stem + ".model"), folder() / "tokenizer.model");
        const auto tokenizer = Tokenizer::load(folder());
        const Json rows = readJsonFile(m_fixtures / "sentencepiece" / (stem + ".json"))["rows"];
        QVERIFY(rows.size() > 100);
        for (const Json& row : rows) {
            const auto ids = row["ids"].get<TokenIds>();
            const std::string shown = row["text"].dump(-1, ' ', true);
            QVERIFY2(
                tokenizer->encode(row["text"].get<std::string>(), Tokenizer::SpecialInText::No) == ids, shown.c_str());
            if (row.contains("decoded"))
                QVERIFY2(tokenizer->decode(ids, Tokenizer::SpecialTokens::Skip) == row["decoded"].get<std::string>(),
                    shown.c_str());
        }
        // Its BOS goes in front where the pair is encoded as a whole, and never comes from a text.
        QCOMPARE(tokenizer->encodeWithTemplate("a").front(), *tokenizer->idOf("<s>"));
        const TokenIds text = tokenizer->encode("<s>", Tokenizer::SpecialInText::No);
        QCOMPARE(std::count(text.begin(), text.end(), *tokenizer->idOf("<s>")), 0);
    }

    void vocabAndMerges_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("type");
        QTest::addColumn<QString>("older"); ///< form of the list of added tokens
        QTest::newRow("Qwen 2") << "qwen2"
                                << "Qwen2Tokenizer"
                                << "";
        QTest::newRow("Qwen 2, older list") << "qwen2"
                                            << "Qwen2TokenizerFast"
                                            << "older";
    }

    void vocabAndMerges()
    {
        QFETCH(QString, name);
        QFETCH(QString, type);
        QFETCH(QString, older);
        const Json given = kind(name.toStdString());
        const Json &json = given["tokenizer"], &model = json["model"];
        clear();
        writeJsonFile(folder() / "vocab.json", model["vocab"]);
        std::ofstream merges(folder() / "merges.txt", std::ios::binary);
        merges << "#version: 0.2\r\n";
        for (const Json& merge : model["merges"])
            merges << merge[0].get<std::string>() << ' ' << merge[1].get<std::string>() << "\r\n";
        merges.close();
        Json config {{"tokenizer_class", type.toStdString()}, {"eos_token", "<|im_end|>"}};
        Json numbered, special = Json::array();
        for (Json token : json["added_tokens"]) {
            if (older.isEmpty()) {
                config["added_tokens_decoder"][std::to_string(token["id"].get<int>())] = token;
            } else {
                numbered[token["content"].get<std::string>()] = token["id"];
                if (token["special"].get<bool>())
                    special.push_back(token["content"]);
            }
        }
        writeJsonFile(folder() / "tokenizer_config.json", config);
        if (!older.isEmpty()) {
            writeJsonFile(folder() / "added_tokens.json", numbered);
            writeJsonFile(folder() / "special_tokens_map.json", Json {{"additional_special_tokens", special}});
        }
        const auto tokenizer = Tokenizer::load(folder());
        QCOMPARE(*tokenizer->eos, *tokenizer->idOf("<|im_end|>"));
        compare(*tokenizer, given["rows"]);
    }

    /// OPT's form: GPT-2's files with a BOS in front.
    void bosInFrontOfVocabAndMerges()
    {
        clear();
        const Json given = kind("smollm");
        writeJsonFile(folder() / "vocab.json", given["tokenizer"]["model"]["vocab"]);
        std::ofstream(folder() / "merges.txt") << "#version: 0.2\n";
        writeJsonFile(folder() / "added_tokens.json", Json {{"</s>", 5000}});
        writeJsonFile(folder() / "tokenizer_config.json",
            Json {{"tokenizer_class", "GPT2Tokenizer"}, {"add_bos_token", true}, {"bos_token", {{"content", "</s>"}}},
                {"add_prefix_space", true}});
        const auto tokenizer = Tokenizer::load(folder());
        QCOMPARE(tokenizer->encodeWithTemplate("ab").front(), 5000);
        QCOMPARE(tokenizer->encode("ab"), tokenizer->encode(" ab"));
        QCOMPARE(tokenizer->vocabularySize(), 5001);
    }

    /// Special tokens that are looked for in normalised text: what is ours stays ours through the normaliser.
    void normalizedSpecialTokensOfUsersStayText()
    {
        for (const char* name : {"llama1", "metaspace_first_split", "lower"}) {
            const auto tokenizer = loaded(name);
            const std::string special = std::string(name) == "lower" ? "<|Norm|>" : "</s>";
            const TokenId id = *tokenizer->idOf(special);
            const auto count = [&](std::vector<Tokenizer::TextPart> parts) {
                const TokenIds ids = ofParts(*tokenizer, std::move(parts));
                return std::count(ids.begin(), ids.end(), id);
            };
            const std::string begin = special.substr(0, 3), end = special.substr(3);
            QCOMPARE(count({{special, true}}), 1);
            QCOMPARE(count({{"a " + special + " b", true}, {" " + special, false}}), 1);
            // A mark of the user's could become part of the token's last letter where there are normal forms.
            QCOMPARE(count({{"\u6F22e\u0301", false}, {" " + special, true}, {"\u0301\u6F22", false}}),
                std::ptrdiff_t(std::string(name) != "lower"));
            QCOMPARE(count({{"\u6F22e\u0301", false}, {" " + special, true}, {"\u6F22", false}}), 1);
            QCOMPARE(count({{begin, true}, {end, false}}), 0);
            QCOMPARE(count({{begin, false}, {end, true}}), 0);
            QCOMPARE(count({{begin, true}, {end, true}, {special, false}}), 1);
            QCOMPARE(ofParts(*tokenizer, {{"some text ", false}, {"\u6F22 of users", false}}),
                tokenizer->encode("some text \u6F22 of users", Tokenizer::SpecialInText::No));
        }
    }

    /// A whole text as one piece: a megabyte takes n log n, and is decoded to itself.
    void longTexts()
    {
        for (const char* name : {"llama2", "gemma", "mistral", "qwen2", "lower"}) {
            const auto tokenizer = loaded(name);
            for (const std::string part : {"a", " ", "program ", "\u6F22", "e\u0301", "\n"}) {
                std::string text = "x";
                while (text.size() < 1'000'000)
                    text += part;
                text += "x";
                const std::string decoded = tokenizer->decode(tokenizer->encode(text));
                if (std::string(name) != "lower" && !(std::string(name) == "qwen2" && part == "e\u0301"))
                    QVERIFY2(decoded == text, name);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestTokenizerKinds)
#include "tst_tokenizer_kinds.moc"

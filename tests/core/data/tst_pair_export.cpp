// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_importer.h"
#include "core/data/pair_export.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

class TestPairExport : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    fs::path exported(const std::string& name, ExportFormat format, const Dataset& data, std::uint64_t seed = 0) const
    {
        PairExport out(path(name), format, data.kind, seed);
        for (const PreferencePair& pair : data.pairs)
            out.add(pair);
        out.finish();
        return path(name);
    }

    /// Plain texts as HH-RLHF has them, with what a table or JSON might stumble over.
    static Dataset texts()
    {
        Dataset data {"texts", DatasetKind::Pairs, {}};
        for (const char* odd : {"plain", " a,b;\"c\"", "two\nlines\r\n", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                 "trailing ", "tab\t", "'"}) {
            PreferencePair& pair = data.pairs.emplace_back();
            pair.prompt = std::string("\n\nHuman: ") + odd + "\n\nAssistant: yes\n\nHuman: and?\n\nAssistant:";
            pair.chosen = std::string(" ") + odd;
            pair.rejected = " no";
        }
        data.pairs[1].margin = 0.1;
        data.pairs[2].confidence = 7;
        return data;
    }

    static Dataset dialogues()
    {
        Dataset data {"talk", DatasetKind::Pairs, {}};
        for (int i = 0; i < 40; ++i) {
            PreferencePair& pair = data.pairs.emplace_back();
            pair.turns = {{"system", "S"}, {"user", "Q" + std::to_string(i)}, {"assistant", "A\n\"x\""},
                {"user", "more, please"}};
            pair.prompt = "\n\nSystem: S\n\nHuman: Q" + std::to_string(i)
                + "\n\nAssistant: A\n\"x\"\n\nHuman: more, please\n\nAssistant:";
            pair.chosen = "good";
            pair.rejected = "bad";
        }
        return data;
    }

private Q_SLOTS:
    /// The digest covers every text, turn, margin and confidence.
    void roundTrips_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<int>("format");
        QTest::addColumn<bool>("talk");
        QTest::newRow("trl texts") << QByteArray("a.jsonl") << int(ExportFormat::Trl) << false;
        QTest::newRow("trl texts, gzip") << QByteArray("a.jsonl.gz") << int(ExportFormat::Trl) << false;
        QTest::newRow("trl texts, csv") << QByteArray("a.csv") << int(ExportFormat::Trl) << false;
        QTest::newRow("trl dialogues") << QByteArray("b.jsonl") << int(ExportFormat::Trl) << true;
        QTest::newRow("trl dialogues, csv") << QByteArray("b.csv") << int(ExportFormat::Trl) << true;
        QTest::newRow("messages") << QByteArray("c.jsonl") << int(ExportFormat::TrlMessages) << true;
        QTest::newRow("hh") << QByteArray("d.jsonl") << int(ExportFormat::Hh) << false;
        QTest::newRow("hh, csv") << QByteArray("d.csv") << int(ExportFormat::Hh) << false;
        QTest::newRow("arena") << QByteArray("e.jsonl") << int(ExportFormat::Arena) << true;
        QTest::newRow("arena, csv") << QByteArray("e.csv") << int(ExportFormat::Arena) << true;
    }
    void roundTrips()
    {
        QFETCH(QByteArray, name);
        QFETCH(int, format);
        QFETCH(bool, talk);
        const Dataset data = talk ? dialogues() : texts();
        const auto result = importDataset(exported(name.toStdString(), ExportFormat(format), data));
        QCOMPARE(result.report.leftOut(), 0);
        QCOMPARE(result.dataset.pairs.size(), data.pairs.size());
        for (std::size_t i = 0; i < data.pairs.size(); ++i) {
            QCOMPARE(result.dataset.pairs[i].prompt, data.pairs[i].prompt);
            QCOMPARE(result.dataset.pairs[i].chosen, data.pairs[i].chosen);
        }
        QCOMPARE(result.dataset.digest(), data.digest());
        QVERIFY(!fs::exists(path(name.toStdString() + ".part")));
    }

    void otherKindsOfRows()
    {
        Dataset data {"sft", DatasetKind::Completions, dialogues().pairs};
        for (PreferencePair& row : data.pairs)
            row.rejected.clear();
        QCOMPARE(importDataset(exported("sft.jsonl", ExportFormat::Trl, data)).dataset.digest(), data.digest());
        data = {"prompts", DatasetKind::Prompts, {}};
        data.pairs.emplace_back().prompt = "P";
        QCOMPARE(importDataset(exported("p.jsonl", ExportFormat::Trl, data)).dataset.digest(), data.digest());
        data = {"ids", DatasetKind::Pairs, {}};
        data.pairs.emplace_back().promptIds = {1, 2};
        data.pairs[0].chosenIds = {3};
        data.pairs[0].rejectedIds = {4, 5};
        QCOMPARE(importDataset(exported("ids.jsonl", ExportFormat::Trl, data)).dataset.digest(), data.digest());
        QVERIFY(messageOf([&] { exported("ids.csv", ExportFormat::Trl, data); }).find("row 1 holds token ids")
            != std::string::npos);
        QVERIFY(!fs::exists(path("ids.csv")) && !fs::exists(path("ids.csv.part")));
    }

    /// Texts in the style of HH-RLHF become turns, others one question.
    void textsAsMessages()
    {
        Dataset data = texts();
        data.pairs.emplace_back().prompt = "no marker";
        data.pairs.back().chosen = " x";
        data.pairs.back().rejected = "y";
        const auto result = importDataset(exported("m.jsonl", ExportFormat::TrlMessages, data));
        const auto& pairs = result.dataset.pairs;
        QVERIFY((
            pairs.at(0).turns == std::vector<ChatMessage> {{"user", "plain"}, {"assistant", "yes"}, {"user", "and?"}}));
        QCOMPARE(pairs[0].prompt, data.pairs[0].prompt);
        QCOMPARE(pairs[0].chosen, std::string("plain"));
        QVERIFY((pairs.back().turns == std::vector<ChatMessage> {{"user", "no marker"}}));
        QCOMPARE(pairs.back().chosen, std::string("x"));
        QVERIFY(messageOf([&] { exported("hh.jsonl", ExportFormat::Hh, data); }).find("prompt of row 8")
            != std::string::npos);
    }

    void turnsInsideAResponse()
    {
        const auto turns = turnsOfResponse("Red.\n\nHuman: why?\n\nAssistant: Light\n\nscatters.");
        QVERIFY((turns
            == std::vector<ChatMessage> {
                {"assistant", "Red."}, {"user", "why?"}, {"assistant", "Light\n\nscatters."}}));
        for (const std::string& one : {std::string("Human: is a word"), std::string()})
            QVERIFY((turnsOfResponse(one) == std::vector<ChatMessage> {{"assistant", one}}));
    }

    void promptsInALine()
    {
        QCOMPARE(promptLine("\n\nHuman: Why? \n\nAssistant:"), std::string("Why?"));
        QCOMPARE(promptLine("\n\nHuman: Why?\n\nAssistant: So.\n\nHuman: And?\n\nAssistant:"),
            std::string("Human: Why?\n\nAssistant: So.\n\nHuman: And?"));
        QCOMPARE(promptLine(" TL;DR: Human: x\n"), std::string("TL;DR: Human: x"));
    }

    /// The seed alone decides on the sides, and both come up.
    void battlesAreDrawnBySeed()
    {
        const Dataset data = dialogues();
        const auto read = [](const fs::path& file) {
            std::ifstream in(file);
            return std::string((std::istreambuf_iterator<char>(in)), {});
        };
        const std::string one = read(exported("1.jsonl", ExportFormat::Arena, data, 7));
        QVERIFY(one == read(exported("2.jsonl", ExportFormat::Arena, data, 7)));
        QVERIFY(one != read(exported("3.jsonl", ExportFormat::Arena, data, 8)));
        QVERIFY(one.find("\"winner\":\"model_a\"") != std::string::npos
            && one.find("\"winner\":\"model_b\"") != std::string::npos);
        QVERIFY(one.find("\"turn\":2") != std::string::npos);
    }

    void wrongNames()
    {
        QVERIFY(messageOf([&] { PairExport(path("x.parquet"), ExportFormat::Trl, DatasetKind::Pairs); }).find("ending")
            != std::string::npos);
        QVERIFY(messageOf([&] {
            PairExport(path("x.jsonl"), ExportFormat::Arena, DatasetKind::Prompts);
        }).find("only pairs")
            != std::string::npos);
        QVERIFY(messageOf([] { exportFormatFromName("xml"); }).find("trl, trl-messages, hh and arena")
            != std::string::npos);
        QVERIFY(messageOf([&] {
            PairExport(path("no/x.jsonl"), ExportFormat::Trl, DatasetKind::Pairs);
        }).find("cannot be written")
            != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestPairExport)
#include "tst_pair_export.moc"

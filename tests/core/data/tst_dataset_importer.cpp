// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_importer.h"
#include "core/data/formats/dataset_format.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <zlib.h>

using namespace mpo;
namespace fs = std::filesystem;

class TestDatasetImporter : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path write(const char* name, const std::string& content)
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / name;
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

    static fs::path shared(const char* name)
    {
        const char* given = std::getenv("MPO_SHARED_DATA");
        return (given ? fs::path(given) : fs::path(MPO_FIXTURES) / "../../../shared/data") / name;
    }

private Q_SLOTS:
    void badLinesAreReportedAndGoodOnesComeIn()
    {
        const auto result = importDataset(write("a.jsonl",
            "\xef\xbb\xbf{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\r\n"
            "\n"
            "{not json}\n"
            "{\"prompt\":\"p\",\"chosen\":\"a\"}\n"
            "{\"prompt\":\"p\",\"chosen\":\"same\",\"rejected\":\"same\"}\n"
            "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\" \"}\n"
            "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n"
            "[1, 2]\n"
            "{\"prompt\":\"q\",\"chosen\":\"a\",\"chosen\":\"x\",\"rejected\":\"b\"}\n"
            "{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}"));
        QCOMPARE(result.report.imported, 2);
        QCOMPARE(result.report.malformed, 4);
        QCOMPARE(result.report.identicalResponses, 1);
        QCOMPARE(result.report.emptyAnswers, 1);
        QCOMPARE(result.report.duplicates, 1);
        QCOMPARE(result.report.records, 9);
        QCOMPARE(result.report.issues.front().line, 3);
        QCOMPARE(result.dataset.pairs.back().line, 10);
        QCOMPARE(result.dataset.name, std::string("a"));
    }

    void formats_data()
    {
        QTest::addColumn<QByteArray>("record");
        QTest::addColumn<QByteArray>("format");
        QTest::addColumn<QByteArray>("prompt");
        QTest::addColumn<QByteArray>("chosen");
        QTest::newRow("hh") << QByteArray(R"({"chosen":"\n\nHuman: Q\n\nAssistant: A","rejected":"\n\nHuman: Q\n\nAssistant: B\n\nHuman: R\n\nAssistant: C"})")
                            << QByteArray("hh-dialogue") << QByteArray("\n\nHuman: Q\n\nAssistant:") << QByteArray(" A");
        QTest::newRow("messages") << QByteArray(R"({"chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}]})")
                                  << QByteArray("messages") << QByteArray("\n\nHuman: Q\n\nAssistant:") << QByteArray(" A");
        QTest::newRow("messages with prompt") << QByteArray(R"({"prompt":[{"role":"system","content":"S"},{"role":"user","content":"Q"}],"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"role":"assistant","content":"B"}]})")
                                              << QByteArray("messages") << QByteArray("\n\nSystem: S\n\nHuman: Q\n\nAssistant:") << QByteArray(" A");
        QTest::newRow("instruction") << QByteArray(R"({"instruction":"I","input":"X","output":"","chosen":"A","rejected":"B"})")
                                     << QByteArray("instruction-pairs") << QByteArray("\n\nHuman: I\n\nX\n\nAssistant:") << QByteArray(" A");
        QTest::newRow("sharegpt") << QByteArray(R"({"conversations":[{"from":"human","value":"Q"}],"chosen":{"from":"gpt","value":"A"},"rejected":{"from":"gpt","value":"B"}})")
                                  << QByteArray("sharegpt-pairs") << QByteArray("\n\nHuman: Q\n\nAssistant:") << QByteArray(" A");
        QTest::newRow("completion") << QByteArray(R"({"prompt":"P","completion":"C"})") << QByteArray("prompt-completion") << QByteArray("P") << QByteArray("C");
        QTest::newRow("prompt") << QByteArray(R"({"prompt":"P"})") << QByteArray("prompts") << QByteArray("P") << QByteArray("");
        QTest::newRow("ids") << QByteArray(R"({"prompt_ids":[1],"chosen_ids":[2],"rejected_ids":[3]})") << QByteArray("token-ids") << QByteArray("") << QByteArray("");
    }
    void formats()
    {
        QFETCH(QByteArray, record);
        QFETCH(QByteArray, format);
        QFETCH(QByteArray, prompt);
        QFETCH(QByteArray, chosen);
        const auto result = importDataset(write("f.json", "[\n" + record.toStdString() + "\n]"));
        QCOMPARE(result.report.format, format.toStdString());
        QCOMPARE(result.dataset.pairs.at(0).prompt, prompt.toStdString());
        QCOMPARE(result.dataset.pairs.at(0).chosen, chosen.toStdString());
    }

    void unusableFilesEndWithOneSentence_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("empty") << QByteArray("") << QByteArray("empty");
        QTest::newRow("other keys") << QByteArray("{\"foo\":1}\n") << QByteArray("foo");
        QTest::newRow("only bad lines") << QByteArray("{\"prompt\":1,\"chosen\":\"a\",\"rejected\":\"b\"}\nnonsense\n") << QByteArray(".jsonl");
    }
    void unusableFilesEndWithOneSentence()
    {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, says);
        try {
            importDataset(write("bad.jsonl", content.toStdString()));
            QFAIL("it was imported");
        } catch (const std::exception& error) {
            QVERIFY2(QByteArray(error.what()).contains(says) && QByteArray(error.what()).contains("bad.jsonl"), error.what());
        }
    }

    void gzipAndColumns()
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / "z.jsonl.gz";
        const std::string text = "{\"question\":\"Q\",\"good\":\"A\",\"bad\":\"B\"}\n";
        gzFile out = gzopen(file.c_str(), "wb");
        gzwrite(out, text.data(), unsigned(text.size()));
        gzclose(out);
        ImportOptions options;
        options.columns = {{"prompt", "question"}, {"chosen", "good"}, {"rejected", "bad"}};
        const auto result = importDataset(file, options);
        QCOMPARE(result.dataset.name, std::string("z"));
        QCOMPARE(result.dataset.pairs.at(0).rejected, std::string("B"));
    }

    /// Counts stand in the description of the data: 4,000 records, one identical pair (line 2673), two empty answers.
    void realHelpfulPairs()
    {
        if (!fs::exists(shared("hh-helpful/train_gt.jsonl")))
            QSKIP("the shared data are not here");
        const auto result = importDataset(shared("hh-helpful/train_gt.jsonl"));
        QCOMPARE(result.report.records, 4000);
        QCOMPARE(result.report.identicalResponses, 1);
        QCOMPARE(result.report.emptyAnswers, 2);
        QCOMPARE(result.report.malformed, 0);
        QCOMPARE(result.report.imported, 3997);
        std::vector<std::int64_t> lines;
        for (const ImportIssue& issue : result.report.issues)
            lines.push_back(issue.line);
        QCOMPARE(lines, (std::vector<std::int64_t> {1952, 2673, 2674}));
    }

    void realInstructionAndSharegptPairs()
    {
        if (!fs::exists(shared("sharegpt-pairs/dpo_en_demo.json")))
            QSKIP("the shared data are not here");
        QCOMPARE(importDataset(shared("sharegpt-pairs/dpo_en_demo.json")).report.records, 300);
        const auto result = importDataset(shared("instruction-pairs/instruction-data-with-preference.json"));
        QCOMPARE(result.report.records, 1100);
        QCOMPARE(result.report.identicalResponses, 6);
    }
};

QTEST_GUILESS_MAIN(TestDatasetImporter)
#include "tst_dataset_importer.moc"

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
        QTest::newRow("hh") << QByteArray(
            R"({"chosen":"\n\nHuman: Q\n\nAssistant: A","rejected":"\n\nHuman: Q\n\nAssistant: B\n\nHuman: R\n\nAssistant: C"})")
                            << QByteArray("hh-dialogue") << QByteArray("\n\nHuman: Q\n\nAssistant:")
                            << QByteArray(" A");
        QTest::newRow("messages") << QByteArray(
            R"({"chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}]})")
                                  << QByteArray("messages") << QByteArray("\n\nHuman: Q\n\nAssistant:")
                                  << QByteArray("A");
        QTest::newRow("messages with prompt") << QByteArray(
            R"({"prompt":[{"role":"system","content":"S"},{"role":"user","content":"Q"}],"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"role":"assistant","content":"B"}]})")
                                              << QByteArray("messages")
                                              << QByteArray("\n\nSystem: S\n\nHuman: Q\n\nAssistant:")
                                              << QByteArray("A");
        QTest::newRow("instruction") << QByteArray(
            R"({"instruction":"I","input":"X","output":"","chosen":"A","rejected":"B"})")
                                     << QByteArray("instruction-pairs") << QByteArray("\n\nHuman: I\n\nX\n\nAssistant:")
                                     << QByteArray("A");
        QTest::newRow("sharegpt") << QByteArray(
            R"({"conversations":[{"from":"human","value":"Q"}],"chosen":{"from":"gpt","value":"A"},"rejected":{"from":"gpt","value":"B"}})")
                                  << QByteArray("sharegpt-pairs") << QByteArray("\n\nHuman: Q\n\nAssistant:")
                                  << QByteArray("A");
        QTest::newRow("completion") << QByteArray(R"({"prompt":"P","completion":"C"})")
                                    << QByteArray("prompt-completion") << QByteArray("P") << QByteArray("C");
        QTest::newRow("prompt") << QByteArray(R"({"prompt":"P"})") << QByteArray("prompts") << QByteArray("P")
                                << QByteArray("");
        QTest::newRow("ids") << QByteArray(R"({"prompt_ids":[1],"chosen_ids":[2],"rejected_ids":[3]})")
                             << QByteArray("token-ids") << QByteArray("") << QByteArray("");
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
        const PreferencePair& pair = result.dataset.pairs.at(0);
        QCOMPARE(pair.chosen, chosen.toStdString());
        // The same dialogue twice: as messages and as text.
        std::string text;
        for (const ChatMessage& turn : pair.turns)
            text += (turn.role == "user" ? "\n\nHuman: " : "\n\nSystem: ") + turn.content;
        QVERIFY(pair.turns.empty() || text + "\n\nAssistant:" == pair.prompt);
        QCOMPARE(pair.turns.empty(),
            format == "hh-dialogue" || format == "prompt-completion" || format == "prompts" || format == "token-ids");
    }

    void contentMayBeInParts()
    {
        const auto result = importDataset(write("parts.jsonl",
            R"({"prompt":[{"role":"human","content":[{"type":"text","text":"Q"},{"type":"text","value":"R"}]}],"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"role":"assistant","content":[{"type":"text","text":"B"}]}]})"
            "\n"
            R"({"prompt":[{"role":"user","content":[{"type":"image","url":"x"}]}],"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"role":"assistant","content":"B"}]})"));
        QCOMPARE(result.report.imported, 1);
        const PreferencePair& pair = result.dataset.pairs.at(0);
        QVERIFY((pair.turns == std::vector<ChatMessage> {{"user", "QR"}}));
        QCOMPARE(pair.rejected, std::string("B"));
        QVERIFY(result.report.issues.at(0).reason.find("no role or no text") != std::string::npos);
    }

    void unusableFilesEndWithOneSentence_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("empty") << QByteArray("") << QByteArray("empty");
        QTest::newRow("other keys") << QByteArray("{\"foo\":1}\n") << QByteArray("foo");
        QTest::newRow("one bad line") << QByteArray("{\"prompt\":\"p\",\"chosen\":1,\"rejected\":\"b\"}\n")
                                      << QByteArray("line 1: field \"chosen\" is not text");
        QTest::newRow("only bad lines") << QByteArray("{\"prompt\":1,\"chosen\":\"a\",\"rejected\":\"b\"}\nnonsense\n")
                                        << QByteArray(".jsonl");
    }
    void unusableFilesEndWithOneSentence()
    {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, says);
        try {
            importDataset(write("bad.jsonl", content.toStdString()));
            QFAIL("it was imported");
        } catch (const std::exception& error) {
            QVERIFY2(QByteArray(error.what()).contains(says) && QByteArray(error.what()).contains("bad.jsonl"),
                error.what());
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

    /// A record of an array that is no JSON costs that record only.
    void badItemsOfAnArrayAreReported()
    {
        const std::string good = "{\"prompt\":\"p\",\"chosen\":\"a, ]}\\\"\",\"rejected\":\"";
        const auto result = importDataset(write("a.json",
            "\xef\xbb\xbf [\r\n" + good + "1\"},\n" + good + "2\" nope},{\"prompt\":\"p\",\"prompt\":\"q\"},\n 7, , "
                + good + "3\"}," + std::string(100, '[') + std::string(100, ']') + "]\n"));
        QCOMPARE(result.report.imported, 2);
        QCOMPARE(result.report.records, 7);
        QCOMPARE(result.report.malformed, 5);
        std::vector<std::int64_t> numbers;
        for (const ImportIssue& issue : result.report.issues)
            numbers.push_back(issue.line);
        QCOMPARE(numbers, (std::vector<std::int64_t> {2, 3, 4, 5, 7}));
        QCOMPARE(result.dataset.pairs.back().line, 6);
        QCOMPARE(result.dataset.pairs.front().chosen, std::string("a, ]}\""));
    }

    void aCutArrayAndTextBehindItAreReported()
    {
        const std::string record = R"({"prompt":"p","completion":"c"})", other = R"({"prompt":"p","completion":"d"})";
        for (const std::string& content :
            {"[" + record + "," + other, "[" + record + "," + other + ",", "[" + record + "," + other + "] x"}) {
            const auto report = importDataset(write("cut.json", content)).report;
            QCOMPARE(report.imported, 2);
            QCOMPARE(report.malformed, 1);
        }
        QCOMPARE(importDataset(write("cut.json", "[" + record + ",\n" + record.substr(0, 20))).report.malformed, 2);
    }

    void lineKindsOfTrouble_data()
    {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QByteArray>("reason");
        QTest::newRow("invalid UTF-8") << QByteArray("{\"prompt\":\"\xff\",\"chosen\":\"a\",\"rejected\":\"b\"}")
                                       << QByteArray("UTF-8");
        QTest::newRow("NUL byte") << QByteArray("{\"prompt\":\"p\0\"}", 14) << QByteArray("NUL");
        QTest::newRow("NUL escape") << QByteArray(R"({"prompt":"p\u0000","chosen":"a","rejected":"b"})")
                                    << QByteArray("NUL");
        QTest::newRow("deep") << QByteArray(100000, '[') << QByteArray("deeper than 64");
        QTest::newRow("key twice") << QByteArray(R"({"prompt":"p","prompt":"q"})")
                                   << QByteArray("column 22: the key \"prompt\" stands twice");
        QTest::newRow("missing field") << QByteArray(R"({"prompt":"p","chosen":"a"})")
                                       << QByteArray("\"rejected\" is missing");
        QTest::newRow("wrong type") << QByteArray(R"({"prompt":"p","chosen":1,"rejected":"b"})")
                                    << QByteArray("\"chosen\" is not text");
        QTest::newRow("no object") << QByteArray("\"text\"") << QByteArray("not an object");
        QTest::newRow("cut") << QByteArray("{\"prompt\":\"p\",\"chosen\"") << QByteArray("ends too early");
    }
    /// Each kind of bad line as the first and as a later one; the good lines around it come in.
    void lineKindsOfTrouble()
    {
        QFETCH(QByteArray, line);
        QFETCH(QByteArray, reason);
        const std::string bad = line.toStdString();
        const std::string good = "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b";
        for (const bool first : {true, false}) {
            const auto result = importDataset(write("lines.jsonl",
                (first ? bad + "\n" : "") + good + "1\"}\r\n" + (first ? "" : bad + "\r\n") + good + "2\"}"));
            QCOMPARE(result.report.format, std::string("prompt-chosen-rejected"));
            QCOMPARE(result.report.imported, 2);
            QCOMPARE(result.report.malformed, 1);
            QCOMPARE(result.report.issues.at(0).line, std::int64_t(first ? 1 : 2));
            QVERIFY2(QByteArray::fromStdString(result.report.issues.at(0).reason).contains(reason),
                result.report.issues.at(0).reason.c_str());
        }
    }

    void aLineOf65MiBIsPassedOver()
    {
        const std::string good = "{\"prompt\":\"p\"}\n";
        const auto report = importDataset(
            write("long.jsonl",
                good + "{\"prompt\":\"" + std::string(std::size_t(65) << 20, 'x') + "\"}\n" + "{\"prompt\":\"q\"}\n"))
                                .report;
        QCOMPARE(report.imported, 2);
        QCOMPARE(report.issues.at(0).line, std::int64_t(2));
        QVERIFY(report.issues.at(0).reason.find("64 MiB") != std::string::npos);
    }

    /// One record without its response at the start must not turn a file of pairs into a list of prompts.
    void theFormatIsThatOfMostRecords()
    {
        std::string text = "{\"prompt\":\"only\"}\n";
        for (int i = 0; i < 5; ++i)
            text += "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"" + std::to_string(i) + "\"}\n";
        const auto result = importDataset(write("most.jsonl", text));
        QCOMPARE(result.report.format, std::string("prompt-chosen-rejected"));
        QCOMPARE(result.report.imported, 5);
        QCOMPARE(result.report.malformed, 1);
    }

    void labelledCompletionsAreNotTakenForGoodOnes()
    {
        QVERIFY_THROWS_EXCEPTION(std::runtime_error,
            importDataset(write("kto.jsonl", "{\"prompt\":\"p\",\"completion\":\"bad\",\"label\":false}\n")));
    }

    void promptsMayNotEndWithTheAssistant()
    {
        const auto report = importDataset(
            write("turns.jsonl",
                R"({"conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":"A"}],"chosen":"x","rejected":"y"})"
                "\n"
                R"({"conversations":[{"from":"alien","value":"Q"}],"chosen":"x","rejected":"y"})"
                "\n"
                R"({"conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":"A"},{"from":"human","value":"R"}],"chosen":"x","rejected":"y"})"))
                                .report;
        QCOMPARE(report.imported, 1);
        QVERIFY(report.issues.at(0).reason.find("assistant") != std::string::npos);
        QVERIFY(report.issues.at(1).reason.find("\"alien\"") != std::string::npos);
    }

    void unusablePairsStayInWhenAsked()
    {
        const auto file = write("keep.jsonl",
            "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"a\"}\n"
            "{\"prompt\":\"p\",\"chosen\":\"\",\"rejected\":\"a\"}\n"
            "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"a\"}\n");
        ImportOptions options;
        options.keepUnusable = true;
        QCOMPARE(importDataset(file, options).report.imported, 2);
        options.keepDuplicates = true;
        QCOMPARE(importDataset(file, options).report.imported, 3);
        QVERIFY_THROWS_EXCEPTION(std::runtime_error, importDataset(file));
        QCOMPARE(
            importDataset(write("sft.jsonl",
                              "{\"prompt\":\"p\",\"completion\":\" \"}\n{\"prompt\":\"p\",\"completion\":\"c\"}\n"))
                .report.emptyAnswers,
            1);
    }

    void columnsMayBeSwappedAndMustExist()
    {
        const auto file = write("swap.jsonl",
            "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n"
            "{\"prompt\":\"p\",\"rejected\":\"b\"}\n");
        ImportOptions options;
        options.columns = {{"chosen", "rejected"}, {"rejected", "chosen"}};
        const auto result = importDataset(file, options);
        QCOMPARE(result.dataset.pairs.at(0).chosen, std::string("b"));
        QCOMPARE(result.dataset.pairs.at(0).rejected, std::string("a"));
        QCOMPARE(result.report.issues.at(0).reason, std::string("the column \"chosen\" for rejected is missing"));
    }

    void aDamagedGzipFileEndsTheImport()
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / "whole.jsonl.gz";
        gzFile out = gzopen(file.c_str(), "wb");
        for (int i = 0; i < 2000; ++i) {
            const std::string line = "{\"prompt\":\"" + std::to_string(i * 7919 % 2003) + "\"}\n";
            gzwrite(out, line.data(), unsigned(line.size()));
        }
        gzclose(out);
        QCOMPARE(importDataset(file).report.imported, 2000);
        fs::resize_file(file, fs::file_size(file) / 2);
        QVERIFY_THROWS_EXCEPTION(std::runtime_error, importDataset(file));
    }

    void anImportCanBeStopped()
    {
        std::stop_source source;
        source.request_stop();
        QVERIFY_THROWS_EXCEPTION(
            std::runtime_error, importDataset(write("stop.jsonl", "{\"prompt\":\"p\"}\n"), {}, source.get_token()));
    }

    void countsStayCompleteWhereIssuesAreCapped()
    {
        std::string text = "{\"prompt\":\"p\"}\n";
        for (int i = 0; i < 1500; ++i)
            text += "nonsense\n";
        const auto report = importDataset(write("many.jsonl", text)).report;
        QCOMPARE(report.malformed, 1500);
        QCOMPARE(report.issues.size(), std::size_t(1000));
    }

    void theDigestFollowsContentAndOrder()
    {
        const auto digest = [&](const char* text) { return importDataset(write("d.jsonl", text)).dataset.digest(); };
        const auto one = digest("{\"prompt\":\"ab\",\"completion\":\"c\"}\n");
        QCOMPARE(digest("\n{\"completion\":\"c\",\"prompt\":\"ab\",\"id\":7}\n"), one);
        QVERIFY(digest("{\"prompt\":\"a\",\"completion\":\"bc\"}\n") != one);
        QVERIFY(
            digest("{\"prompt\":\"x\"}\n{\"prompt\":\"y\"}\n") != digest("{\"prompt\":\"y\"}\n{\"prompt\":\"x\"}\n"));
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

        // Ten rejected texts talk on in further turns: the prompt still is that of the chosen text.
        int talkingOn = 0;
        for (const PreferencePair& pair : result.dataset.pairs) {
            QVERIFY(pair.prompt.ends_with("\n\nAssistant:") && pair.chosen.find("\n\nAssistant:") == std::string::npos);
            talkingOn += pair.rejected.find("\n\nAssistant:") != std::string::npos ? 1 : 0;
        }
        QCOMPARE(talkingOn, 10);

        const auto test = importDataset(shared("hh-helpful/test.jsonl")).report;
        QCOMPARE(test.identicalResponses, 2);
        QCOMPARE(test.emptyAnswers, 1);
        QCOMPARE(test.imported, 3997);
    }

    void fourThousandPairs()
    {
        if (!fs::exists(shared("hh-helpful/train_gt.jsonl")))
            QSKIP("the shared data are not here");
        std::int64_t imported = 0;
        QBENCHMARK_ONCE { imported = importDataset(shared("hh-helpful/train_gt.jsonl")).report.imported; }
        QCOMPARE(imported, std::int64_t(3997));
    }

    void realInstructionAndSharegptPairs()
    {
        if (!fs::exists(shared("sharegpt-pairs/dpo_en_demo.json")))
            QSKIP("the shared data are not here");
        // Five records stand twice (counted over conversations, chosen and rejected with Python's json module).
        const auto sharegpt = importDataset(shared("sharegpt-pairs/dpo_en_demo.json")).report;
        QCOMPARE(sharegpt.records, 300);
        QCOMPARE(sharegpt.imported, 295);
        std::vector<std::int64_t> duplicates;
        for (const ImportIssue& issue : sharegpt.issues)
            if (issue.kind == ImportIssue::Kind::Duplicate)
                duplicates.push_back(issue.line);
        QCOMPARE(duplicates, (std::vector<std::int64_t> {158, 187, 231, 249, 276}));
        const auto result = importDataset(shared("instruction-pairs/instruction-data-with-preference.json"));
        QCOMPARE(result.report.records, 1100);
        QCOMPARE(result.report.identicalResponses, 6);
        QCOMPARE(result.report.imported, 1094);
        QCOMPARE(result.report.issues.front().line, 123); // index 122 from 0
    }
};

QTEST_GUILESS_MAIN(TestDatasetImporter)
#include "tst_dataset_importer.moc"

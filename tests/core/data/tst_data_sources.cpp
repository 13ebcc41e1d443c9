// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_importer.h"
#include "core/data/sources/json_reader.h"
#include "core/support/utf8.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <zstd.h>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

namespace {

template<class Work>
QByteArray saidBy(const Work& work)
{
    return QByteArray::fromStdString(messageOf(work));
}

} // namespace

class TestDataSources : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path write(const std::string& name, const std::string& content)
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

    static fs::path fixture(const char* name) { return fs::path(MPO_FIXTURES) / "data" / name; }

    /// Empty in a program that was built without Arrow.
    static std::optional<ImportResult> table(const char* name, const ImportOptions& options = {})
    {
        try {
            return importDataset(fixture(name), options);
        } catch (const std::exception& error) {
            if (std::string(error.what()).find("built without Arrow") == std::string::npos)
                throw;
            return std::nullopt;
        }
    }

private Q_SLOTS:
    void tablesAsText_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("csv") << QByteArray("a.csv")
                             << QByteArray("\xef\xbb\xbfprompt,chosen,rejected,margin\r\n"
                                           "\"a \"\"quoted\"\", one\",\"two\nlines\",no,0.25\r\n"
                                           "\r\n"
                                           "p2,\"\r\n\",x,\r\n"
                                           "p3,short\r\n"
                                           "p4,c,\"r\"oops,1\r\n"
                                           "p5,c,r,");
        QTest::newRow("semicolons") << QByteArray("a.csv")
                                    << QByteArray("prompt;chosen;rejected;margin\n"
                                                  "\"a \"\"quoted\"\", one\";\"two\nlines\";no;0.25\n"
                                                  "\n"
                                                  "p2;\"\r\n\";x;\n"
                                                  "p3;short\n"
                                                  "p4;c;\"r\"oops;1\n"
                                                  "p5;c;r;\n");
        QTest::newRow("tsv") << QByteArray("a.tsv")
                             << QByteArray("prompt\tchosen\trejected\tmargin\n"
                                           "\"a \"\"quoted\"\", one\"\t\"two\nlines\"\tno\t0.25\n"
                                           "\n"
                                           "p2\t\"\r\n\"\tx\t\n"
                                           "p3\tshort\n"
                                           "p4\tc\t\"r\"oops\t1\n"
                                           "p5\tc\tr\t");
    }
    void tablesAsText()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, text);
        const auto result = importDataset(write(name.toStdString(), text.toStdString()));
        QCOMPARE(result.report.imported, 2);
        const PreferencePair& pair = result.dataset.pairs.at(0);
        QCOMPARE(pair.prompt, std::string("a \"quoted\", one"));
        QCOMPARE(pair.chosen, std::string("two\nlines"));
        QVERIFY(pair.margin == 0.25);
        QCOMPARE(pair.line, 2);
        QCOMPARE(result.dataset.pairs.at(1).prompt, std::string("p5"));
        QVERIFY(!result.dataset.pairs.at(1).margin);
        QCOMPARE(result.report.emptyAnswers, 1); // p2
        QCOMPARE(result.report.malformed, 2);
        std::vector<std::int64_t> lines;
        for (const ImportIssue& issue : result.report.issues)
            lines.push_back(issue.line);
        QCOMPARE(lines, (std::vector<std::int64_t> {5, 7, 8}));
        QVERIFY(result.report.issues[1].reason.find("2 fields, the header 4") != std::string::npos);
        QVERIFY(result.report.issues[2].reason.find("closing quote") != std::string::npos);
    }

    void csvThatCannotBeRead()
    {
        const auto says = [&](const char* text) { return saidBy([&] { importDataset(write("x.csv", text)); }); };
        QVERIFY(says("prompt,prompt\n1,2\n").contains("two columns are named \"prompt\""));
        QVERIFY(says("").contains("empty"));
        QVERIFY(says("prompt,chosen,rejected\n\"open").contains("quote is not closed"));
        QVERIFY(says("prompt,chosen,rejected\nä,\xff,b\n").contains("UTF-8"));
        QVERIFY(
            says("question,good,bad\n1,2,3\n").contains("--map prompt=question --map chosen=good --map rejected=bad"));
    }

    void messagesInCells()
    {
        const auto result = importDataset(write("talk.csv",
            "prompt,chosen,rejected\n"
            "\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"Q\"\"}]\","
            "\"[{\"\"role\"\":\"\"assistant\"\",\"\"content\"\":\"\"A\"\"}]\","
            "\"[{\"\"role\"\":\"\"assistant\"\",\"\"content\"\":\"\"B\"\"}]\"\n"));
        QCOMPARE(result.report.format, std::string("messages"));
        QCOMPARE(result.dataset.pairs.at(0).rejected, std::string("B"));
    }

    void quotesAcrossBuffers()
    {
        // Longer than the buffer of the reader, so that quotes and line breaks fall on its edges somewhere.
        std::string text = "prompt,chosen,rejected\n";
        std::vector<std::string> chosen;
        for (int i = 0; i < 60'000; ++i) {
            chosen.push_back(std::string(std::size_t(i % 7), '"') + std::string(i % 3 ? "\n" : "") + std::to_string(i));
            std::string quoted;
            for (const char c : chosen.back())
                quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
            text += "p,\"" + quoted + "\",r\r\n";
        }
        const auto result = importDataset(write("long.csv", text));
        QCOMPARE(result.report.imported, std::int64_t(chosen.size()));
        for (std::size_t i = 0; i < chosen.size(); ++i)
            QCOMPARE(result.dataset.pairs[i].chosen, chosen[i]);
    }

    void documents()
    {
        const std::string record = R"({"prompt":"p","chosen":"a","rejected":"b"})";
        const std::string other = R"({"prompt":"q","chosen":"a","rejected":"b"})";
        for (const std::string& text :
            {"{\"data\":[" + record + "," + other + "]}", "{\n\"examples\": [" + record + ",\n" + other + "]\n}",
                std::string(R"({"prompt":{"0":"p","1":"q"},"chosen":{"0":"a","1":"a"},"rejected":{"1":"b","0":"b"}})"),
                std::string(
                    R"({"columns":["prompt","chosen","rejected"],"index":[0,1],"data":[["p","a","b"],["q","a","b"]]})"),
                std::string(R"({"prompt":["p","q"],"chosen":["a","a"],"rejected":["b","b"]})"),
                R"({"rows":[{"row_idx":0,"row":)" + record + R"(},{"row_idx":1,"row":)" + other + "}]}",
                record + "\n" + other + "\n", "\n" + record + "\n\n" + other}) {
            const auto result = importDataset(write("doc.json", text));
            QCOMPARE(result.dataset.pairs.size(), std::size_t(2));
            QCOMPARE(result.dataset.pairs[1].prompt, std::string("q"));
        }
        QCOMPARE(
            importDataset(write("one.json", "{\n \"prompt\": \"p\",\n \"chosen\": \"a\",\n \"rejected\": \"b\"\n}\n"))
                .report.imported,
            1);
        // A first line that is broken costs that line.
        QCOMPARE(importDataset(write("bad.json", "{broken\n" + record + "\n" + other + "\n")).report.malformed, 1);
    }

    void zstandard()
    {
        std::string text;
        for (int i = 0; i < 5000; ++i)
            text += "{\"prompt\":\"" + std::to_string(i * 7919 % 10007) + "\"}\n";
        std::string packed(ZSTD_compressBound(text.size()), '\0');
        packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
        QCOMPARE(importDataset(write("a.jsonl.zst", packed)).report.imported, 5000);
        QCOMPARE(importDataset(write("a.jsonl.zst", packed)).dataset.name, std::string("a"));
        QCOMPARE(importDataset(write("two.jsonl.zst", packed + packed)).report.duplicates, 5000);
        QVERIFY(saidBy([&] {
            importDataset(write("cut.jsonl.zst", packed.substr(0, packed.size() / 2)));
        }).contains("cut or damaged"));
        QVERIFY(saidBy([&] { importDataset(write("no.jsonl.zst", "{}")); }).contains("cut or damaged"));
    }

    void parquetAndArrow()
    {
        for (const char* name : {"talk.parquet", "talk.arrow", "saved"}) {
            const auto result = table(name);
            if (!result)
                QSKIP("built without Arrow");
            QCOMPARE(result->report.format, std::string("messages"));
            QCOMPARE(result->dataset.pairs.size(), std::size_t(5));
            const PreferencePair& pair = result->dataset.pairs.at(3);
            QVERIFY((pair.turns == std::vector<ChatMessage> {{"system", "S"}, {"user", "Frage 3 \xc3\xa4"}}));
            QCOMPARE(pair.chosen, std::string("good 3"));
            QCOMPARE(pair.rejected, std::string("bad 3"));
            QVERIFY(pair.margin == 2.5);
            QCOMPARE(pair.line, 4);
        }
        ImportOptions options;
        options.columns = {{"prompt", "question"}, {"chosen", "yes"}, {"rejected", "no"}};
        const auto flat = table("flat.parquet", options);
        QCOMPARE(flat->report.imported, 1);
        QVERIFY(flat->report.issues.at(0).reason.find("\"rejected\" is not text") != std::string::npos);
    }

    void damagedTablesEndWithOneSentence()
    {
        if (!table("talk.parquet"))
            QSKIP("built without Arrow");
        for (const char* name : {"talk.parquet", "talk.arrow"}) {
            std::ifstream in(fixture(name), std::ios::binary);
            const std::string whole((std::istreambuf_iterator<char>(in)), {});
            for (const std::size_t size : {std::size_t(3), whole.size() / 2, whole.size() - 5})
                QVERIFY(saidBy([&] { importDataset(write(name, whole.substr(0, size))); }).contains(name));
            for (std::size_t at = 0; at < whole.size(); at += 97) { // read or refused, but nothing breaks
                std::string damaged = whole;
                damaged[at] = char(damaged[at] ^ 0x55);
                try {
                    importDataset(write(name, damaged));
                } catch (const std::exception& error) {
                    QVERIFY2(QByteArray(error.what()).contains(name), error.what());
                }
            }
        }
    }

    void foldersWithSplits()
    {
        const std::string one = "{\"prompt\":\"p\"}\n", two = "{\"prompt\":\"q\"}\n";
        write("hub/data/train-00000-of-00002.jsonl", one);
        write("hub/data/train-00001-of-00002.jsonl", two);
        write("hub/data/test-00000-of-00001.jsonl", two);
        write("hub/README.md", "x");
        const fs::path hub = fs::path(m_folder.path().toStdString()) / "hub";
        const auto sources = findDataSources(hub);
        QCOMPARE(sources.size(), std::size_t(2));
        QCOMPARE(sources[0].name, std::string("hub-train"));
        QCOMPARE(sources[0].files.size(), std::size_t(2));
        QCOMPARE(sources[1].name, std::string("hub-test"));
        ImportOptions options;
        options.split = "train";
        const auto train = importDataset(hub, options);
        QCOMPARE(train.report.imported, 2);
        QCOMPARE(train.dataset.pairs[1].prompt, std::string("q"));
        QCOMPARE(train.dataset.pairs[1].line, 2);
        QVERIFY(saidBy([&] { importDataset(hub); }).contains("train, test"));
        options.split = "dev";
        QVERIFY(saidBy([&] { importDataset(hub, options); }).contains("there is no split \"dev\""));

        write("hh/helpful-base/train.jsonl", one);
        write("hh/helpful-base/test.jsonl", one);
        QCOMPARE(findDataSources(fs::path(m_folder.path().toStdString()) / "hh")[0].name,
            std::string("hh-helpful-base-train"));
        write("none/README.md", "x");
        QVERIFY(saidBy([&] {
            findDataSources(fs::path(m_folder.path().toStdString()) / "none");
        }).contains("no file of data"));
        if (const auto shards = table("shards", [] {
                ImportOptions o;
                o.split = "train";
                return o;
            }())) {
            QCOMPARE(shards->dataset.pairs.size(), std::size_t(10));
            QCOMPARE(shards->dataset.pairs[7].chosen, std::string("good 7"));
        }
    }

    void columnsInsideObjects()
    {
        const auto file = write("nested.jsonl",
            R"({"info":{"post":"P"},"answers":[{"text":"A"},{"text":"B"}],"prompt":"other","score":{"d":2}})"
            "\n"
            R"({"info":{},"answers":[]})"
            "\n");
        ImportOptions options;
        options.columns = {{"prompt", "info.post"}, {"chosen", "answers.0.text"}, {"rejected", "answers.1.text"},
            {"margin", "score.d"}};
        const auto result = importDataset(file, options);
        const PreferencePair& pair = result.dataset.pairs.at(0);
        QCOMPARE(pair.prompt, std::string("P"));
        QCOMPARE(pair.rejected, std::string("B"));
        QVERIFY(pair.margin == 2.0);
        QVERIFY((result.report.mapping
            == std::vector<FieldSource> {{"prompt", "info.post"}, {"chosen", "answers.0.text"},
                {"rejected", "answers.1.text"}, {"margin", "score.d"}}));
        QCOMPARE(result.report.malformed, 1);
    }

    /// What a user is told about a file that fits nothing, and that what it says to do works.
    void unknownColumnsAreExplained()
    {
        const auto file = write("own.jsonl",
            R"({"id":7,"query":"Q","good_answer":"A","bad_answer":"B","meta":{"who":"x"}})"
            "\n");
        const QByteArray said = saidBy([&] { importDataset(file); });
        for (const char* part : {"id, query, good_answer, bad_answer, meta, meta.who", "--map prompt=query",
                 "--map chosen=good_answer", "--map rejected=bad_answer", "best-sample"})
            QVERIFY2(said.contains(part), said.constData());
        ImportOptions options;
        options.inWindow = true;
        const QByteArray inWindow = saidBy([&] { importDataset(file, options); });
        QVERIFY2(!inWindow.contains("--map") && inWindow.contains("choose the columns"), inWindow.constData());
        const ImportPreview preview = previewImport(findDataSource(file), options);
        QVERIFY(preview.format.empty() && preview.pairs.empty() && !preview.problem.empty());
        options.columns = guessedColumns(preview.columns);
        const ImportPreview mapped = previewImport(findDataSource(file), options);
        QCOMPARE(mapped.format, std::string("prompt-chosen-rejected"));
        QCOMPARE(mapped.pairs.at(0).chosen, std::string("A"));
        QCOMPARE(importDataset(file, options).dataset.pairs.at(0).rejected, std::string("B"));
    }

    void validUtf8()
    {
        for (const char* good :
            {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
            QVERIFY(isValidUtf8(good));
        for (const char* bad :
            {"\xff", "\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98"})
            QVERIFY(!isValidUtf8(bad));
    }
};

QTEST_GUILESS_MAIN(TestDataSources)
#include "tst_data_sources.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace mpo;

class TestJson : public QObject
{
    Q_OBJECT

    static std::string nested(int levels)
    {
        return std::string(std::size_t(levels), '[') + std::string(std::size_t(levels), ']');
    }

private Q_SLOTS:
    void valuesComeBackInOrder()
    {
        const std::string text
            = R"({"z":1,"a":[true,false,null,-2,3.5,18446744073709551615],"m":{"text":"\u00e4\n\ud83d\ude00","e":{}}})";
        const Json json = parseJson(text, "x");
        QCOMPARE(toLine(json),
            std::string("{\"z\":1,\"a\":[true,false,null,-2,3.5,18446744073709551615],"
                        "\"m\":{\"text\":\"\xc3\xa4\\n\xf0\x9f\x98\x80\",\"e\":{}}}"));
        QCOMPARE(parseJson("\xef\xbb\xbf 7 ", "x").get<int>(), 7);
    }

    void refusals_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("empty") << QByteArray("") << QByteArray("x:1:1: not JSON: the text ends too early");
        QTest::newRow("cut") << QByteArray("{\"a\":") << QByteArray("ends too early");
        QTest::newRow("place") << QByteArray("{\n  \"a\": 1,\n  \"b\": nope\n}") << QByteArray("x:3:9: not JSON");
        QTest::newRow("trailing comma") << QByteArray("[1,]") << QByteArray("x:1:4: not JSON");
        QTest::newRow("two values") << QByteArray("{} {}") << QByteArray("x:1:4: not JSON");
        QTest::newRow("twice") << QByteArray("{\"a\":1,\n\"a\":2}") << QByteArray("x:2:3: the key \"a\" stands twice");
        QTest::newRow("twice below") << QByteArray("[{\"a\":{\"b\":1,\"c\":2,\"b\":3}}]")
                                     << QByteArray("the key \"b\" stands twice");
        QTest::newRow("twice escaped") << QByteArray("{\"a\":1,\"\\u0061\":2}")
                                       << QByteArray("the key \"a\" stands twice");
        QTest::newRow("too deep") << QByteArray::fromStdString(nested(65))
                                  << QByteArray("x:1:65: nested deeper than 64");
        QTest::newRow("far too deep") << QByteArray(5000000, '[') << QByteArray("x:1:65: nested deeper than 64");
        QTest::newRow("invalid UTF-8") << QByteArray("{\"a\":\"\xff\"}") << QByteArray("not valid UTF-8");
        QTest::newRow("lone surrogate") << QByteArray("\"\\ud800\"") << QByteArray("x:1:");
        QTest::newRow("NUL after the value") << QByteArray("{}\0garbage", 10) << QByteArray("x:1:3: a NUL byte");
        QTest::newRow("huge number") << QByteArray("[1e999]") << QByteArray("the number 1e999 is too large");
        QTest::newRow("NaN") << QByteArray("[NaN]") << QByteArray("not JSON");
    }
    void refusals()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, says);
        try {
            parseJson(text.toStdString(), "x");
            QFAIL("it was accepted");
        } catch (const Error& error) {
            QVERIFY2(QByteArray(error.what()).contains(says), error.what());
            QVERIFY2(QByteArray(error.what()).startsWith("x:"), error.what());
        }
    }

    void sixtyFourLevelsAreAccepted() { QCOMPARE(toLine(parseJson(nested(64), "x")), nested(64)); }

    /// The 21st key equal to the 3rd: found where keys are hashed too.
    void aLateDuplicateIsFound()
    {
        std::string text = "{";
        for (int i = 0; i < 20; ++i)
            text += "\"k" + std::to_string(i) + "\":0,";
        JsonProblem problem;
        QVERIFY(tryParseJson(text + "\"k20\":0}", problem));
        QVERIFY(!tryParseJson(text + "\"k2\":0}", problem));
        QCOMPARE(problem.reason, std::string("the key \"k2\" stands twice in one object"));
    }

    /// A vocabulary of 128,000 tokens. Looking each key up among all earlier ones costs 8e9 comparisons: minutes,
    /// which CTest's time limit ends.
    void aVocabularyIsRead()
    {
        std::string text = "{";
        for (int i = 0; i < 128000; ++i)
            text += (i ? ",\"token" : "\"token") + std::to_string(i) + "\":" + std::to_string(i);
        Json json;
        QBENCHMARK_ONCE { json = parseJson(text + "}", "x"); }
        QCOMPARE(json.size(), std::size_t(128000));
        QCOMPARE(json.back().get<int>(), 127999);
    }

    void linesHoldNoLineBreakAndNoNan()
    {
        Json json;
        json["text"] = "a\nb\xff";
        json["number"] = std::nan("");
        QCOMPARE(toLine(json), std::string("{\"text\":\"a\\nb\xef\xbf\xbd\",\"number\":null}"));
    }

    void filesAreWrittenAndReadBack()
    {
        QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath(QStringLiteral("new/folder/a.json")).toStdString();
        Json json;
        json["z"] = 1;
        json["a"] = {1, 2};
        writeJsonFile(file, json);
        QVERIFY(readJsonFile(file) == json);
        QVERIFY(readTextFile(file).ends_with("}\n"));
        writeFileAtomically(file, "{\n\"z\": }");
        try {
            readJsonFile(file);
            QFAIL("it was accepted");
        } catch (const Error& error) {
            QVERIFY2(QByteArray(error.what()).contains("a.json:2:6"), error.what());
        }
    }
};

QTEST_GUILESS_MAIN(TestJson)
#include "tst_json.moc"

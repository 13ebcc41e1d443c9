// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/response_file.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

using namespace mpo;

/// Responses in files of other tools; records are written as those tools write them.
class TestResponseFile : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    std::filesystem::path write(const std::string& name, const std::string& text)
    {
        const std::filesystem::path file = m_folder.filePath(QString::fromStdString(name)).toStdString();
        std::filesystem::create_directories(file.parent_path());
        writeFileAtomically(file, text);
        return file;
    }

    /// "name: question -> response; ...", a source a line.
    static std::string summary(const ResponseFile& file)
    {
        std::string text;
        for (const SourceResponses& source : file.sources) {
            text += source.name + ":";
            for (const PreferencePair& row : source.rows)
                text += " " + (row.turns.empty() ? row.prompt : row.turns.back().content) + " -> " + row.chosen + ";";
            text += "\n";
        }
        return text;
    }

private Q_SLOTS:
    void alpacaOutputs()
    {
        const auto file = write("outputs.json", R"([
{"dataset":"helpful_base","instruction":"Who?","output":"Me.","generator":"tuned"},
{"dataset":"koala","instruction":"Sum it","input":"1 2","output":"3","generator":"tuned"},
{"instruction":"Who?","output":"Again.","generator":"tuned"}])");
        QCOMPARE(summary(readResponses(file)), std::string("tuned: Who? -> Me.; Sum it\n\n1 2 -> 3;\n"));
    }

    void alpacaAnnotations()
    {
        const auto file = write("annotations.json",
            R"([{"instruction":"Q","output_1":"one","generator_1":"base","output_2":"two","generator_2":"tuned","preference":2.0}])");
        QCOMPARE(summary(readResponses(file)), std::string("base: Q -> one;\ntuned: Q -> two;\n"));
    }

    void mtBench()
    {
        const std::string answers
            = R"({"question_id":81,"answer_id":"x","model_id":"m-1","choices":[{"index":0,"turns":["First.","Second."]}],"tstamp":1.0}
{"question_id":82,"answer_id":"y","model_id":"m-1","choices":[{"index":0,"turns":["Only."]}],"tstamp":1.0}
{"question_id":99,"answer_id":"z","model_id":"m-1","choices":[{"index":0,"turns":["?"]}],"tstamp":1.0}
)";
        const auto alone = write("alone/m-1.jsonl", answers);
        QVERIFY(messageOf([&] { readResponses(alone); }).find("question.jsonl") != std::string::npos);
        write("mt_bench/question.jsonl",
            R"({"question_id":81,"category":"writing","turns":["Write.","Rewrite."]}
{"question_id":82,"category":"math","turns":["Count."]}
)");
        const ResponseFile read = readResponses(write("mt_bench/model_answer/m-1.jsonl", answers));
        QCOMPARE(summary(read),
            std::string("m-1: Write. -> First.\n\nHuman: Rewrite.\n\nAssistant: Second.; Count. -> Only.;\n"));
        QCOMPARE(read.unusable, std::int64_t(1));
        QVERIFY2(read.firstProblem.find("question 99") != std::string::npos, read.firstProblem.c_str());
    }

    /// Ties have responses too, and so have models that lost.
    void arena()
    {
        const auto battle = [](const std::string& a, const std::string& b, const char* winner, const char* question) {
            const auto talk = [&](const std::string& who) {
                return Json::array(
                    {{{"role", "user"}, {"content", question}}, {{"role", "assistant"}, {"content", "I say " + who}}});
            };
            return toLine({{"question_id", "q"}, {"model_a", a}, {"model_b", b}, {"winner", winner},
                       {"conversation_a", talk(a)}, {"conversation_b", talk(b)}})
                + "\n";
        };
        const auto file = write("arena.jsonl", battle("x", "y", "tie", "Q1") + battle("z", "x", "model_b", "Q2"));
        QCOMPARE(summary(readResponses(file)),
            std::string("x: Q1 -> I say x; Q2 -> I say x;\ny: Q1 -> I say y;\nz: Q2 -> I say z;\n"));
    }

    void llmComparator()
    {
        const auto file = write("comparison.json",
            R"({"metadata":{"source_path":"p"},"models":[{"name":"small"},{"name":"large"}],"examples":[
{"input_text":"Q1","tags":[],"output_text_a":"a1","output_text_b":"b1","score":-1.25},
{"input_text":"Q2","tags":[],"output_text_a":"a2","output_text_b":"b2","score":0}]})");
        QCOMPARE(summary(readResponses(file)), std::string("small: Q1 -> a1; Q2 -> a2;\nlarge: Q1 -> b1; Q2 -> b2;\n"));
    }

    void plainAndDatasets()
    {
        QCOMPARE(summary(readResponses(write("my-model.csv", "prompt,response\nQ,\"A, b\"\n"))),
            std::string("my-model: Q -> A, b;\n"));
        QCOMPARE(summary(readResponses(write("sft.jsonl", R"({"prompt":"Q","completion":"A"})"))),
            std::string("sft: Q -> A;\n"));
        QCOMPARE(summary(readResponses(write("pairs.jsonl", R"({"prompt":"Q","chosen":"A","rejected":"B"})"))),
            std::string("chosen: Q -> A;\nrejected: Q -> B;\n"));
    }

    void whatCannotBeUsedSaysWhy()
    {
        const auto says = [&](const std::string& text) {
            const auto file = write("bad.jsonl", text);
            return messageOf([&] { readResponses(file); });
        };
        QVERIFY(says(R"({"instruction":"Q","output":7})").find("line 1") != std::string::npos);
        QVERIFY(says(R"({"prompt":"only a prompt"})").find("prompts only") != std::string::npos);
        const ResponseFile half
            = readResponses(write("half.jsonl", "{\"prompt\":\"Q\",\"response\":\"A\"}\n{\"prompt\":\"R\"}\n"));
        QCOMPARE(half.unusable, std::int64_t(1));
        QVERIFY2(half.firstProblem.starts_with("line 2"), half.firstProblem.c_str());
    }

    void promptsAreTheSameHoweverWritten()
    {
        PreferencePair plain, text, talk, longer;
        plain.prompt = "Why? ";
        text.prompt = "\n\nHuman: Why?\n\nAssistant:";
        talk.prompt = text.prompt;
        talk.turns = {{"user", "Why?"}};
        longer.prompt = "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Why?\n\nAssistant:";
        QCOMPARE(promptKey(plain), promptKey(text));
        QCOMPARE(promptKey(text), promptKey(talk));
        QVERIFY(promptKey(longer) != promptKey(talk));
    }
};

QTEST_GUILESS_MAIN(TestResponseFile)
#include "tst_response_file.moc"

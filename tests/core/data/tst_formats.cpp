// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_importer.h"
#include "core/data/formats/dataset_format.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <set>

using namespace mpo;
namespace fs = std::filesystem;

namespace {

/// A record of a layout and the first pair that it gives. Of the pair stand here: prompt | chosen | rejected.
struct Sample
{
    const char* format;
    const char* record;
    std::vector<ChatMessage> turns; ///< empty: a plain text, which `prompt` holds
    const char* prompt;
    const char* chosen;
    const char* rejected;
    std::optional<double> margin = {}, confidence = {};
    std::size_t pairs = 1;
};

const std::vector<Sample>& samples()
{
    static const std::vector<Sample> all {
        {"prompt-chosen-rejected", R"({"prompt":"P","chosen":"A","rejected":"B","margin":0.5,"confidence":"7"})", {},
            "P", "A", "B", 0.5, 7.0},
        {"messages",
            R"({"prompt":"Q","prompt_id":"x","chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}],"messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"score_chosen":8.5,"score_rejected":6.0})",
            {{"user", "Q"}}, "", "A", "B", 2.5},
        {"messages",
            R"({"prompt":[{"role":"user","content":"Q"}],"chosen":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"rejected":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}]})",
            {{"user", "Q"}}, "", "A", "B"},
        {"messages",
            R"({"prompt":"Q","chosen":{"role":"assistant","content":"A"},"rejected":{"role":"assistant","content":"B"}})",
            {{"user", "Q"}}, "", "A", "B"},
        {"whole-messages",
            R"({"chosen_messages":[{"role":"user","content":[{"type":"text","value":"Q"}],"loss_weight":0.0},{"role":"assistant","content":[{"type":"text","value":"A"}],"loss_weight":1.0}],"rejected_messages":[{"role":"user","content":[{"type":"text","value":"Q"}],"loss_weight":0.0},{"role":"assistant","content":[{"type":"text","value":"B"}],"loss_weight":1.0}]})",
            {{"user", "Q"}}, "", "A", "B"},
        {"implicit-prompt", R"({"chosen":"The sky is blue.","rejected":"The sky is green."})", {}, "The sky is",
            " blue.", " green."},
        {"question-pairs", R"({"system":"S","question":"Q","chosen":"A","rejected":"B"})",
            {{"system", "S"}, {"user", "Q"}}, "", "A", "B"},
        {"question-pairs", R"({"system":"","question":"Q","chosen":"A","rejected":"B"})", {{"user", "Q"}}, "", "A",
            "B"},
        {"response-pairs",
            R"({"instruction":"I","input":"X","chosen_response":"A","rejected_response":"B","chosen-rating":5,"rejected-rating":2})",
            {{"user", "I\n\nX"}}, "", "A", "B", 3.0},
        {"response-pairs", R"({"prompt":"P","chosen_response":"A","rejected_response":"B"})", {{"user", "P"}}, "", "A",
            "B"},
        {"answer-pairs", R"({"prompt":"P","chosen_answer":"A","rejected_answer":"B"})", {{"user", "P"}}, "", "A", "B"},
        {"autotrain-pairs", R"({"prompt":"P","text":"A","rejected_text":"B"})", {}, "P", "A", "B"},
        {"sharegpt-pairs",
            R"({"conversations":[{"from":"human","value":"Q"},{"from":"function_call","value":"F"},{"from":"observation","value":"O"}],"chosen":"A","rejected":"B","system":"S"})",
            {{"system", "S"}, {"user", "Q"}, {"assistant", "F"}, {"tool", "O"}}, "", "A", "B"},
        {"best-sample", R"({"query":[50259,7,8],"sample0":[1],"sample1":[2],"sample2":[3],"sample3":[4],"best":2})", {},
            "", "", "", {}, {}, 3},
        {"summarize-comparisons",
            R"({"info":{"id":"t3","post":"Long.","title":"T","subreddit":"tifu"},"split":"train","summaries":[{"text":" A","policy":"sup","note":null},{"text":"B","policy":"ref"}],"choice":1,"worker":"w","batch":"b","extra":{"confidence":8}})",
            {}, "SUBREDDIT: r/tifu\n\nTITLE: T\n\nPOST: Long.\n\nTL;DR:", " B", " A", {}, 8.0},
        {"summarize-comparisons",
            R"({"info":{"id":"x","article":"News.","title":"T","site":"cnn"},"summaries":[{"text":"A"},{"text":"B"}],"choice":0,"extra":{}})",
            {}, "News.\n\nTL;DR:", " A", " B"},
        {"rated-completions",
            R"({"source":"s","instruction":"I","models":["a","b","c"],"completions":[{"response":"M","overall_score":5.0},{"response":"W","overall_score":2.0},{"response":"T","overall_score":9.5}]})",
            {{"user", "I"}}, "", "T", "W", 7.5},
        {"rated-completions",
            R"({"instruction":"I","completions":[{"response":"A","annotations":{"helpfulness":{"Rating":"4","Rationale":"r"},"honesty":{"Rating":"5"}}},{"response":"B","annotations":{"helpfulness":{"Rating":"1"}}}]})",
            {{"user", "I"}}, "", "A", "B", 3.5},
        {"ranked-answers",
            R"({"prompt":"\n\nHuman: Q\n\nAssistant: ","answers":[{"answer":"M","rank":2},{"answer":"A","rank":1},{"answer":"B","rank":7}]})",
            {}, "\n\nHuman: Q\n\nAssistant:", " A", " B", 6.0},
        {"reddit-answers",
            R"({"history":"H","human_ref_A":"A","human_ref_B":"B","labels":0,"score_A":1,"score_B":4,"score_ratio":4.0})",
            {{"user", "H"}}, "", "B", "A", {}, 4.0},
        {"webgpt-comparisons",
            R"({"question":{"dataset":"eli5","full_text":"Q"},"answer_0":"A","answer_1":"B","score_0":-0.5,"score_1":0.5})",
            {{"user", "Q"}}, "", "B", "A", 1.0},
        {"better-response",
            R"({"prompt":"P","response_0":"A","response_1":"B","better_response_id":1,"safer_response_id":0})",
            {{"user", "P"}}, "", "B", "A"},
        {"pandalm",
            R"({"idx":1,"motivation_app":"x","cmp_key":"a_b","instruction":"I","input":"","response1":"A","response2":"B","annotator1":2,"annotator2":2,"annotator3":0})",
            {{"user", "I"}}, "", "B", "A", {}, 2.0 / 3.0},
        {"auto-j", R"({"scenario":"s","label":1,"prompt":"P","response 1":"A","response 2":"B"})", {{"user", "P"}}, "",
            "B", "A"},
        {"llmbar", R"({"input":"I","output_1":"A","output_2":"B","label":2})", {{"user", "I"}}, "", "B", "A"},
        {"preference-annotations",
            R"({"instruction":"I","output_1":"A","generator_1":"g","output_2":"B","generator_2":"h","annotator":"x","preference":2})",
            {{"user", "I"}}, "", "B", "A"},
        {"llm-comparator", R"({"input_text":"I","tags":[],"output_text_a":"A","output_text_b":"B","score":-1.25})",
            {{"user", "I"}}, "", "B", "A", 1.25},
        {"label-studio",
            R"({"id":1,"data":{"prompt":"P","answer1":"A","answer2":"B"},"annotations":[{"result":[{"from_name":"c","type":"pairwise","value":{"selected":"right"}}]},{"was_cancelled":true,"result":[{"value":{"selected":"left"}}]}]})",
            {{"user", "P"}}, "", "B", "A", {}, 1.0},
        {"arena-battles",
            R"({"question_id":"q","model_a":"x","model_b":"y","winner":"model_b","judge":"j","conversation_a":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"},{"role":"user","content":"R"},{"role":"assistant","content":"C"}],"conversation_b":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"},{"role":"user","content":"R"},{"role":"assistant","content":"D"}],"turn":2})",
            {{"user", "Q"}}, "", "B", "A"},
        {"rm-bench", R"({"id":1,"prompt":"P","chosen":["A","A2","A3"],"rejected":["B","B2","B3"]})", {{"user", "P"}},
            "", "A", "B", {}, {}, 9},
        {"corrects",
            "{\"prompt\":\"P\",\"corrects\":[\" (B)\"],\"incorrects\":[\" "
            "(A)\"],\"text_correct\":\"b\",\"text_incorrect\":\"a\"}",
            {}, "P", " (B)", " (A)"},
        {"target-scores", R"({"input":"I","target_scores":{"B":0,"A":1}})", {{"user", "I"}}, "", "A", "B"},
        {"targets", R"({"input":"I","targets":{"choices":["B","A"],"labels":[0,1]}})", {{"user", "I"}}, "", "A", "B"},
        {"prompt-completion",
            R"({"prompt":[{"role":"user","content":"Q"}],"completion":[{"role":"assistant","content":"A"}]})",
            {{"user", "Q"}}, "", "A", ""},
        {"instruction-completion", R"({"instruction":"I","input":"","output":"A"})", {{"user", "I"}}, "", "A", ""},
        {"dialogues",
            R"({"messages":[{"role":"system","content":"S"},{"role":"user","content":"Q"},{"role":"assistant","content":"A"},{"role":"user","content":"R"},{"role":"assistant","content":"C"}]})",
            {{"system", "S"}, {"user", "Q"}}, "", "A", "", {}, {}, 2},
        {"conversations", R"({"conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":"A"}]})",
            {{"user", "Q"}}, "", "A", ""},
        {"text", R"({"text":"T"})", {}, "", "T", ""},
    };
    return all;
} // namespace

} // namespace

class TestFormats : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path write(const char* name, const std::string& content)
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / name;
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

private Q_SLOTS:
    void samplesOfEachLayout_data()
    {
        QTest::addColumn<int>("number");
        for (int i = 0; i < int(samples().size()); ++i)
            QTest::addRow("%d %s", i, samples()[std::size_t(i)].format) << i;
    }
    void samplesOfEachLayout()
    {
        QFETCH(int, number);
        const Sample& sample = samples()[std::size_t(number)];
        const auto result = importDataset(write("one.jsonl", std::string(sample.record) + "\n"));
        QCOMPARE(result.report.format, std::string(sample.format));
        QCOMPARE(result.report.records, 1);
        QCOMPARE(result.dataset.pairs.size(), sample.pairs);
        QVERIFY(!result.report.mapping.empty());
        const PreferencePair& pair = result.dataset.pairs.at(0);
        QVERIFY(pair.turns == sample.turns);
        if (sample.turns.empty())
            QCOMPARE(pair.prompt, std::string(sample.prompt));
        QCOMPARE(pair.chosen, std::string(sample.chosen));
        QCOMPARE(pair.rejected, std::string(sample.rejected));
        QVERIFY(pair.margin == sample.margin);
        QVERIFY(pair.confidence == sample.confidence);
    }

    void everyLayoutHasASampleAndAnOwnName()
    {
        std::set<std::string> seen, names;
        for (const Sample& sample : samples())
            seen.insert(sample.format);
        // Those that are tested beside the importer and below.
        seen.insert({"token-ids", "prompt-ids", "hh-dialogue", "instruction-pairs", "prompts", "labelled-completions",
            "labelled-messages", "labelled-conversations"});
        for (const DatasetFormat& format : datasetFormats()) {
            QVERIFY2(seen.contains(format.name), format.name.c_str());
            QVERIFY(names.insert(format.name).second);
            QVERIFY(!format.mapping.empty() && !format.description.empty());
        }
    }

    /// Whatever stands in the fields, a record is refused with a sentence and nothing breaks.
    void fieldsOfWrongTypesAreRefused()
    {
        const Json wrong[] {nullptr, 7, "x", Json::array(), Json::object(), Json::array({7}),
            Json::array({Json::object()}), true, Json::array({{{"role", 1}, {"content", 2}}})};
        int refused = 0;
        for (const Sample& sample : samples()) {
            const Json record = Json::parse(sample.record);
            for (const DatasetFormat& format : datasetFormats()) {
                format.parse(record);
                for (const auto& [key, ignored] : record.items())
                    for (const Json& value : wrong) {
                        Json damaged = record;
                        damaged[key] = value;
                        if (format.matches(damaged) || format.name == sample.format)
                            refused += format.parse(damaged).problem.empty() ? 0 : 1;
                    }
            }
        }
        QVERIFY2(refused > 500, qPrintable(QString::number(refused)));
    }

    void tiesAreCounted()
    {
        const auto tied = [&](const std::string& tie, const std::string& other) {
            const auto report = importDataset(write("ties.jsonl", tie + "\n" + other + "\n")).report;
            return report.ties == 1 && report.imported == 1 && report.malformed == 0
                && report.issues.at(0).kind == ImportIssue::Kind::Tie && report.issues.at(0).line == 1;
        };
        QVERIFY(tied(R"({"question":"Q","answer_0":"A","answer_1":"B","score_0":0,"score_1":0})",
            R"({"question":"Q","answer_0":"A","answer_1":"B","score_0":1,"score_1":0})"));
        QVERIFY(tied(R"({"prompt":"P","response 1":"A","response 2":"B","label":2})",
            R"({"prompt":"P","response 1":"A","response 2":"B","label":0})"));
        QVERIFY(tied(R"({"instruction":"P","output_1":"A","output_2":"B","preference":0})",
            R"({"instruction":"P","output_1":"A","output_2":"B","preference":1})"));
        QVERIFY(
            tied(R"({"instruction":"P","response1":"A","response2":"B","annotator1":0,"annotator2":1,"annotator3":2})",
                R"({"instruction":"P","response1":"A","response2":"B","annotator1":1,"annotator2":1,"annotator3":2})"));
        QVERIFY(tied(
            R"({"instruction":"P","completions":[{"response":"A","overall_score":5},{"response":"B","overall_score":5}]})",
            R"({"instruction":"P","completions":[{"response":"A","overall_score":5},{"response":"B","overall_score":4}]})"));
        const std::string talk
            = R"("conversation_a":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"conversation_b":[{"role":"user","content":"Q"},{"role":"assistant","content":"B"}]})";
        QVERIFY(tied("{\"winner\":\"tie (bothbad)\"," + talk, R"({"winner":"model_a",)" + talk));
    }

    /// Good and bad responses to the same prompt become pairs in their order; the others are counted.
    void labelledResponsesArePaired()
    {
        const auto result = importDataset(write("kto.jsonl",
            R"({"prompt":"p","completion":"good 1","label":true})"
            "\n"
            R"({"prompt":"q","completion":"alone","label":false})"
            "\n"
            R"({"prompt":"p","completion":"good 2","label":true})"
            "\n"
            R"({"prompt":"p","completion":"bad 1","label":false})"
            "\n"
            R"({"prompt":"p","completion":"bad 2","label":0})"
            "\n"));
        QCOMPARE(result.report.format, std::string("labelled-completions"));
        QCOMPARE(result.report.records, 5);
        QCOMPARE(result.dataset.pairs.size(), std::size_t(2));
        QCOMPARE(result.dataset.pairs[0].chosen, std::string("good 1"));
        QCOMPARE(result.dataset.pairs[0].rejected, std::string("bad 1"));
        QCOMPARE(result.dataset.pairs[1].chosen, std::string("good 2"));
        QCOMPARE(result.dataset.pairs[1].rejected, std::string("bad 2"));
        QCOMPARE(result.report.unpaired, 1);
        QCOMPARE(result.report.issues.at(0).line, 2);

        for (const auto& [format, record] :
            {std::pair {"labelled-messages",
                 R"({"messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"%"}],"label":%})"},
                {"labelled-conversations",
                    R"({"conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":"%"}],"kto_tag":%})"}}) {
            std::string text;
            for (const char* label : {"true", "false"}) {
                std::string line = record;
                for (auto at = line.find('%'); at != line.npos; at = line.find('%'))
                    line.replace(at, 1, label);
                text += line + "\n";
            }
            const auto talk = importDataset(write("talk.jsonl", text));
            QCOMPARE(talk.report.format, std::string(format));
            QCOMPARE(talk.dataset.pairs.at(0).chosen, std::string("true"));
            QCOMPARE(talk.dataset.pairs.at(0).rejected, std::string("false"));
            QVERIFY((talk.dataset.pairs[0].turns == std::vector<ChatMessage> {{"user", "Q"}}));
        }
    }

    void splitsInTheRecords()
    {
        std::string text;
        for (const char* split : {"train", "valid1", "train", "valid2"}) {
            Json record = Json::parse(R"({"info":{"title":"T"},"summaries":[{"text":"A"},{"text":"B"}],"choice":0})");
            record["info"]["post"] = std::to_string(text.size());
            record["split"] = split;
            text += record.dump() + "\n";
        }
        const auto file = write("tldr.jsonl", text);
        ImportOptions options;
        QCOMPARE(importDataset(file, options).report.imported, 4);
        options.split = "train";
        QCOMPARE(importDataset(file, options).report.imported, 2);
        options.split = "valid1";
        QCOMPARE(importDataset(file, options).dataset.pairs.at(0).line, 2);
        options.split = "test";
        try {
            importDataset(file, options);
            QFAIL("it was imported");
        } catch (const std::exception& error) {
            QVERIFY2(QByteArray(error.what()).contains("train, valid1, valid2"), error.what());
        }
    }
};

QTEST_GUILESS_MAIN(TestFormats)
#include "tst_formats.moc"

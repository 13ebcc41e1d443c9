// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/dataset_inspection.h"
#include "core/support/file.h"
#include "tests/common/engine_events.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

/// Chat, rewards of typed answers and the inspection of data, with the real engine on the small models of the parity
/// tests.
class TestTalk : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::shared_ptr<Project> m_project;

    fs::path folder() const { return m_folder.path().toStdString(); }
    std::string model(const char* name) const { return (folder() / name).string(); }

    template<class Wanted>
    std::vector<Wanted> run(const Command& command, const std::function<void(const Event&)>& hear = {}) const
    {
        return eventsOf<Wanted>(m_project, command, hear);
    }

    static ChatTurn turn(const std::vector<std::string>& models, const std::string& text)
    {
        ChatTurn command;
        for (const std::string& name : models)
            command.sides.push_back({name, {}, {{"user", text}}});
        command.maxNewTokens = 6;
        command.greedy = true;
        return command;
    }

private Q_SLOTS:
    void initTestCase()
    {
        const fs::path parity = fs::path(MPO_FIXTURES) / "parity";
        for (const char* name : {"llama", "qwen2", "llama_reward"}) {
            fs::copy(parity / "models" / name, folder() / name);
            for (const auto& entry : fs::directory_iterator(parity / "tokenizer"))
                fs::copy(entry.path(), folder() / name / entry.path().filename());
        }
        m_project = Project::open(folder() / "test.mpo");
    }

    /// The same tokens as `mpo sample --greedy` of the same prompt.
    void chatSaysWhatSampleSays()
    {
        ChatTurn command = turn({model("llama"), model("qwen2")}, "hello there");
        const auto answers = run<ChatAnswered>(command);
        QCOMPARE(answers.size(), std::size_t(2));
        std::ofstream(folder() / "prompt.jsonl") << "{\"prompt\": \"\\n\\nHuman: hello there\\n\\nAssistant:\"}\n";
        for (std::size_t side = 0; side < 2; ++side) {
            SampleResponses sample;
            sample.model = command.sides[side].model;
            sample.data = (folder() / "prompt.jsonl").string();
            sample.greedy = true;
            sample.maxNewTokens = 6;
            const auto sampled = run<ResponsesSampled>(sample).front().responses->front();
            QCOMPARE(answers[side].side, side);
            QCOMPARE(answers[side].text, sampled.text);
            QCOMPARE(answers[side].tokens, std::int64_t(sampled.ids.size()));
            QCOMPARE(answers[side].finished, sampled.finished);
            QVERIFY(!answers[side].score);
        }
    }

    /// What is written so far is a beginning of the answer, also where its last character has come only in part.
    void answerGrows()
    {
        ChatTurn command = turn({model("llama"), model("qwen2")}, "hello there");
        command.greedy = false;
        command.temperature = 2.0; // bytes in any order
        command.maxNewTokens = 400;
        for (const std::uint64_t seed : {1, 2, 3}) {
            command.seed = seed;
            std::vector<ChatWriting> texts;
            const auto answers = run<ChatAnswered>(command, [&](const Event& event) {
                if (const auto* text = std::get_if<ChatWriting>(&event))
                    texts.push_back(*text);
            });
            QVERIFY(texts.size() >= 2); // the first token of each side is told at once
            for (const ChatWriting& text : texts) {
                QVERIFY(answers.at(text.side).text.starts_with(text.text));
                QVERIFY(!text.text.ends_with("\xEF\xBF\xBD"));
                QCOMPARE(QString::fromUtf8(text.text.data()).toUtf8().toStdString(), text.text);
            }
            for (std::size_t i = 1; i < texts.size(); ++i)
                QVERIFY(texts[i - 1].side < texts[i].side || texts[i].text.starts_with(texts[i - 1].text));
        }
    }

    /// Who stops has what is written, and the other side does not begin.
    void stopKeepsWhatIsWritten()
    {
        ChatTurn command = turn({model("llama"), model("qwen2")}, "hello there");
        command.rewardModel = model("llama_reward");
        command.greedy = false;
        command.maxNewTokens = 4000;
        std::mutex mutex;
        std::condition_variable wake;
        std::vector<ChatAnswered> answers;
        std::optional<CommandFinished> finished;
        std::unique_ptr<Engine> engine;
        engine = std::make_unique<Engine>(m_project, [&](Event event) {
            const std::lock_guard lock(mutex);
            if (std::holds_alternative<ChatWriting>(event))
                engine->cancel();
            if (auto* answer = std::get_if<ChatAnswered>(&event))
                answers.push_back(*answer);
            if (auto* end = std::get_if<CommandFinished>(&event))
                finished = *end;
            wake.notify_all();
        });
        engine->post(command);
        {
            std::unique_lock lock(mutex);
            wake.wait(lock, [&] { return finished.has_value(); });
        }
        QVERIFY(finished->outcome == CommandFinished::Outcome::Cancelled);
        QCOMPARE(answers.size(), std::size_t(1));
        QVERIFY(!answers.front().finished && !answers.front().score);
        QVERIFY(answers.front().tokens >= 1 && answers.front().tokens < 4000);
    }

    /// The same numbers as `mpo score` of a data set with these responses.
    void rewardsAreThoseOfScore()
    {
        ScoreAnswers command;
        command.rewardModel = model("llama_reward");
        command.dialogue = {{"user", "a prompt"}};
        command.plain = true;
        command.answers = {"yes", "certainly not", "maybe"};
        const auto scores = run<AnswersScored>(command).front().scores;
        QCOMPARE(scores.size(), std::size_t(3));
        std::ofstream(folder() / "pairs.jsonl")
            << "{\"prompt\": \"a prompt\", \"chosen\": \"yes\", \"rejected\": \"certainly not\"}\n"
               "{\"prompt\": \"a prompt\", \"chosen\": \"maybe\", \"rejected\": \"yes\"}\n";
        ScorePairs score;
        score.rewardModel = command.rewardModel;
        score.data = (folder() / "pairs.jsonl").string();
        const auto pairs = run<PairsScored>(score).front().scores;
        const double expected[] {(*pairs)[0].chosen, (*pairs)[0].rejected, (*pairs)[1].chosen};
        for (std::size_t i = 0; i < 3; ++i)
            QVERIFY2(std::abs(scores[i] - expected[i]) < 1e-5, qPrintable(QString::number(scores[i] - expected[i])));
        QVERIFY(scores[0] != scores[1]);
    }

    void answersAreScored()
    {
        ChatTurn command = turn({model("llama")}, "hello");
        command.rewardModel = model("llama_reward");
        const ChatAnswered answer = run<ChatAnswered>(command).front();
        QVERIFY(answer.text.empty() || answer.score);
    }

    void whatCannotBeSaysWhy()
    {
        QVERIFY(messageOf([&] { run<ChatAnswered>(turn({model("llama_reward")}, "x")); }).find("cannot write responses")
            != std::string::npos);
        QVERIFY(messageOf([&] { run<ChatAnswered>(turn({"nobody"}, "x")); }).find("nobody") != std::string::npos);
        QVERIFY(messageOf([&] { run<ChatAnswered>(turn({}, "x")); }).find("No model") != std::string::npos);
        ChatTurn command = turn({model("llama")}, "x");
        command.sides.front().dialogue.push_back({"assistant", "y"});
        QVERIFY(messageOf([&] { run<ChatAnswered>(command); }).find("must end with") != std::string::npos);
        ScoreAnswers score;
        score.rewardModel = model("llama");
        score.dialogue = {{"user", "x"}};
        QVERIFY(messageOf([&] { run<AnswersScored>(score); }).find("are needed") != std::string::npos);
        score.answers = {"y"};
        QVERIFY(messageOf([&] { run<AnswersScored>(score); }).find("not a reward model") != std::string::npos);
    }

    void dataIsLookedThrough()
    {
        Dataset data;
        data.name = "train";
        for (const auto& [prompt, chosen, rejected] : std::initializer_list<std::array<const char*, 3>> {
                 {"one", "a", "b"}, {"one", "b", "a"}, {"two", "c c c", "d"}}) {
            PreferencePair pair;
            pair.prompt = prompt;
            pair.chosen = chosen;
            pair.rejected = rejected;
            data.pairs.push_back(pair);
        }
        m_project->addDataset(data, "test");
        Dataset test {"test", DatasetKind::Pairs, {data.pairs[2]}};
        m_project->addDataset(test, "test");
        double share = 0.0;
        const DatasetFindings plain
            = inspectDataset(*m_project, "train", {}, "test", {}, [&](double done) { share = done; });
        QCOMPARE(share, 1.0);
        QCOMPARE(plain.conflictRows, (std::vector<RowPair> {{0, 1}}));
        QCOMPARE(plain.leakRows, (std::vector<RowPair> {{2, 0}}));
        QCOMPARE(plain.promptLengths, (std::vector<std::int32_t> {3, 3, 3}));

        const DatasetFindings tokens = inspectDataset(*m_project, "train", model("llama"), {});
        QVERIFY(tokens.inTokens && tokens.leakRows.empty());
        const TokenPreview preview(model("llama"));
        for (std::size_t i = 0; i < 3; ++i) {
            const TokenPreview::Row row = preview.row(data.pairs[i], DatasetKind::Pairs);
            QCOMPARE(tokens.promptLengths[i], std::int32_t(row.prompt.tokens));
            QCOMPARE(tokens.chosenLengths[i], std::int32_t(row.chosen.tokens));
            QCOMPARE(tokens.rejectedLengths[i], std::int32_t(row.rejected.tokens));
        }
        std::stop_source stopped;
        stopped.request_stop();
        QCOMPARE(messageOf([&] { inspectDataset(*m_project, "train", {}, {}, stopped.get_token()); }),
            std::string("Stopped"));
        QVERIFY(messageOf([&] { inspectDataset(*m_project, "nothing", {}, {}); }).find("nothing") != std::string::npos);
    }

    /// A template writes its tokens around the turns; what a user writes stays text.
    void specialTokensAreVisible()
    {
        const fs::path chat = folder() / "chat";
        fs::create_directories(chat);
        fs::copy(fs::path(MPO_FIXTURES) / "chat" / "chat_tokenizer.json", chat / "tokenizer.json");
        fs::copy(fs::path(MPO_FIXTURES) / "chat" / "templates" / "chatml.jinja", chat / "chat_template.jinja");
        std::ofstream(chat / "tokenizer_config.json") << R"({"eos_token": "<|im_end|>", "bos_token": "<s>"})";
        PreferencePair pair;
        pair.turns = {{"user", "say <|im_end|>"}};
        pair.prompt = "\n\nHuman: say <|im_end|>\n\nAssistant:";
        pair.chosen = "good";
        pair.rejected = "bad";
        const TokenPreview::Row row = TokenPreview(chat.string()).row(pair, DatasetKind::Pairs);
        std::string text;
        int starts = 0, ends = 0;
        for (const TokenPreview::Piece& piece : row.prompt.pieces) {
            starts += piece.special && piece.text == "<|im_start|>";
            ends += piece.special && piece.text == "<|im_end|>";
            if (!piece.special)
                text += piece.text;
        }
        QCOMPARE(starts, 2); // of the user and of the answer
        QCOMPARE(ends, 1);
        QVERIFY2(text.find("say <|im_end|>") != std::string::npos, text.c_str());
        QCOMPARE(row.chosen.pieces.front().text, std::string("good"));
        QVERIFY(row.chosen.pieces.size() >= 2 && row.chosen.pieces[1].special);
        QVERIFY(row.chosen.tokens >= 2);
    }
};

QTEST_GUILESS_MAIN(TestTalk)
#include "tst_talk.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/evaluation_report.h"
#include "core/engine/judge_calls.h"
#include "core/judge/judge_transcript.h"
#include "core/support/file.h"
#include "tests/common/engine_events.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace mpo;
namespace fs = std::filesystem;

/// A reward model and a language model of this machine as judges, with the real engine on the small models of the
/// parity tests.
class TestModelJudges : public QObject
{
    Q_OBJECT

    static constexpr int kPairs = 12;
    QTemporaryDir m_folder;
    std::shared_ptr<Project> m_project;
    std::int64_t m_session = 0;

    fs::path folder() const { return m_folder.path().toStdString(); }
    std::string model(const char* name) const { return (folder() / name).string(); }
    static bool says(const std::string& message, const char* part) { return message.find(part) != std::string::npos; }

    JudgeEvaluation byReward(const char* name = "") const
    {
        JudgeEvaluation command;
        command.kind = JudgeKind::RewardModel;
        command.evaluation = "s";
        command.model = model("llama_reward");
        command.name = name;
        return command;
    }
    JudgeEvaluation byLlama(const char* name = "") const
    {
        JudgeEvaluation command;
        command.kind = JudgeKind::Model;
        command.evaluation = "s";
        command.model = model("llama");
        command.name = name;
        command.maxTokens = 8;
        return command;
    }
    EvaluationJudged judge(const JudgeEvaluation& command) const
    {
        return eventsOf<EvaluationJudged>(m_project, command).front();
    }
    std::map<std::int64_t, JudgmentRow> verdictsOf(const std::string& annotator) const
    {
        std::map<std::int64_t, JudgmentRow> rows;
        for (const JudgmentRow& row : m_project->blindJudgments(m_session))
            if (row.annotator == annotator)
                rows[row.number] = row;
        return rows;
    }

private Q_SLOTS:
    void initTestCase()
    {
        const fs::path parity = fs::path(MPO_FIXTURES) / "parity";
        for (const char* name : {"llama", "llama_reward"}) {
            fs::copy(parity / "models" / name, folder() / name);
            for (const auto& entry : fs::directory_iterator(parity / "tokenizer"))
                fs::copy(entry.path(), folder() / name / entry.path().filename());
            // Room for a question; the rotary positions of the fixture go on.
            const fs::path config = folder() / name / "config.json";
            Json json = readJsonFile(config);
            json["max_position_embeddings"] = 4096;
            writeJsonFile(config, json);
        }
        m_project = Project::open(folder() / "test.mpo");
        Dataset data {"pairs", DatasetKind::Pairs, {}};
        for (int i = 0; i < kPairs; ++i) {
            PreferencePair pair;
            pair.prompt = "a prompt " + std::string(std::size_t(i), 'p');
            pair.chosen = std::string(std::size_t(i % 4), 'x') + " yes " + std::string(std::size_t(i % 7), 'a');
            pair.rejected = i == 5 ? pair.chosen : "no " + std::string(std::size_t(i % 5), 'b');
            data.pairs.push_back(pair);
        }
        m_project->addDataset(data, "a test");
        CreateEvaluation create;
        create.data = "pairs";
        create.name = "s";
        create.prompts = kPairs;
        create.repeats = 2;
        m_session = eventsOf<EvaluationCreated>(m_project, create).front().evaluation;
    }

    /// The winner has the higher score of `mpo score`, and the difference is kept.
    void theHigherScoreWins()
    {
        const EvaluationJudged judged = judge(byReward());
        QCOMPARE(judged.annotator, std::string("model:llama_reward")); // of a path its last part
        QCOMPARE(judged.items, std::int64_t(kPairs - 1)); // one pair is identical; repeats are for people
        QCOMPARE(judged.judged, std::int64_t(kPairs - 1));
        QCOMPARE(judged.calls, std::int64_t(kPairs - 1));
        ScorePairs score;
        score.rewardModel = model("llama_reward");
        score.data = "pairs";
        const auto scores = eventsOf<PairsScored>(m_project, score).front().scores;
        const auto items = m_project->blindItems(m_session);
        const auto rows = verdictsOf(judged.annotator);
        QCOMPARE(int(rows.size()), kPairs);
        int wins = 0, losses = 0;
        for (const auto& [number, row] : rows) {
            const EvaluationItemInput& item = items[std::size_t(number)];
            QVERIFY(item.kind == ItemKind::Ordinary);
            if (item.responseA == item.responseB) {
                QVERIFY(row.verdict == Verdict::Tie && !row.strength);
                continue;
            }
            const double gap = (*scores)[std::size_t(item.pair)].gap();
            QVERIFY2(std::abs(row.strength.value() - std::abs(gap)) < 1e-5, qPrintable(QString::number(gap)));
            QVERIFY(row.verdict == ((gap > 0.0) == row.aWasLeft ? Verdict::Left : Verdict::Right));
            ++(gap > 0.0 ? wins : losses);
        }
        QVERIFY(wins > 0 && losses > 0); // or the sides above would not be tested
    }

    void whatIsJudgedIsNotJudgedAgain()
    {
        const auto before = m_project->blindJudgments(m_session);
        QCOMPARE(judge(byReward()).calls, std::int64_t(0));
        QVERIFY(m_project->blindJudgments(m_session) == before);
        // As after a stop: three are missing.
        int undone = 0;
        for (const JudgmentRow& row : before)
            if (row.strength && undone < 3) {
                m_project->undoJudgment(m_session, row.number, row.annotator);
                ++undone;
            }
        QCOMPARE(judge(byReward()).calls, std::int64_t(3));
        const auto after = m_project->blindJudgments(m_session);
        QCOMPARE(after.size(), before.size());
        for (std::size_t i = 0; i < after.size(); ++i) {
            QVERIFY(after[i].verdict == before[i].verdict);
            QVERIFY(std::abs(after[i].strength.value_or(0.0) - before[i].strength.value_or(0.0)) < 1e-5);
        }
    }

    void aMarginMakesTies()
    {
        std::vector<double> differences;
        for (const auto& [number, row] : verdictsOf("model:llama_reward"))
            if (row.strength)
                differences.push_back(*row.strength);
        std::sort(differences.begin(), differences.end());
        JudgeEvaluation command = byReward("careful");
        command.margin = 0.5 * (differences[4] + differences[5]); // five are below
        judge(command);
        int ties = 0;
        for (const auto& [number, row] : verdictsOf("model:careful")) {
            if (!row.strength)
                continue;
            QCOMPARE(row.verdict == Verdict::Tie, *row.strength <= command.margin);
            ties += row.verdict == Verdict::Tie ? 1 : 0;
        }
        QCOMPARE(ties, 5);
        command.margin = 0.0;
        QVERIFY(says(messageOf([&] { judge(command); }), "another margin"));
        command.margin = -1.0;
        QVERIFY(says(messageOf([&] { judge(command); }), "at least 0"));
    }

    /// To a model without EOS an empty response has no token, so no score: it is unclear, also when given again.
    void whatHasNoScoreIsUnclear()
    {
        fs::copy(folder() / "llama_reward", folder() / "no_eos");
        for (const auto& [file, key] :
            {std::pair("config.json", "eos_token_id"), std::pair("tokenizer_config.json", "eos_token")}) {
            Json json = readJsonFile(folder() / "no_eos" / file);
            json.erase(key);
            writeJsonFile(folder() / "no_eos" / file, json);
        }
        Dataset data {"some empty", DatasetKind::Pairs, {}};
        for (const char* chosen : {"yes", ""}) {
            PreferencePair& pair = data.pairs.emplace_back();
            pair.prompt = "a prompt";
            pair.chosen = chosen;
            pair.rejected = " no";
        }
        m_project->addDataset(data, "a test");
        CreateEvaluation create;
        create.data = "some empty";
        create.name = "e";
        create.prompts = 2;
        eventsOf<EvaluationCreated>(m_project, create);
        JudgeEvaluation command = byReward();
        command.evaluation = "e";
        command.model = model("no_eos");
        for (const std::int64_t calls : {1, 0}) {
            const EvaluationJudged judged = judge(command);
            QCOMPARE(judged.items, std::int64_t(2));
            QCOMPARE(judged.calls, calls);
            QCOMPARE(judged.judged, std::int64_t(1));
            QCOMPARE(judged.unclear, std::int64_t(1));
        }
    }

    /// A question is the same whoever is asked: the answer is what the model says in a chat.
    void aModelOfThisMachineIsAsked()
    {
        const EvaluationJudged judged = judge(byLlama());
        QCOMPARE(judged.annotator, std::string("model:llama"));
        QCOMPARE(judged.calls, std::int64_t(2 * (kPairs - 1))); // both orders
        QCOMPARE(judged.unclear, std::int64_t(kPairs - 1)); // eight random tokens are no verdict
        for (const auto& [number, row] : verdictsOf(judged.annotator))
            QVERIFY(row.verdict == Verdict::Skip || row.comment.find("by rule") != std::string::npos);
        const ReadTranscript transcript = readTranscript(judged.transcript);
        QCOMPARE(transcript.answered.size(), std::size_t(2 * (kPairs - 1)));
        const JudgeCall& call = transcript.answered.begin()->second;
        QVERIFY(call.question.find("[Reply 1]") != std::string::npos);
        QVERIFY(call.answerTokens >= 1 && call.answerTokens <= 8);
        ChatTurn chat;
        chat.sides.push_back({model("llama"), {}, {{"user", call.question}}});
        chat.maxNewTokens = 8;
        chat.greedy = true;
        QCOMPARE(eventsOf<ChatAnswered>(m_project, chat).front().text, call.answer);
        QCOMPARE(judge(byLlama()).calls, std::int64_t(0)); // nothing is asked again
        JudgeEvaluation other = byLlama();
        other.maxTokens = 9;
        QVERIFY(says(messageOf([&] { judge(other); }), "another max_tokens"));
    }

    void answersRepeatWithTemperature()
    {
        JudgeEvaluation command = byLlama("warm");
        command.temperature = 0.9;
        command.bothOrders = false;
        const auto answersOf = [&](const char* name) {
            command.name = name;
            std::vector<std::string> answers;
            for (const auto& [key, call] : readTranscript(judge(command).transcript).answered)
                answers.push_back(call.answer);
            return answers;
        };
        const auto once = answersOf("warm"), again = answersOf("warm again");
        QCOMPARE(once.size(), std::size_t(kPairs - 1));
        QVERIFY(once == again);
        QVERIFY(std::set(once.begin(), once.end()).size() > 1);
    }

    void whatCannotJudgeSaysWhy()
    {
        JudgeEvaluation command = byLlama("x");
        command.model = model("llama_reward");
        QVERIFY(says(messageOf([&] { judge(command); }), "cannot answer questions"));
        command = byReward("x");
        command.model = model("llama");
        QVERIFY(says(messageOf([&] { judge(command); }), "not a reward model"));
        QVERIFY(says(messageOf([&] { judge(byLlama("careful")); }), "by the scores of a reward model"));
        QVERIFY(says(messageOf([&] { judge(byReward("llama")); }), "not by the scores"));
        // The fixture as it is has 64 positions, too few for a question.
        fs::copy(fs::path(MPO_FIXTURES) / "parity/models/llama/config.json", folder() / "llama/config.json",
            fs::copy_options::overwrite_existing);
        const std::string message = messageOf([&] { judge(byLlama("short")); });
        QVERIFY2(says(message, "none of 22 questions") && says(message, "reads 64 at most"), message.c_str());
        QVERIFY(verdictsOf("model:short").size() == 1); // the tie by rule
    }

    /// People decide; models are held against them, and on which items.
    void peopleAndModelsStayApart()
    {
        const auto items = m_project->blindItems(m_session);
        std::int64_t wins = 0;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (items[i].kind != ItemKind::Ordinary)
                continue;
            m_project->judge(m_session, std::int64_t(i), {items[i].aIsLeft ? Verdict::Left : Verdict::Right, "", 1.0});
            wins += items[i].responseA != items[i].responseB ? 1 : 0;
        }
        m_project->closeEvaluation(m_session);
        const SessionReport report = reportOf(openEvaluation(*m_project, "s"));
        QVERIFY(!report.fromModels);
        QCOMPARE(report.tally.wins, wins); // whatever the models say
        QCOMPARE(report.tally.losses, std::int64_t(0));
        QVERIFY(report.pairs.empty() && report.disputed.empty()); // one person
        const auto reward = std::ranges::find(report.models, "model:llama_reward", &ModelAgreement::annotator);
        QVERIFY(reward != report.models.end());
        QCOMPARE(reward->same.n, std::int64_t(kPairs));
        QVERIFY(reward->same.hits < kPairs); // A does not have the higher score everywhere
        QVERIFY(says(messageOf([&] { judge(byReward()); }), "is closed"));
        QVERIFY(says(messageOf([&] { judge(byLlama()); }), "is closed"));
    }
};

QTEST_GUILESS_MAIN(TestModelJudges)
#include "tst_model_judges.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_test.h"

#include <SQLiteCpp/Database.h>

#include <QElapsedTimer>
#include <QTest>

#include <csignal>
#include <thread>

using namespace mpo;

class TestEvaluations : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void roundTrip();
    void keyIsRefusedUntilClosed();
    void judgingAndUndoing();
    void undoneJudgmentsStayInTheLog();
    void closedOnesDoNotChange();
    void judgmentsSurviveACrash();
    void everyAcknowledgedJudgmentSurvivesAKill();
};

static const std::vector<EvaluationItemInput> kItems {
    {"first?", "a0", "b0", true, 12}, {"second?", "a1", "b1", false, -1}, {"third?", "a2", "b2", false, 7}};

static std::int64_t addSession(Project& project)
{
    auto row = named<EvaluationRow>("session");
    row.sourceA = "mpo";
    row.sourceB = "dpo";
    row.config = {{"seed", 42}};
    return project.addEvaluation(row, kItems);
}

void TestEvaluations::roundTrip()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    const auto row = project->evaluations().at(0);
    QCOMPARE(row.id, id);
    QCOMPARE(row.name, std::string("session"));
    QCOMPARE(row.sourceA, std::string("mpo"));
    QCOMPARE(row.sourceB, std::string("dpo"));
    QCOMPARE(row.config.at("seed").get<int>(), 42);
    QVERIFY(!row.closed);
    QCOMPARE(row.items, 3);
    QCOMPARE(row.judged, 0);
    const auto items = project->evaluationItems(id);
    QCOMPARE(items.size(), std::size_t(3));
    QCOMPARE(items[0].left, std::string("a0"));
    QCOMPARE(items[0].right, std::string("b0"));
    QCOMPARE(items[1].left, std::string("b1")); // A stands on the right
    QCOMPARE(items[1].right, std::string("a1"));
    QCOMPARE(items[2].prompt, std::string("third?"));
    QCOMPARE(items[2].number, 2);
    QVERIFY(!items[2].verdict);
    QVERIFY(contains(errorOf([&] { addSession(*project); }), "another evaluation"));
}

void TestEvaluations::keyIsRefusedUntilClosed()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    QVERIFY(contains(errorOf([&] { project->evaluationKey(id); }), "still blind"));
    project->closeEvaluation(id);
    QVERIFY(project->evaluations().at(0).closed);
    const auto key = project->evaluationKey(id);
    QCOMPARE(key.size(), kItems.size());
    for (std::size_t i = 0; i < key.size(); ++i) {
        QCOMPARE(key[i].prompt, kItems[i].prompt);
        QCOMPARE(key[i].responseA, kItems[i].responseA);
        QCOMPARE(key[i].responseB, kItems[i].responseB);
        QCOMPARE(key[i].aIsLeft, kItems[i].aIsLeft);
        QCOMPARE(key[i].pair, kItems[i].pair);
    }
    QVERIFY(contains(errorOf([&] { project->evaluationKey(id + 1); }), "no evaluation"));
    QVERIFY(contains(errorOf([&] { project->closeEvaluation(id + 1); }), "no evaluation"));
}

void TestEvaluations::judgingAndUndoing()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    project->judge(id, 0, Verdict::Left, "clearer", 4.5);
    project->judge(id, 1, Verdict::BothBad, "", 1.0);
    auto items = project->evaluationItems(id);
    QCOMPARE(items[0].verdict.value(), Verdict::Left);
    QCOMPARE(items[0].comment, std::string("clearer"));
    QCOMPARE(items[0].seconds, 4.5);
    QCOMPARE(items[1].verdict.value(), Verdict::BothBad);
    QCOMPARE(project->evaluations()[0].judged, 2);

    project->judge(id, 0, Verdict::Tie, "on second thought", 2.0);
    QCOMPARE(project->evaluationItems(id)[0].verdict.value(), Verdict::Tie);
    QCOMPARE(project->evaluations()[0].judged, 2);
    project->undoJudgment(id, 0);
    QVERIFY(!project->evaluationItems(id)[0].verdict); // not the first verdict again
    QCOMPARE(project->evaluations()[0].judged, 1);
    QVERIFY(contains(errorOf([&] { project->judge(id, 3, Verdict::Left, "", 0); }), "no item 3"));
    QVERIFY(contains(errorOf([&] { project->judge(id + 1, 0, Verdict::Left, "", 0); }), "no evaluation"));
}

void TestEvaluations::undoneJudgmentsStayInTheLog()
{
    const TemporaryProject temporary;
    {
        const auto project = temporary.open();
        const auto id = addSession(*project);
        project->judge(id, 0, Verdict::Left, "", 1);
        project->undoJudgment(id, 0);
        project->judge(id, 0, Verdict::Right, "", 1);
        project->judge(id, 0, Verdict::Skip, "", 1);
    }
    SQLite::Database database((temporary.folder / "project.db").string());
    QCOMPARE(database.execAndGet("SELECT group_concat(verdict) FROM (SELECT verdict FROM judgments ORDER BY id)")
                 .getString(),
        std::string("0,1,3"));
    QCOMPARE(database.execAndGet("SELECT verdict FROM judgments WHERE undone IS NULL").getInt(), 3);
}

void TestEvaluations::closedOnesDoNotChange()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    project->judge(id, 0, Verdict::Left, "", 1);
    project->closeEvaluation(id);
    QVERIFY(contains(errorOf([&] { project->judge(id, 1, Verdict::Left, "", 1); }), "is closed"));
    QVERIFY(contains(errorOf([&] { project->undoJudgment(id, 0); }), "is closed"));
    QCOMPARE(project->evaluations()[0].judged, 1);
}

void TestEvaluations::judgmentsSurviveACrash()
{
    const TemporaryProject temporary;
    QCOMPARE(exitCodeOfChild([&] {
        const auto project = temporary.open();
        const auto id = addSession(*project);
        for (int number = 0; number < 3; ++number)
            project->judge(id, number, Verdict::Right, "kept", 1.5);
        project->undoJudgment(id, 1);
        ::_exit(0);
        return 1;
    }),
        0);
    const auto items = temporary.open()->evaluationItems(1);
    QCOMPARE(items.at(0).verdict.value(), Verdict::Right);
    QVERIFY(!items.at(1).verdict);
    QCOMPARE(items.at(2).comment, std::string("kept"));
}

void TestEvaluations::everyAcknowledgedJudgmentSurvivesAKill()
{
    for (const int milliseconds : {15, 40, 65}) {
        const TemporaryProject temporary;
        constexpr std::int64_t kCount = 2000;
        temporary.open()->addEvaluation(
            named<EvaluationRow>("long"), std::vector<EvaluationItemInput>(std::size_t(kCount)));
        int channel[2];
        QCOMPARE(::pipe(channel), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto project = temporary.open();
            for (std::int64_t number = 0; number < kCount; ++number) {
                project->judge(1, number, Verdict(number % 5), "", double(number));
                if (::write(channel[1], "x", 1) != 1) // the acknowledgement
                    ::_exit(1);
            }
            ::_exit(0);
        }
        ::close(channel[1]);
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        std::int64_t acknowledged = 0;
        char buffer[256];
        for (ssize_t got = 0; (got = ::read(channel[0], buffer, sizeof buffer)) > 0;)
            acknowledged += got;
        ::close(channel[0]);

        const auto project = temporary.open();
        const auto judged = project->evaluations().at(0).judged;
        qInfo("%lld acknowledged, %lld on disk", static_cast<long long>(acknowledged), static_cast<long long>(judged));
        QVERIFY(judged == acknowledged || judged == acknowledged + 1); // one more: killed before it could say so
        const auto items = project->evaluationItems(1);
        for (std::int64_t number = 0; number < judged; ++number) {
            QCOMPARE(items[std::size_t(number)].verdict.value(), Verdict(number % 5));
            QCOMPARE(items[std::size_t(number)].seconds, double(number));
        }
    }
}

QTEST_GUILESS_MAIN(TestEvaluations)
#include "tst_evaluations.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_test.h"

#include <SQLiteCpp/Database.h>

#include <QElapsedTimer>
#include <QTest>

#include <csignal>
#include <fstream>
#include <sstream>
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
    void annotatorsJudgeApart();
    void annotatorsHavePlacesOfTheirOwn();
    void placesMustBeThoseOfTheItems();
    void hiddenItemsKeepWhatTheyAre();
    void judgmentsAreMerged();
    void mergingIsAllOrNothing();
    void whatHappenedIsLogged();
    void judgmentsOfOldProjectsKeepTheirSides();
    void whatIsSaidBesideTheVerdictIsKept();
    void votesAreOnCriteriaOfTheSession();
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
    project->judge(id, 0, {Verdict::Left, "clearer", 4.5});
    project->judge(id, 1, {Verdict::BothBad, "", 1.0});
    auto items = project->evaluationItems(id);
    QCOMPARE(items[0].verdict.value(), Verdict::Left);
    QCOMPARE(items[0].comment, std::string("clearer"));
    QCOMPARE(items[0].seconds, 4.5);
    QCOMPARE(items[1].verdict.value(), Verdict::BothBad);
    QCOMPARE(project->evaluations()[0].judged, 2);

    project->judge(id, 0, {Verdict::Tie, "on second thought", 2.0});
    QCOMPARE(project->evaluationItems(id)[0].verdict.value(), Verdict::Tie);
    QCOMPARE(project->evaluations()[0].judged, 2);
    project->undoJudgment(id, 0);
    QVERIFY(!project->evaluationItems(id)[0].verdict); // not the first verdict again
    QCOMPARE(project->evaluations()[0].judged, 1);
    QVERIFY(contains(errorOf([&] { project->judge(id, 3, {Verdict::Left, "", 0}); }), "no item 3"));
    QVERIFY(contains(errorOf([&] { project->judge(id + 1, 0, {Verdict::Left, "", 0}); }), "no evaluation"));
}

void TestEvaluations::undoneJudgmentsStayInTheLog()
{
    const TemporaryProject temporary;
    {
        const auto project = temporary.open();
        const auto id = addSession(*project);
        project->judge(id, 0, {Verdict::Left, "", 1});
        project->undoJudgment(id, 0);
        project->judge(id, 0, {Verdict::Right, "", 1});
        project->judge(id, 0, {Verdict::Skip, "", 1});
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
    project->judge(id, 0, {Verdict::Left, "", 1});
    project->closeEvaluation(id);
    QVERIFY(contains(errorOf([&] { project->judge(id, 1, {Verdict::Left, "", 1}); }), "is closed"));
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
            project->judge(id, number, {Verdict::Right, "kept", 1.5});
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
                project->judge(1, number, {Verdict(number % 5), "", double(number)});
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

void TestEvaluations::annotatorsJudgeApart()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    project->judge(id, 0, {Verdict::Left, "", 1}, "anna");
    project->judge(id, 0, {Verdict::Right, "", 1}, "ben");
    project->judge(id, 2, {Verdict::Tie, "", 1}, "ben");
    project->judge(id, 0, {Verdict::Skip, "", 1});
    QCOMPARE(project->evaluationItems(id, "anna")[0].verdict.value(), Verdict::Left);
    QCOMPARE(project->evaluationItems(id, "ben")[0].verdict.value(), Verdict::Right);
    QCOMPARE(project->evaluationItems(id)[0].verdict.value(), Verdict::Skip);
    QVERIFY(!project->evaluationItems(id, "anna")[2].verdict);
    QCOMPARE(project->evaluations()[0].judged, 2); // items that somebody has judged
    project->undoJudgment(id, 0, "ben");
    QVERIFY(!project->evaluationItems(id, "ben")[0].verdict);
    QCOMPARE(project->evaluationItems(id, "anna")[0].verdict.value(), Verdict::Left);
    const auto annotators = project->annotators(id);
    QCOMPARE(annotators.size(), std::size_t(3));
    QCOMPARE(annotators[0].name, std::string());
    QCOMPARE(annotators[1].name, std::string("anna"));
    QCOMPARE(annotators[2].judged, std::int64_t(1));
    QVERIFY(contains(errorOf([&] { project->judge(id, 1, {Verdict::Left, "", 1}, "two\nlines"); }), "one line"));
    QVERIFY(contains(errorOf([&] { project->judgments(id); }), "still blind"));
    QCOMPARE(project->evaluation("session").id, id);
    QVERIFY(contains(errorOf([&] { project->evaluation("other"); }), "\"session\""));
}

void TestEvaluations::annotatorsHavePlacesOfTheirOwn()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    project->joinEvaluation(id, "anna", {{2, true}, {0, false}, {1, true}});
    auto items = project->evaluationItems(id, "anna");
    QCOMPARE(items[0].number, std::int64_t(2));
    QCOMPARE(items[0].left, std::string("a2")); // the session has it on the right
    QCOMPARE(items[1].number, std::int64_t(0));
    QCOMPARE(items[1].left, std::string("b0"));
    QCOMPARE(project->evaluationItems(id)[0].left, std::string("a0"));
    project->judge(id, 0, {Verdict::Left, "", 1}, "anna"); // for b0
    project->judge(id, 0, {Verdict::Left, "", 1}, "ben"); // for a0
    project->joinEvaluation(id, "anna", {{0, true}, {1, true}, {2, true}}); // has places: nothing happens
    project->joinEvaluation(id, "ben", {{2, false}, {0, false}, {1, false}}); // has judged: nothing happens
    QCOMPARE(project->evaluationItems(id, "anna")[0].number, std::int64_t(2));
    QCOMPARE(project->evaluationItems(id, "ben")[0].left, std::string("a0"));
    project->closeEvaluation(id);
    const auto judgments = project->judgments(id);
    QCOMPARE(judgments.size(), std::size_t(2));
    QVERIFY(judgments[0].annotator == "anna" && !judgments[0].aWasLeft);
    QVERIFY(judgments[1].annotator == "ben" && judgments[1].aWasLeft);
}

void TestEvaluations::placesMustBeThoseOfTheItems()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    for (const std::vector<AnnotatorPlace>& wrong :
        {std::vector<AnnotatorPlace> {}, {{0, true}, {1, true}, {1, false}}, {{0, true}, {7, false}}, {{-1, true}}})
        QVERIFY(contains(errorOf([&] { project->joinEvaluation(id, "anna", wrong); }), "the 3 items, each once"));
    QCOMPARE(project->evaluationItems(id, "anna")[0].number, std::int64_t(0)); // nothing is left of it
    // A part of the items is all that its annotator sees; others see all.
    project->joinEvaluation(id, "ben", {{2, true}, {0, false}});
    const auto items = project->evaluationItems(id, "ben");
    QCOMPARE(items.size(), std::size_t(2));
    QCOMPARE(items[0].number, std::int64_t(2));
    QCOMPARE(items[1].left, std::string("b0"));
    QCOMPARE(project->evaluationItems(id, "anna").size(), std::size_t(3));
    project->closeEvaluation(id);
    QVERIFY(contains(errorOf([&] {
        project->joinEvaluation(id, "anna", {{0, true}, {1, true}, {2, false}});
    }),
        "is closed"));
}

void TestEvaluations::hiddenItemsKeepWhatTheyAre()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    std::vector<EvaluationItemInput> items = kItems;
    items[1].kind = ItemKind::Gold;
    items[2].kind = ItemKind::Repeat;
    items[2].repeatOf = 0;
    items[0].scoreA = 1.5;
    items[0].scoreB = -0.25;
    const auto id = project->addEvaluation(named<EvaluationRow>("hidden"), items);
    const auto stored = project->blindItems(id);
    QVERIFY(stored[0].kind == ItemKind::Ordinary && stored[1].kind == ItemKind::Gold);
    QVERIFY(stored[2].kind == ItemKind::Repeat && stored[2].repeatOf == 0);
    QVERIFY(!stored[0].repeatOf && stored[0].scoreA == 1.5 && stored[0].scoreB == -0.25 && !stored[1].scoreA);
}

void TestEvaluations::judgmentsAreMerged()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    project->judge(id, 0, {Verdict::Left, "mine", 1}, "anna");
    const JudgmentRow own = project->blindJudgments(id).at(0);
    const JudgmentRow bens {{Verdict::Right, "his", 2.5}, 1, "ben", true, "2001-01-01T00:00:00Z"};
    const auto merged = project->mergeJudgments(id, {own, bens}, "there");
    QCOMPARE(merged.added, std::int64_t(1));
    QCOMPARE(merged.known, std::int64_t(1));
    QVERIFY(project->blindJudgments(id).at(1) == bens); // to the last field
    const auto again = project->mergeJudgments(id, {own, bens}, "there");
    QVERIFY(again.added == 0 && again.known == 2);

    JudgmentRow older = own, later = own;
    older.created = "2000-01-01T00:00:00Z";
    older.verdict = later.verdict = Verdict::Tie;
    later.created = "2999-01-01T00:00:00Z";
    QCOMPARE(project->mergeJudgments(id, {older}, "there").older, std::int64_t(1));
    QCOMPARE(project->evaluationItems(id, "anna")[0].verdict.value(), Verdict::Left);
    QCOMPARE(project->mergeJudgments(id, {later}, "there").replaced, std::int64_t(1));
    QCOMPARE(project->evaluationItems(id, "anna")[0].verdict.value(), Verdict::Tie);
    QCOMPARE(project->blindJudgments(id).size(), std::size_t(2));
    QVERIFY(contains(project->evaluationLog(id).at(0).text, "1 judgments added"));
    project->closeEvaluation(id);
    QVERIFY(contains(errorOf([&] { project->mergeJudgments(id, {bens}, "there"); }), "is closed"));
}

void TestEvaluations::mergingIsAllOrNothing()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    const JudgmentRow good {{Verdict::Right, "", 1}, 1, "ben", true, "2001-01-01T00:00:00Z"};
    JudgmentRow bad = good;
    bad.number = 17;
    QVERIFY(contains(errorOf([&] { project->mergeJudgments(id, {good, bad}, "FROM"); }), "FROM: judges the item 17"));
    QVERIFY(project->blindJudgments(id).empty() && project->evaluationLog(id).empty());
}

void TestEvaluations::whatHappenedIsLogged()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSession(*project);
    project->logEvaluation(id, "opened early");
    project->closeEvaluation(id);
    const auto log = project->evaluationLog(id);
    QCOMPARE(log.size(), std::size_t(2));
    QCOMPARE(log[0].text, std::string("opened early"));
    QCOMPARE(log[1].text, std::string("closed"));
    QVERIFY(log[0].created.size() == 20 && log[0].created.ends_with('Z'));
}

/// A project of the first version: judgments there had the sides of their items.
void TestEvaluations::judgmentsOfOldProjectsKeepTheirSides()
{
    const TemporaryProject temporary;
    std::filesystem::create_directories(temporary.folder);
    {
        std::ostringstream sql;
        sql << std::ifstream(MPO_FIXTURES "/store/schema1.sql").rdbuf();
        SQLite::Database database(
            (temporary.folder / "project.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec(sql.str());
        database.exec(R"sql(
            INSERT INTO evaluations VALUES(1, 'old', 'a', 'b', '{}', 1, '2026-01-01T00:00:00Z');
            INSERT INTO evaluation_items VALUES(1, 0, 'p', 'x', 'y', 1, -1), (1, 1, 'q', 'x', 'y', 0, 3);
            INSERT INTO judgments VALUES(1, 1, 0, 0, 'c', 2.0, '2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z'),
                (2, 1, 0, 1, '', 2.0, '2026-01-01T00:00:03Z', NULL), (3, 1, 1, 0, '', 2.0, '2026-01-01T00:00:04Z', NULL);
        )sql");
    }
    const auto project = temporary.open();
    const auto judgments = project->judgments(1);
    QCOMPARE(judgments.size(), std::size_t(2));
    QVERIFY(judgments[0].aWasLeft && judgments[0].verdict == Verdict::Right && judgments[0].annotator.empty());
    QVERIFY(!judgments[1].aWasLeft && judgments[1].verdict == Verdict::Left);
    QVERIFY(project->evaluationKey(1)[0].kind == ItemKind::Ordinary);
    QVERIFY(!judgments[0].flagged && judgments[0].votes.empty() && !judgments[0].strength);
}

static std::int64_t addSessionWith(Project& project, const Json& criteria)
{
    auto row = named<EvaluationRow>("asks");
    row.config = {{"criteria", criteria}};
    return project.addEvaluation(row, kItems);
}

void TestEvaluations::whatIsSaidBesideTheVerdictIsKept()
{
    const TemporaryProject temporary;
    const Judgment full {
        Verdict::Left, "why", 3.5, true, {{"harmless", Verdict::Tie}, {"helpful", Verdict::Right}}, 2.0};
    std::int64_t id = 0;
    {
        const auto project = temporary.open();
        id = addSessionWith(*project, {"helpful", "harmless"});
        project->judge(id, 1, full, "anna");
        project->judge(id, 1, {Verdict::Tie, "", 1.0, true}, "ben");
    }
    const auto project = temporary.open();
    const auto items = project->evaluationItems(id, "anna");
    QVERIFY(items[1].verdict == Verdict::Left && items[1].flagged && items[1].votes == full.votes);
    QCOMPARE(items[1].strength, full.strength);
    QVERIFY(!items[0].flagged && items[0].votes.empty() && !items[0].strength);
    const JudgmentRow stored = project->blindJudgments(id).at(0);
    QVERIFY(static_cast<const Judgment&>(stored) == full);

    // Undone, all of it is; and a copy brings all of it.
    project->undoJudgment(id, 1, "anna");
    QVERIFY(!project->evaluationItems(id, "anna")[1].flagged);
    QCOMPARE(project->mergeJudgments(id, {stored}, "there").added, std::int64_t(1));
    QVERIFY(project->blindJudgments(id).at(0) == stored);
    JudgmentRow other = stored;
    other.votes.pop_back();
    other.created = "2999-01-01T00:00:00Z";
    QCOMPARE(project->mergeJudgments(id, {other}, "there").replaced, std::int64_t(1)); // one vote less is another one
    QCOMPARE(project->blindJudgments(id).at(0).votes.size(), std::size_t(1));
}

void TestEvaluations::votesAreOnCriteriaOfTheSession()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const auto id = addSessionWith(*project, {"helpful"});
    const Judgment foreign {Verdict::Left, "", 1.0, false, {{"clarity", Verdict::Left}}};
    QVERIFY(contains(errorOf([&] { project->judge(id, 0, foreign); }), "\"clarity\", which is no criterion"));
    QVERIFY(!project->evaluationItems(id)[0].verdict);
    const JudgmentRow row {foreign, 0, "ben", true, "2001-01-01T00:00:00Z"};
    QVERIFY(contains(errorOf([&] { project->mergeJudgments(id, {row}, "there"); }), "no criterion"));
    const Judgment negative {Verdict::Left, "", 1.0, false, {}, -1.0};
    QVERIFY(contains(errorOf([&] { project->judge(id, 0, negative); }), "at least 0"));
    for (const Json& criteria : {Json {"overall"}, Json {"helpful", "helpful"}, Json {7}})
        QVERIFY(!errorOf([&] {
            auto row = named<EvaluationRow>("refused");
            row.config = {{"criteria", criteria}};
            project->addEvaluation(row, kItems);
        }).empty());
    QCOMPARE(project->evaluations().size(), std::size_t(1));
}

QTEST_GUILESS_MAIN(TestEvaluations)
#include "tst_evaluations.moc"

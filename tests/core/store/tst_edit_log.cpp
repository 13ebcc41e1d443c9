// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_test.h"

#include <QTest>

using namespace mpo;

namespace {

using Numbers = std::vector<std::int64_t>;

} // namespace

class TestEditLog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void survivesARestart()
    {
        const TemporaryProject temporary;
        {
            const auto project = temporary.open();
            project->addDataset(smallDataset("pairs", 10), "test");
            project->addDataset(smallDataset("others", 10), "test");
            const auto first = project->editPairs("pairs", PairEdit::Flip, {7, 2, 7}, "Ada");
            QVERIFY(first && first->number == 1);
            QCOMPARE(first->pairs, (Numbers {2, 7}));
            // What is so already is no part of a change, and all of it is none.
            QCOMPARE(project->editPairs("pairs", PairEdit::Flip, {2, 3}, "Ada")->pairs, (Numbers {3}));
            QVERIFY(!project->editPairs("pairs", PairEdit::Flip, {2, 3}, "Ada"));
            QVERIFY(!project->editPairs("pairs", PairEdit::Keep, {0}, "Ada"));
            project->editPairs("pairs", PairEdit::Drop, {3, 9}, "Bob");
            QCOMPARE(project->undoPairEdit("pairs", "Bob")->of, 3);
        }
        const auto project = temporary.open();
        const auto log = project->pairEditLog("pairs");
        QCOMPARE(log.size(), std::size_t(4));
        QCOMPARE(log[2].who, std::string("Bob"));
        QCOMPARE(log[2].edit, PairEdit::Drop);
        QCOMPARE(log[3].kind, PairChange::Kind::Undo);
        QCOMPARE(log[3].pairs, (Numbers {3, 9})); // those of the change that was taken back
        QVERIFY(!log[0].created.empty());
        QCOMPARE(project->pairEdits("pairs").flipped, (Numbers {2, 3, 7}));
        QVERIFY(project->pairEdits("pairs").dropped.empty());
        QCOMPARE(project->pairEdits("pairs", 3).dropped, (Numbers {3, 9}));
        QCOMPARE(project->redoPairEdit("pairs", "Bob")->of, 3);
        QVERIFY(!project->redoPairEdit("pairs", "Bob"));
        QCOMPARE(project->pairEdits("pairs").dropped, (Numbers {3, 9}));
        QCOMPARE(project->pairEdits("pairs").revision, 5);
        for (int i = 0; i < 3; ++i)
            QVERIFY(project->undoPairEdit("pairs", ""));
        QVERIFY(!project->undoPairEdit("pairs", ""));
        QVERIFY(project->pairEdits("pairs").empty());
        QVERIFY(project->pairEditLog("others").empty()); // each data set has its own
        // The data set is as it was.
        QCOMPARE(project->loadDataset("pairs").digest(), smallDataset("pairs", 10).digest());
        QCOMPARE(project->loadDataset("pairs").pairs[2].chosen, std::string("chosen 2"));
    }

    void saysWhatIsWrong()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        project->addDataset(smallDataset("pairs", 3), "test");
        auto prompts = smallDataset("prompts", 3);
        prompts.kind = DatasetKind::Prompts;
        project->addDataset(prompts, "test");
        const auto problem = [&](const char* data, Numbers pairs, const char* who) {
            return errorOf([&] { project->editPairs(data, PairEdit::Flip, std::move(pairs), who); });
        };
        QVERIFY(contains(problem("none", {0}, ""), "\"pairs\""));
        QVERIFY(contains(problem("pairs", {3}, ""), "there is no pair 4; the data set has 3"));
        QVERIFY(contains(problem("pairs", {-1}, ""), "there is no pair 0"));
        QVERIFY(contains(problem("pairs", {0}, "two\nlines"), "one line"));
        QVERIFY(contains(problem("prompts", {0}, ""), "only preference pairs"));
        QVERIFY(contains(errorOf([&] { project->pairEdits("pairs", 1); }), "no revision 1"));
        QVERIFY(project->pairEditLog("pairs").empty());
    }

    /// A data set that comes later has neither the log of its name nor of its place in the table.
    void goesWithTheDataset()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        project->addDataset(smallDataset("pairs", 3), "test");
        project->editPairs("pairs", PairEdit::Drop, {1}, "");
        project->removeDataset("pairs");
        project->addDataset(smallDataset("pairs", 3), "test");
        QVERIFY(project->pairEditLog("pairs").empty());
    }

    void splitsSayWhatTheyWereMadeWith()
    {
        const TemporaryProject temporary;
        auto row = namedFor<SplitRow>("split", "pairs");
        row.split = splitPairs(std::vector<double> {1.0, -2.0, 0.5, 3.0},
            {SplitRule::By::Gap, 0.6, false, {}, ContradictoryAction::TreatAsHard}, {12, {1}, {3}});
        {
            const auto project = temporary.open();
            project->addSplit(row);
        }
        const Split split = temporary.read()->loadSplit("split").split;
        QCOMPARE(split.edits, 12);
        QCOMPARE(split.flippedByHand, (Numbers {1}));
        QVERIFY(split.buckets == row.split.buckets);
        QCOMPARE(split.buckets[3], Bucket::Dropped);
        QCOMPARE(split.easyPairs(), (Numbers {0, 1}));
    }
};

QTEST_GUILESS_MAIN(TestEditLog)
#include "tst_edit_log.moc"

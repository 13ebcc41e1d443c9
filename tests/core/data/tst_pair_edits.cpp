// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/pair_edits.h"
#include "core/data/reward_gap.h"
#include "core/support/error.h"
#include "tests/common/near.h"

#include <cmath>

using namespace mpo;

namespace {

using Numbers = std::vector<std::int64_t>;

PairChange edit(std::int64_t number, PairEdit what, Numbers pairs)
{
    PairChange change;
    change.number = number;
    change.edit = what;
    change.pairs = std::move(pairs);
    return change;
}

PairChange repeat(std::int64_t number, PairChange::Kind kind, std::int64_t of)
{
    PairChange change;
    change.number = number;
    change.kind = kind;
    change.of = of;
    return change;
}

} // namespace

class TestPairEdits : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theLogIsReplayed()
    {
        constexpr auto kUndo = PairChange::Kind::Undo, kRedo = PairChange::Kind::Redo;
        const std::vector<PairChange> log {edit(1, PairEdit::Flip, {2, 5}), edit(2, PairEdit::Drop, {5, 7}),
            edit(3, PairEdit::Keep, {2}), repeat(4, kUndo, 3), repeat(5, kUndo, 2), repeat(6, kRedo, 2),
            edit(7, PairEdit::Drop, {0})};
        const auto after = [&](std::size_t count) { return editsAfter(std::span(log).first(count)); };
        QVERIFY(after(0).empty() && after(0).revision == 0);
        QCOMPARE(after(1).flipped, (Numbers {2, 5}));
        QCOMPARE(after(2).flipped, (Numbers {2})); // what is dropped later is no longer flipped
        QCOMPARE(after(2).dropped, (Numbers {5, 7}));
        QVERIFY(after(3).flipped.empty());
        QCOMPARE(after(4).flipped, (Numbers {2}));
        QCOMPARE(after(5).flipped, (Numbers {2, 5})); // the drop is taken back, so the older flip counts again
        QVERIFY(after(5).dropped.empty());
        QCOMPARE(after(6).dropped, (Numbers {5, 7}));
        QCOMPARE(after(7).dropped, (Numbers {0, 5, 7}));
        QCOMPARE(after(7).revision, 7);
        QCOMPARE(after(7).of(2), PairEdit::Flip);
        QCOMPARE(after(7).of(5), PairEdit::Drop);
        QCOMPARE(after(7).of(3), PairEdit::Keep);

        const auto undo = [&](std::size_t count) { return undoable(std::span(log).first(count)).value_or(0); };
        const auto redo = [&](std::size_t count) { return redoable(std::span(log).first(count)).value_or(0); };
        const Numbers undos {0, 1, 2, 3, 2, 1, 2, 7}, redos {0, 0, 0, 0, 3, 2, 3, 0};
        for (std::size_t count = 0; count <= log.size(); ++count) {
            QCOMPARE(undo(count), undos[count]);
            QCOMPARE(redo(count), redos[count]);
        }
        const std::vector<PairChange> wrong {edit(1, PairEdit::Flip, {2}), repeat(2, kUndo, 2)};
        QVERIFY_THROWS_EXCEPTION(Error, editsAfter(wrong));
    }

    void numbersAsPeopleWriteThem()
    {
        QCOMPARE(pairNumbersFrom("3,17,20-25,4,3"), (Numbers {2, 3, 16, 19, 20, 21, 22, 23, 24}));
        QCOMPARE(pairNumbersText(Numbers {2, 3, 16, 19, 20, 21, 22, 23, 24}), std::string("3,4,17,20-25"));
        QCOMPARE(pairNumbersText({}), std::string());
        for (const char* wrong : {"", "0", "-3", "3,", "5-3", "a", "1.5", "3 4", "1-999999999999"})
            QVERIFY_THROWS_EXCEPTION(Error, pairNumbersFrom(wrong));
    }

    /// Gaps 2, -3, 0.5, -1, none, 4 with pair 1 flipped (to 3), pair 3 flipped (to 1) and pair 5 dropped.
    void aSplitTakesThemIn()
    {
        const std::vector<double> gaps {2.0, -3.0, 0.5, -1.0, std::nan(""), 4.0};
        PairEdits edits {9, {1, 3}, {5}};
        SplitRule rule {SplitRule::By::Gap, 0.75, false, {}, ContradictoryAction::TreatAsHard};
        const Split split = splitPairs(gaps, rule, edits);
        QCOMPARE(split.easyPairs(), (Numbers {0, 1, 3}));
        QCOMPARE(split.hardPairs(), (Numbers {2, 4}));
        QCOMPARE(split.counts().dropped, 1);
        QCOMPARE(split.edits, 9);
        for (const std::int64_t pair : {0, 1, 2, 3, 4, 5})
            QCOMPARE(split.flipped(pair), pair == 1 || pair == 3);
        QCOMPARE(split.handEdits().flipped, edits.flipped);
        QCOMPARE(split.handEdits().dropped, edits.dropped);
        // Half of the four pairs that have a gap and are not dropped: 3 and 2 of 3, 2, 1, 0.5.
        rule = {SplitRule::By::EasyShare, 0.5, false, {}, ContradictoryAction::TreatAsHard};
        QCOMPARE(splitPairs(gaps, rule, edits).easyPairs(), (Numbers {0, 1}));
        // A pair that hands have turned against the reward model is contradictory, and the rule may turn it back.
        edits = {2, {0}, {}};
        rule = {SplitRule::By::Gap, 0.0, false, 1.5, ContradictoryAction::Flip};
        const Split twice = splitPairs(gaps, rule, edits);
        QCOMPARE(twice.buckets[0], Bucket::Contradictory);
        QVERIFY(!twice.flipped(0) && twice.flipped(1));
        // Edits of pairs beyond a limited scoring change nothing.
        edits = {4, {17}, {18}};
        QCOMPARE(splitPairs(gaps, rule, edits).counts().dropped, 0);
        QVERIFY(splitPairs(gaps, rule, edits).flippedByHand.empty());
    }
};

QTEST_GUILESS_MAIN(TestPairEdits)
#include "tst_pair_edits.moc"

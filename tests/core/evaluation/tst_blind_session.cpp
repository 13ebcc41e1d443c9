// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/blind_session.h"
#include "core/support/error.h"
#include "tests/common/near.h"

#include <algorithm>
#include <map>
#include <set>

using namespace mpo;

namespace {

struct Lists
{
    std::vector<std::string> prompts, first, second;
};

Lists listsOf(int count)
{
    Lists lists;
    for (int i = 0; i < count; ++i) {
        lists.prompts.push_back("prompt " + std::to_string(i));
        lists.first.push_back("a" + std::to_string(i));
        lists.second.push_back("b" + std::to_string(i));
    }
    return lists;
}

BlindSession sessionOf(const Lists& lists, std::uint64_t seed)
{
    return makeBlindSession(lists.prompts, lists.first, lists.second, seed);
}

} // namespace

class TestBlindSession : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyPromptOnceWithItsOwnResponses()
    {
        const Lists lists = listsOf(101);
        const BlindSession session = sessionOf(lists, 7);
        QCOMPARE(session.items.size(), std::size_t(101));
        std::set<std::int64_t> seen;
        std::int64_t left = 0;
        for (std::size_t i = 0; i < session.items.size(); ++i) {
            const BlindItem& item = session.items[i];
            const EvaluationKey& key = session.key[i];
            const auto prompt = std::size_t(key.prompt);
            seen.insert(key.prompt);
            left += key.leftIsFirst;
            QCOMPARE(item.number, std::int64_t(i));
            QCOMPARE(item.prompt, lists.prompts[prompt]);
            QCOMPARE(item.left, (key.leftIsFirst ? lists.first : lists.second)[prompt]);
            QCOMPARE(item.right, (key.leftIsFirst ? lists.second : lists.first)[prompt]);
            QVERIFY(!key.identical);
        }
        QCOMPARE(seen.size(), std::size_t(101));
        QVERIFY(left == 50 || left == 51);
    }

    /// The drawing must not be guessable: neither order nor side may be those of the input, and another seed draws
    /// others.
    void orderAndSidesAreDrawn()
    {
        const Lists lists = listsOf(60);
        const BlindSession one = sessionOf(lists, 1), again = sessionOf(lists, 1), other = sessionOf(lists, 2);
        int moved = 0, otherPrompt = 0, otherSide = 0, alternating = 0;
        for (std::size_t i = 0; i < 60; ++i) {
            QCOMPARE(one.items[i].left, again.items[i].left);
            moved += one.key[i].prompt != std::int64_t(i);
            otherPrompt += one.key[i].prompt != other.key[i].prompt;
            otherSide += one.key[i].leftIsFirst != other.key[i].leftIsFirst;
            alternating += i > 0 && one.key[i].leftIsFirst != one.key[i - 1].leftIsFirst;
        }
        QVERIFY(moved > 45 && otherPrompt > 45);
        QVERIFY(otherSide > 15 && otherSide < 45);
        QVERIFY(alternating > 15 && alternating < 45);
    }

    /// A single item falls on both sides over the seeds.
    void oddItemGoesEitherWay()
    {
        const Lists lists = listsOf(1);
        int left = 0;
        for (std::uint64_t seed = 0; seed < 200; ++seed)
            left += sessionOf(lists, seed).key[0].leftIsFirst;
        QVERIFY(left > 60 && left < 140);
    }

    void listsOfDifferentLengthAreRefused()
    {
        Lists lists = listsOf(3);
        lists.second.pop_back();
        QVERIFY_THROWS_EXCEPTION(Error, sessionOf(lists, 1));
        QVERIFY(sessionOf(listsOf(0), 1).items.empty());
    }

    void identicalResponsesAreFlagged()
    {
        Lists lists = listsOf(4);
        lists.second[2] = lists.first[2];
        for (const EvaluationKey& key : sessionOf(lists, 3).key)
            QCOMPARE(key.identical, key.prompt == 2);
    }

    void checksAreHiddenAmongTheItems()
    {
        const Lists lists = listsOf(40);
        SessionChecks checks {12, {{"gold 0", "good", "bad"}, {"gold 1", "fine", "poor"}}};
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const BlindSession session = makeBlindSession(lists.prompts, lists.first, lists.second, seed, checks);
            QCOMPARE(session.items.size(), std::size_t(54));
            std::set<std::int64_t> repeated;
            std::int64_t gold = 0, left = 0;
            for (std::size_t i = 0; i < session.items.size(); ++i) {
                const EvaluationKey& key = session.key[i];
                const BlindItem& item = session.items[i];
                QCOMPARE(item.number, std::int64_t(i));
                if (key.kind == ItemKind::Gold) {
                    ++gold;
                    QCOMPARE(item.prompt, checks.gold[std::size_t(key.prompt)].prompt);
                    QCOMPARE(key.leftIsFirst ? item.left : item.right, checks.gold[std::size_t(key.prompt)].better);
                } else if (key.kind == ItemKind::Repeat) {
                    const BlindItem& original = session.items[std::size_t(key.repeatOf)];
                    QVERIFY(repeated.insert(key.repeatOf).second);
                    QCOMPARE(session.key[std::size_t(key.repeatOf)].kind, ItemKind::Ordinary);
                    QVERIFY(key.repeatOf + kRepeatDistance < std::int64_t(i));
                    QCOMPARE(item.prompt, original.prompt);
                    QCOMPARE(item.left, original.right);
                    QCOMPARE(item.right, original.left);
                } else {
                    left += key.leftIsFirst ? 1 : 0;
                }
            }
            QCOMPARE(repeated.size(), std::size_t(12));
            QCOMPARE(gold, std::int64_t(2));
            QCOMPARE(left, std::int64_t(20));
        }
    }

    void repeatsAreAtMostWhatDiffers()
    {
        Lists lists = listsOf(3);
        lists.second[1] = lists.first[1];
        const BlindSession session = makeBlindSession(lists.prompts, lists.first, lists.second, 1, {99, {}});
        QCOMPARE(session.items.size(), std::size_t(5)); // the identical one is not worth asking twice
        QCOMPARE(makeBlindSession(lists.prompts, lists.first, lists.second, 1, {-4, {}}).items.size(), std::size_t(3));
        const Lists none = listsOf(0);
        QCOMPARE(makeBlindSession(none.prompts, none.first, none.second, 1, {2, {{"p", "a", "b"}}}).items.size(),
            std::size_t(1));
    }

    /// Without checks a session is the one that earlier versions made of the same seed.
    void checksMoveNothingElse()
    {
        const Lists lists = listsOf(30);
        const BlindSession plain = sessionOf(lists, 9),
                           tested
            = makeBlindSession(lists.prompts, lists.first, lists.second, 9, {5, {{"g", "a", "b"}}});
        std::size_t at = 0;
        for (std::size_t i = 0; i < tested.key.size(); ++i)
            if (tested.key[i].kind == ItemKind::Ordinary) {
                QCOMPARE(tested.items[i].left, plain.items[at].left);
                QCOMPARE(tested.key[i].prompt, plain.key[at++].prompt);
            }
        QCOMPARE(at, std::size_t(30));
    }

    void annotatorsGetPlacesOfTheirOwn()
    {
        const Lists lists = listsOf(40);
        const BlindSession session
            = makeBlindSession(lists.prompts, lists.first, lists.second, 4, {12, {{"g", "a", "b"}, {"h", "c", "d"}}});
        int moved = 0, turned = 0;
        for (int person = 0; person < 20; ++person) {
            const std::string name = "annotator " + std::to_string(person);
            const auto places = drawPlaces(session.key, 4, name), again = drawPlaces(session.key, 4, name);
            QCOMPARE(places.size(), session.key.size());
            std::set<std::int64_t> seen;
            std::int64_t left = 0;
            for (std::size_t i = 0; i < places.size(); ++i) {
                const EvaluationKey& key = session.key[std::size_t(places[i].item)];
                QVERIFY(seen.insert(places[i].item).second);
                QVERIFY(places[i].item == again[i].item && places[i].leftIsFirst == again[i].leftIsFirst);
                moved += places[i].item != std::int64_t(i) ? 1 : 0;
                turned += places[i].leftIsFirst != key.leftIsFirst ? 1 : 0;
                left += key.kind != ItemKind::Repeat && places[i].leftIsFirst ? 1 : 0;
                if (key.kind != ItemKind::Repeat)
                    continue;
                const auto original = std::find_if(
                    places.begin(), places.end(), [&](const DrawnPlace& place) { return place.item == key.repeatOf; });
                QVERIFY(original - places.begin() + kRepeatDistance < std::int64_t(i));
                QVERIFY(original->leftIsFirst != places[i].leftIsFirst);
            }
            QCOMPARE(left, std::int64_t(21)); // of 42
        }
        QVERIFY(moved > 20 * 45);
        QVERIFY(turned > 20 * 15 && turned < 20 * 39);
    }

    void itemsAreDealtEvenly_data()
    {
        QTest::addColumn<int>("annotators");
        QTest::addColumn<int>("perItem");
        QTest::newRow("each item to one of three") << 3 << 1;
        QTest::newRow("to two of five") << 5 << 2;
        QTest::newRow("to all") << 4 << 4;
    }
    void itemsAreDealtEvenly()
    {
        QFETCH(int, annotators);
        QFETCH(int, perItem);
        const Lists lists = listsOf(60);
        const BlindSession session
            = makeBlindSession(lists.prompts, lists.first, lists.second, 4, {12, {{"g", "a", "b"}}});
        const Overlap overlap {annotators, perItem};
        std::vector<std::set<std::int64_t>> hands;
        std::map<std::int64_t, int> judges;
        std::size_t least = session.key.size(), most = 0;
        for (int person = 0; person < annotators; ++person) {
            const auto items = itemsOfAnnotator(session.key, 4, overlap, person);
            QCOMPARE(items, itemsOfAnnotator(session.key, 4, overlap, person));
            QVERIFY(std::is_sorted(items.begin(), items.end()));
            hands.emplace_back(items.begin(), items.end());
            least = std::min(least, items.size());
            most = std::max(most, items.size());
            for (const std::int64_t item : items)
                ++judges[item];
            // Places are drawn for these items only, by the same rules.
            const auto places = drawPlaces(session.key, 4, "somebody", items);
            std::set<std::int64_t> placed;
            for (const DrawnPlace& place : places)
                placed.insert(place.item);
            QCOMPARE(places.size(), items.size());
            QVERIFY(placed == hands.back());
        }
        QVERIFY(most - least <= 2); // a repeated item weighs two
        for (std::size_t i = 0; i < session.key.size(); ++i) {
            const EvaluationKey& key = session.key[i];
            QCOMPARE(judges[std::int64_t(i)], key.kind == ItemKind::Gold ? annotators : perItem);
            if (key.kind == ItemKind::Repeat)
                for (const auto& hand : hands)
                    QCOMPARE(hand.contains(std::int64_t(i)), hand.contains(key.repeatOf));
        }
        // Everybody shares items with everybody, so that agreement can be computed for any two.
        if (perItem > 1)
            for (const auto& one : hands)
                for (const auto& other : hands) {
                    const auto shared = std::count_if(one.begin(), one.end(), [&](std::int64_t item) {
                        return session.key[std::size_t(item)].kind == ItemKind::Ordinary && other.contains(item);
                    });
                    QVERIFY(shared > 0);
                }
    }

    void repeatsAndGoldCountNowhere()
    {
        const std::vector<EvaluationKey> key {
            {0, true, false}, {0, false, false, ItemKind::Repeat, 0}, {0, true, false, ItemKind::Gold}};
        const std::vector<std::optional<Verdict>> verdicts {Verdict::Left, Verdict::Left, std::nullopt};
        const SessionResult result = sessionResult(key, verdicts);
        QCOMPARE(result.first.tally.total(), std::int64_t(1));
        QCOMPARE(result.left, std::int64_t(1));
        QCOMPARE(result.unjudged, std::int64_t(0));
        QCOMPARE(firstSourcePoints(key, verdicts), (std::vector<double> {1}));
    }

    void resultByHand()
    {
        const std::vector<EvaluationKey> key {{0, true, false}, {1, false, false}, {2, true, false}, {3, false, false},
            {4, true, false}, {5, true, false}, {6, false, true}, {7, true, true}, {8, true, false}};
        const std::vector<std::optional<Verdict>> verdicts {Verdict::Left, Verdict::Left, Verdict::Right,
            Verdict::Right, Verdict::Tie, Verdict::BothBad, std::nullopt, Verdict::Right, Verdict::Skip};
        // first source: won 0 (left, left), lost 1 (left is second), lost 2, won 3 (right is first)
        const SessionResult result = sessionResult(key, verdicts);
        QCOMPARE(result.first.tally.wins, std::int64_t(2));
        QCOMPARE(result.first.tally.losses, std::int64_t(2));
        QCOMPARE(result.first.tally.ties, std::int64_t(4)); // tie, both bad, two identical
        QCOMPARE(result.second.tally.wins, std::int64_t(2));
        QCOMPARE(result.bothBad, std::int64_t(1));
        QCOMPARE(result.identical, std::int64_t(2));
        QCOMPARE(result.skipped, std::int64_t(1));
        QCOMPARE(result.unjudged, std::int64_t(0));
        QCOMPARE(result.left, std::int64_t(2)); // the verdict on identical responses is no choice
        QCOMPARE(result.right, std::int64_t(2));
        COMPARE_NEAR(result.first.winRate, 0.5, 0.0);
        COMPARE_NEAR(result.p, 1.0, 0.0);
        QCOMPARE(firstSourcePoints(key, verdicts), (std::vector<double> {1, 0, 0, 1, 0.5, 0.5, 0.5, 0.5}));
    }

    /// Who always presses the left key gives both sources the same and is found out by the test on the sides.
    void judgeOfOneSideShowsAsBias()
    {
        const BlindSession session = sessionOf(listsOf(40), 5);
        const std::vector<std::optional<Verdict>> verdicts(40, Verdict::Left);
        const SessionResult result = sessionResult(session.key, verdicts);
        COMPARE_NEAR(result.first.winRate, 0.5, 0.0);
        QVERIFY(result.p > 0.9);
        COMPARE_NEAR(result.leftBiasP, std::pow(0.5, 39), 1e-15);
    }

    void betterSourceIsFoundOnEitherSide()
    {
        const BlindSession session = sessionOf(listsOf(100), 5);
        std::vector<std::optional<Verdict>> verdicts;
        for (std::size_t i = 0; i < 100; ++i) {
            const bool firstWins = session.key[i].prompt < 61; // 61 of 100: the first count with p < 5 %
            verdicts.push_back(firstWins == session.key[i].leftIsFirst ? Verdict::Left : Verdict::Right);
        }
        const SessionResult result = sessionResult(session.key, verdicts);
        COMPARE_NEAR(result.first.winRate, 0.61, 1e-12);
        COMPARE_NEAR(result.second.winRate, 0.39, 1e-12);
        COMPARE_NEAR(result.first.interval.low, 1.0 - result.second.interval.high, 1e-12);
        COMPARE_NEAR(result.p, 0.035200200217704855, 1e-12); // scipy 1.17.1
        QVERIFY(sessionResult(session.key, verdicts, 0.99).first.interval.low < result.first.interval.low);
    }

    void nothingJudgedYet()
    {
        const BlindSession session = sessionOf(listsOf(5), 1);
        const SessionResult result = sessionResult(session.key, std::vector<std::optional<Verdict>>(5));
        QCOMPARE(result.unjudged, std::int64_t(5));
        COMPARE_NEAR(result.first.interval.low, 0.0, 0.0);
        COMPARE_NEAR(result.first.interval.high, 1.0, 0.0);
        COMPARE_NEAR(result.p, 1.0, 0.0);
    }

    void verdictsKeepTheirNumbers()
    {
        QCOMPARE(int(Verdict::Left), 0);
        QCOMPARE(int(Verdict::Right), 1);
        QCOMPARE(int(Verdict::Tie), 2);
        QCOMPARE(int(Verdict::Skip), 3);
        QCOMPARE(int(Verdict::BothBad), 4);
    }
};

QTEST_GUILESS_MAIN(TestBlindSession)
#include "tst_blind_session.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/report_json.h"
#include "core/evaluation/report_tables.h"
#include "core/evaluation/session_report.h"
#include "tests/common/near.h"

#include <cmath>

using namespace mpo;

namespace {

/// Six prompts, a repeat of the first and a gold item.
std::vector<ReportItem> items()
{
    std::vector<ReportItem> list(8);
    for (std::size_t i = 0; i < 6; ++i) {
        list[i].firstLength = 10.0 + double(i);
        list[i].secondLength = 10.0 + double(i * i % 4);
    }
    list[4].identical = true;
    list[6].kind = ItemKind::Repeat;
    list[6].repeatOf = 0;
    list[7].kind = ItemKind::Gold;
    return list;
}

/// anna: first, second, tie, skip, (identical), first; repeat: first again; gold right.
/// ben, other sides: first, first, second, first; nothing else; gold wrong.
std::vector<ReportJudgment> judgments()
{
    return {{0, "anna", Verdict::Left, true, 4.0}, {1, "anna", Verdict::Right, true, 6.0},
        {2, "anna", Verdict::Tie, true, 2.0}, {3, "anna", Verdict::Skip, true, 1.0},
        {4, "anna", Verdict::Tie, true, 0.0}, {5, "anna", Verdict::Right, false, 8.0},
        {6, "anna", Verdict::Right, false, 4.0}, {7, "anna", Verdict::Left, true, 4.0},
        {0, "ben", Verdict::Right, false, 1.0}, {1, "ben", Verdict::Right, false, 1.0},
        {2, "ben", Verdict::Left, false, 1.0}, {3, "ben", Verdict::Left, true, 1.0},
        {7, "ben", Verdict::Left, false, 1.0}};
}

} // namespace

class TestSessionReport : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void byHand()
    {
        const SessionReport report = sessionReport(items(), judgments());
        QVERIFY(!report.fromModels);
        QCOMPARE(report.prompts, std::int64_t(6));
        QCOMPARE(report.judged, std::int64_t(6));
        QCOMPARE(report.identical, std::int64_t(1));
        // means: 0: 1, 1: (0 + 1) / 2, 2: (1/2 + 0) / 2, 3: 1 (ben), 4: 1/2 by rule, 5: 1
        QCOMPARE(report.tally.wins, std::int64_t(3));
        QCOMPARE(report.tally.ties, std::int64_t(2));
        QCOMPARE(report.tally.losses, std::int64_t(1));
        COMPARE_NEAR(report.winRate, 4.0 / 6.0, 1e-15);
        COMPARE_NEAR(report.winRateDecisive, 0.75, 1e-15);
        COMPARE_NEAR(report.netWin, 2.0 / 6.0, 1e-15);
        COMPARE_NEAR(report.p, 0.625, 1e-12); // 3 of 4: 2 * (4 + 1) / 16
        COMPARE_NEAR(report.wilson.low, wilsonInterval(4.0 / 6.0, 6).low, 0.0);
        COMPARE_NEAR(report.wilsonDecisive.high, wilsonInterval(0.75, 4).high, 0.0);
        QVERIFY(report.bootstrap.low < report.winRate && report.bootstrap.high > report.winRate);
        QCOMPARE(report.morePrompts, morePrompts({3, 2, 1}));
        COMPARE_NEAR(report.power, signTestPower(0.6, 4), 0.0);
        // anna left: 0, gold; right: 1, 5, repeat; ben left: 2, 3, gold; right: 0, 1
        QCOMPARE(report.sides.left, std::int64_t(5));
        QCOMPARE(report.sides.right, std::int64_t(5));
        QVERIFY(report.gapGroups.empty() && report.scoreAgreement.n == 0);
    }

    void judgesByHand()
    {
        const SessionReport report = sessionReport(items(), judgments());
        QCOMPARE(report.judges.size(), std::size_t(2));
        const JudgeReport &anna = report.judges[0], &ben = report.judges[1];
        QCOMPARE(anna.annotator, std::string("anna"));
        QCOMPARE(anna.judged, std::int64_t(5));
        QCOMPARE(anna.skipped, std::int64_t(1));
        QCOMPARE(anna.tally.wins, std::int64_t(2));
        QCOMPARE(anna.tally.ties, std::int64_t(2));
        QCOMPARE(anna.repeats.repeated, std::int64_t(1));
        QCOMPARE(anna.repeats.same, std::int64_t(1));
        QCOMPARE(anna.gold.hits, std::int64_t(1));
        COMPARE_NEAR(anna.medianSeconds, 4.0, 0.0); // 2 4 4 4 6 8
        QCOMPARE(ben.judged, std::int64_t(4));
        QCOMPARE(ben.gold.n, std::int64_t(1));
        QCOMPARE(ben.gold.hits, std::int64_t(0));
        QCOMPARE(ben.repeats.repeated, std::int64_t(0));
    }

    /// Both judged 0, 1 and 2: (1, 1), (-1, 1), (0, -1). One is disputed; a tie against a win is not.
    void agreementByHand()
    {
        const SessionReport report = sessionReport(items(), judgments());
        QCOMPARE(report.pairs.size(), std::size_t(1));
        QCOMPARE(report.pairs[0].items, std::int64_t(3));
        COMPARE_NEAR(report.pairs[0].share, 1.0 / 3.0, 1e-15);
        const std::vector<int> anna {1, -1, 0}, ben {1, 1, -1};
        COMPARE_NEAR(report.pairs[0].kappa, cohenKappa(anna, ben), 1e-15);
        COMPARE_NEAR(report.nominal.value.value(),
            krippendorffAlpha({{1, -1, 0}, {1, 1, -1}}, LabelScale::Nominal).value(), 1e-15);
        QCOMPARE(report.ordinal.items, std::int64_t(3));
        QCOMPARE(report.disputed, (std::vector<std::int64_t> {1}));
    }

    /// Models do not decide where people have judged; they are held against them.
    void modelsAreComparedWithPeople()
    {
        auto all = judgments();
        const std::string name = "model:judge";
        all.push_back({0, name, Verdict::Left, true, 0.1}); // first: as people
        all.push_back({1, name, Verdict::Left, true, 0.1}); // first: people are undecided
        all.push_back({2, name, Verdict::Left, true, 0.1}); // first: people the second
        all.push_back({3, name, Verdict::Tie, true, 0.1}); // people the first
        all.push_back({5, name, Verdict::Left, true, 0.1}); // as people
        const SessionReport report = sessionReport(items(), all);
        QCOMPARE(report.tally.wins, std::int64_t(3));
        QCOMPARE(report.judges.size(), std::size_t(3));
        QVERIFY(report.judges[2].isModel && report.pairs.size() == 1);
        QCOMPARE(report.models.size(), std::size_t(1));
        QCOMPARE(report.models[0].same.n, std::int64_t(5));
        QCOMPARE(report.models[0].same.hits, std::int64_t(2));
        QCOMPARE(report.models[0].decisive.n, std::int64_t(3));
        QCOMPARE(report.models[0].decisive.hits, std::int64_t(2));
    }

    /// By hand: people say 1 of item 0, 1/2 of item 1 (one vote each way), 0 of item 2; the model 1, 1 and 1. Of the
    /// prompts the votes of anna and ben on items 1 and 2 are the ones that two people have given.
    void modelsAreComparedByCriterion()
    {
        const auto vote = [](std::int64_t item, const char* who, Verdict verdict) {
            ReportJudgment one {item, who, Verdict::Tie, true, 1.0};
            one.votes = {{"helpful", verdict}};
            return one;
        };
        const std::vector<ReportJudgment> all {vote(0, "anna", Verdict::Left), vote(1, "anna", Verdict::Left),
            vote(1, "ben", Verdict::Right), vote(2, "anna", Verdict::Right), vote(2, "ben", Verdict::Right),
            vote(0, "model:m", Verdict::Left), vote(1, "model:m", Verdict::Left), vote(2, "model:m", Verdict::Left)};
        const std::vector<ReportItem> three(3);
        ReportOptions options;
        options.criteria = {"helpful"};
        const SessionReport report = sessionReport(three, all, options);
        QCOMPARE(report.criteria[0].tally.wins, std::int64_t(1));
        QCOMPARE(report.criteria[0].tally.ties, std::int64_t(1));
        QCOMPARE(report.criteria[0].tally.losses, std::int64_t(1));
        QCOMPARE(report.criteria[0].alpha.items, std::int64_t(2));
        COMPARE_NEAR(report.criteria[0].alpha.value.value(),
            krippendorffAlpha({{1, -1}, {-1, -1}}, LabelScale::Ordinal).value(), 1e-15);
        QCOMPARE(report.modelCriteria.size(), std::size_t(1));
        QCOMPARE(report.modelCriteria[0].criterion, std::string("helpful"));
        QCOMPARE(report.modelCriteria[0].same.hits, std::int64_t(1));
        QCOMPARE(report.modelCriteria[0].same.n, std::int64_t(3));

        const std::vector<ReportJudgment> alone(all.end() - 3, all.end());
        const SessionReport ofModel = sessionReport(three, alone, options);
        QCOMPARE(ofModel.criteria[0].tally.wins, std::int64_t(3));
        QVERIFY(ofModel.modelCriteria.empty());
        QCOMPARE(criterionPoints("helpful", three, alone).points[2], std::optional<double>(1.0));
    }

    /// First wins 0 and 1, loses 2, of which 0 has a leak: 1 of 2 without it.
    void leaksAreCountedAndQueued()
    {
        std::vector<ReportItem> three(3);
        three[0].leak = "openai";
        const SessionReport report = sessionReport(three,
            std::vector<ReportJudgment> {{0, "a", Verdict::Left, true, 1.0}, {1, "a", Verdict::Left, true, 1.0},
                {2, "a", Verdict::Right, true, 1.0}});
        QCOMPARE(report.leaks, std::int64_t(1));
        COMPARE_NEAR(report.winRate, 2.0 / 3.0, 1e-15);
        COMPARE_NEAR(report.winRateWithoutLeaks, 0.5, 1e-15);
        COMPARE_NEAR(report.wilsonWithoutLeaks.low, wilsonInterval(0.5, 2, zOfLevel(0.95)).low, 1e-15);
        QCOMPARE(report.queue.size(), std::size_t(1));
        QCOMPARE(report.queue[0].leak, std::string("openai"));
    }

    void modelsAloneDecide()
    {
        std::vector<ReportJudgment> only {
            {0, "model:x", Verdict::Left, true, 0.1}, {1, "model:x", Verdict::Skip, true, 0}};
        const SessionReport report = sessionReport(items(), only);
        QVERIFY(report.fromModels && report.models.empty());
        QCOMPARE(report.tally.wins, std::int64_t(1));
        QCOMPARE(report.sides.left, std::int64_t(1));
        QCOMPARE(decidedPoints(items(), only)[1], std::optional<double>());
    }

    void gapsAndScores()
    {
        std::vector<ReportItem> list(24);
        std::vector<ReportJudgment> all;
        for (std::size_t i = 0; i < list.size(); ++i) {
            list[i].gap = double(i);
            list[i].scoreDifference = i % 3 == 0 ? -1.0 : 1.0;
            all.push_back({std::int64_t(i), "", i < 8 ? Verdict::Right : Verdict::Left, true, 1.0});
        }
        const SessionReport report = sessionReport(list, all);
        QCOMPARE(report.gapGroups.size(), std::size_t(3));
        QCOMPARE(report.gapGroups[0].tally.losses, std::int64_t(8));
        QCOMPARE(report.gapGroups[2].tally.wins, std::int64_t(8));
        QCOMPARE(report.gapGroups[0].agreement.hits, std::int64_t(3)); // 0, 3, 6
        QCOMPARE(report.scoreAgreement.hits, std::int64_t(3 + 16 - 5)); // 9, 12, 15, 18, 21 disagree
        list.resize(11);
        all.resize(11);
        QVERIFY(sessionReport(list, all).gapGroups.empty()); // too few
    }

    /// By hand, first source = 1: helpful, item 0: anna 1, ben 0 -> tie; 1: anna 0; 2: anna 1/2, ben 1 -> 1; 3: ben 1
    /// (anna skipped it, so her vote says nothing); 4, identical: a tie by anna; of repeats and models nothing counts.
    void criteriaByHand()
    {
        auto all = judgments();
        const auto vote = [&](std::int64_t item, const char* who, Verdict verdict) {
            for (ReportJudgment& one : all)
                if (one.item == item && one.annotator == who)
                    one.votes.push_back({"helpful", verdict});
        };
        vote(0, "anna", Verdict::Left);
        vote(0, "ben", Verdict::Left); // the first was right
        vote(1, "anna", Verdict::Right);
        vote(2, "anna", Verdict::Tie);
        vote(2, "ben", Verdict::Right);
        vote(3, "anna", Verdict::Right);
        vote(3, "ben", Verdict::Left);
        vote(4, "anna", Verdict::Tie);
        vote(6, "anna", Verdict::Left);
        all.push_back({5, "model:x", Verdict::Left, true, 0.1, {}, false, {{"helpful", Verdict::Left}}});
        ReportOptions options;
        options.criteria = {"helpful", "harmless"};
        const SessionReport report = sessionReport(items(), all, options);
        QCOMPARE(report.criteria.size(), std::size_t(2));
        const CriterionReport& helpful = report.criteria[0];
        QCOMPARE(helpful.criterion, std::string("helpful"));
        QCOMPARE(helpful.tally.wins, std::int64_t(2));
        QCOMPARE(helpful.tally.ties, std::int64_t(2));
        QCOMPARE(helpful.tally.losses, std::int64_t(1));
        COMPARE_NEAR(helpful.winRate, 0.6, 1e-15);
        // Wilson for 0.6 of 5 at 95 %, worked by hand: centre 0.5565, half-width 0.3256.
        COMPARE_NEAR(helpful.interval.low, 0.2307, 5e-4);
        COMPARE_NEAR(helpful.interval.high, 0.8824, 5e-4);
        COMPARE_NEAR(helpful.p, 1.0, 1e-12); // 2 of 3
        // Verdicts (first, tie, second, first, tie) against (tie, second, first, first, tie).
        QCOMPARE(helpful.asVerdict.n, std::int64_t(5));
        QCOMPARE(helpful.asVerdict.hits, std::int64_t(2));
        // p_o = 2/5; verdicts 2 first, 2 ties, 1 second, the criterion the same: p_e = (4 + 4 + 1) / 25.
        COMPARE_NEAR(helpful.kappa, (0.4 - 0.36) / (1.0 - 0.36), 1e-12);
        QCOMPARE(helpful.sameWinner.n, std::int64_t(2));
        QCOMPARE(helpful.sameWinner.hits, std::int64_t(1));
        QCOMPARE(report.criteria[1].tally.total(), std::int64_t(0)); // nobody voted
        QCOMPARE(report.criteria[1].asVerdict.n, std::int64_t(0));
        QCOMPARE(report.tally.wins, std::int64_t(3)); // the verdicts are what they were
        const Json json = toJson(report);
        QCOMPARE(json.at("criteria")[0].at("wins").at("a").get<int>(), 2);
        const ReportTable table = criteriaTable(report);
        QCOMPARE(table.rows.at(0).at(1), std::string("2 / 2 / 1"));
        QVERIFY(criteriaTable(sessionReport(items(), all)).rows.empty());
    }

    void severalCriteriaAreSeveralTests()
    {
        std::vector<ReportItem> list(8);
        std::vector<ReportJudgment> all;
        for (std::int64_t i = 0; i < 8; ++i)
            all.push_back({i, "", Verdict::Left, true, 1.0, {}, false,
                {{"one", Verdict::Left}, {"two", i < 7 ? Verdict::Left : Verdict::Right}}});
        ReportOptions options;
        options.criteria = {"two", "one"};
        const SessionReport report = sessionReport(list, all, options);
        COMPARE_NEAR(report.criteria[0].p, 18.0 / 256.0, 1e-12); // two-sided: (1 + 8) of 2^8, twice
        COMPARE_NEAR(report.criteria[1].p, 2.0 / 256.0, 1e-12);
        COMPARE_NEAR(report.criteria[0].adjusted, 18.0 / 256.0, 1e-12); // the larger of two stays
        COMPARE_NEAR(report.criteria[1].adjusted, 4.0 / 256.0, 1e-12);
    }

    void whatIsToBeLookedAtAgain()
    {
        auto all = judgments(); // item 1 is disputed
        all[0].flagged = true;
        all[0].comment = "leak";
        all[9].flagged = true; // ben on 1
        all[12].flagged = true; // ben on the gold item
        const SessionReport report = sessionReport(items(), all);
        QCOMPARE(report.queue.size(), std::size_t(3));
        QCOMPARE(queueReason(report.queue[0]), std::string("flagged by anna (leak)"));
        QCOMPARE(queueReason(report.queue[1]), std::string("disputed; flagged by ben"));
        QCOMPARE(report.queue[2].item, std::int64_t(7));
        const std::vector<std::string> prompts(8, "a\nprompt");
        QCOMPARE(queueTable(report, prompts).rows.at(1).at(0), std::string("item 2"));
        QCOMPARE(queueTable(report, prompts).rows.at(1).at(2), std::string("a prompt"));
        QCOMPARE(toJson(report).at("queue")[0].at("flags")[0].at("comment").get<std::string>(), std::string("leak"));
        QCOMPARE(sessionReport(items(), judgments()).queue.size(), std::size_t(1)); // disputed alone
    }

    void howMuchBetter()
    {
        auto all = judgments();
        all[0].strength = 3; // anna on 0: first
        all[1].strength = 1; // anna on 1: second
        all[2].strength = 2; // a tie has none
        all[6].strength = 3; // a repeat
        all[8].strength = 3; // ben on 0: first
        all.push_back({5, "model:x", Verdict::Left, true, 0.1, {}, false, {}, 2.0});
        const SessionReport report = sessionReport(items(), all);
        QVERIFY(report.firstStrength == (std::array<std::int64_t, 3> {0, 0, 2}));
        QVERIFY(report.secondStrength == (std::array<std::int64_t, 3> {1, 0, 0}));
        QCOMPARE(toJson(report).at("strength").at("much").at("a").get<int>(), 2);
        const auto hasRow = [](const SessionReport& of) {
            const auto rows = outcomeTable(of, {"x", "y"}).rows;
            return std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row[1] == "0, 0, 2 / 1, 0, 0"; });
        };
        QVERIFY(hasRow(report) && !hasRow(sessionReport(items(), judgments())));
    }

    void nothingJudged()
    {
        const SessionReport report = sessionReport(items(), {});
        QCOMPARE(report.judged, std::int64_t(0));
        COMPARE_NEAR(report.winRate, 0.5, 0.0);
        QVERIFY(!report.morePrompts && report.judges.empty() && !report.nominal.value && !report.length);
        const SessionReport none = sessionReport({}, {});
        QCOMPARE(none.prompts, std::int64_t(0));
        QVERIFY(parseJson(toLine(toJson(none)), "report").is_object());
    }

    void jsonHasNumbersOrNull()
    {
        const Json json = parseJson(toLine(toJson(sessionReport(items(), judgments()))), "report");
        QCOMPARE(json.at("wins_a").get<int>(), 3);
        COMPARE_NEAR(json.at("win_rate_a_without_ties"), 0.75, 1e-15);
        QCOMPARE(json.at("judges").size(), std::size_t(2));
        QCOMPARE(json.at("judges")[1].at("repeats").at("n").get<int>(), 0);
        QVERIFY(json.at("agreement_with_reward_model").at("share").is_null());
        QCOMPARE(json.at("disputed")[0].get<int>(), 1);
        QCOMPARE(json.at("pairs")[0].at("second").get<std::string>(), std::string("ben"));
    }
};

QTEST_GUILESS_MAIN(TestSessionReport)
#include "tst_session_report.moc"

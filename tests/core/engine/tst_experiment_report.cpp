// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/experiment_report.h"
#include "core/support/file.h"
#include "tests/common/near.h"

#include <QTemporaryDir>

#include <algorithm>

using namespace mpo;

/// Summary and report of measures that are given here.
class TestExperimentReport : public QObject
{
    Q_OBJECT

    ExperimentPlan m_plan
        = experimentPlan(parseExperimentRecipe("name: x\ndata: synthetic\nseeds: 2\nmethods: [dpo, mpo, simpo]\n"
                                               "sweep: {noise: [0, 0.2], prompts: [8, 16], easy_share: [0.3, 0.7]}\n",
            "e.yaml"));

    static PolicyMeasures measures(std::vector<double> rewards, bool known = true, bool anchored = true)
    {
        PolicyMeasures measures;
        const std::size_t count = rewards.size();
        measures.score = std::vector<double>(count, 0.25);
        (known ? measures.trueReward : measures.score) = std::move(rewards);
        measures.klSft = std::vector<double>(count, 2.0);
        if (anchored)
            measures.klReference = std::vector<double>(count, 1.5);
        measures.length = std::vector<double>(count, 12.0);
        return measures;
    }

    std::map<std::string, PolicyMeasures> measured(bool known = true) const
    {
        return {{"evaluate x-s1-sft", measures({0, 0}, known, false)},
            {"evaluate x-s2-sft", measures({1, 1}, known, false)}, {"evaluate x-s1-dpo", measures({1, -1}, known)},
            {"evaluate x-s2-dpo", measures({1, 3}, known)}, {"evaluate x-s1-e50-mpo", measures({2, 2}, known)},
            {"evaluate x-s2-e50-mpo", measures({3, 3}, known)},
            {"evaluate x-s1-simpo", measures({5, 7}, known, false)}};
    }

    static const ExperimentRow& row(const std::vector<ExperimentRow>& rows, const char* method, double value = 0.0)
    {
        const auto found = std::find_if(rows.begin(), rows.end(),
            [&](const ExperimentRow& row) { return row.method.name == method && row.value == value; });
        if (found == rows.end())
            qFatal("no row %s", method);
        return *found;
    }

private Q_SLOTS:
    void meansAndWinsByHand()
    {
        const ExperimentSummary summary = summariseExperiment(m_plan, measured());
        QCOMPARE(summary.rewardName, std::string("True reward"));
        QCOMPARE(summary.methods.size(), std::size_t(4));
        const ExperimentRow& dpo = row(summary.methods, "dpo");
        COMPARE_NEAR(dpo.trueReward->mean, 1.0, 1e-12); // of 0 and 2
        COMPARE_NEAR(dpo.wins->mean, 0.625, 1e-12); // won, lost; even, won
        QVERIFY(dpo.trueReward->interval.low < 0.0 && dpo.trueReward->interval.high > 2.0);
        QCOMPARE(dpo.seeds, std::int64_t(2));
        QCOMPARE(dpo.prompts, std::int64_t(4));
        COMPARE_NEAR(dpo.score.mean, 0.25, 1e-12);
        COMPARE_NEAR(dpo.klSft.mean, 2.0, 1e-12);
        COMPARE_NEAR(dpo.klReference->mean, 1.5, 1e-12);
        COMPARE_NEAR(dpo.length.mean, 12.0, 1e-12);
        const ExperimentRow& mpo = row(summary.methods, "mpo");
        COMPARE_NEAR(mpo.trueReward->mean, 2.5, 1e-12);
        COMPARE_NEAR(mpo.trueReward->interval.low, 2.0, 1e-12); // prompts do not vary, so the seeds alone spread
        COMPARE_NEAR(mpo.trueReward->interval.high, 3.0, 1e-12);
        COMPARE_NEAR(mpo.wins->interval.low, 1.0, 1e-12);
        QVERIFY(!row(summary.methods, "sft").wins);
        // Measured with one seed only, and without a reference.
        const ExperimentRow& simpo = row(summary.methods, "simpo");
        QCOMPARE(simpo.seeds, std::int64_t(1));
        QVERIFY(!simpo.klReference);
    }

    /// Seed by seed and prompt by prompt: 2, 2 with SFT in both seeds.
    void differencesArePaired()
    {
        const ExperimentSummary summary = summariseExperiment(m_plan, measured());
        QCOMPARE(summary.differences.size(), std::size_t(3));
        QCOMPARE(summary.differences[0].other, std::string("sft"));
        COMPARE_NEAR(summary.differences[0].difference.mean, 2.0, 1e-12);
        COMPARE_NEAR(summary.differences[0].difference.interval.low, 2.0, 1e-12);
        QCOMPARE(std::string(summary.differences[0].verdict()), std::string("better"));
        COMPARE_NEAR(summary.differences[1].difference.mean, 1.5, 1e-12); // 1, 3, 2, 0
        QCOMPARE(std::string(summary.differences[2].verdict()), std::string("worse")); // SimPO, of the one seed
        COMPARE_NEAR(summary.differences[2].difference.mean, -4.0, 1e-12);
    }

    void noiseAndPromptsByHand()
    {
        auto values = measured();
        // DPO loses 2 by the noise, MPO 0.5.
        values["evaluate x-s1-n20-dpo"] = measures({-1, -3});
        values["evaluate x-s2-n20-dpo"] = measures({-1, 1});
        values["evaluate x-s1-n20-e50-mpo"] = measures({1.5, 1.5});
        values["evaluate x-s2-n20-e50-mpo"] = measures({2.5, 2.5});
        for (const char* name : {"evaluate x-s1-e50-p8-mpo", "evaluate x-s2-e50-p8-mpo"})
            values[name] = measures({2, 2});
        for (const char* name : {"evaluate x-s1-e50-p16-ppo-hard", "evaluate x-s2-e50-p16-ppo-hard"})
            values[name] = measures({1, 1});
        const ExperimentSummary summary = summariseExperiment(m_plan, values);
        QCOMPARE(summary.noise.size(), std::size_t(4));
        COMPARE_NEAR(row(summary.noise, "dpo", 0.2).trueReward->mean, -1.0, 1e-12);
        COMPARE_NEAR(row(summary.noise, "dpo", 0.2).wins->mean, 0.125, 1e-12); // one even of four
        QCOMPARE(summary.statements.size(), std::size_t(2));
        const std::string& noise = summary.statements[0];
        QVERIFY2(
            noise.starts_with("From 0 to 20 % flipped labels the reward of dpo moves by -2.00 (-2.00 to -2.00), of "
                              "mpo moves by -0.50"),
            noise.c_str());
        QVERIFY2(noise.find("+1.50 (+1.50 to +1.50), mpo is less sensitive to the noise") != std::string::npos,
            noise.c_str());
        QCOMPARE(summary.statements[1],
            std::string("mpo with 8 responses against ppo-hard with 16: +1.00 (+1.00 to +1.00), better."));
    }

    void withoutTrueRewardTheScoreCounts()
    {
        const ExperimentSummary summary = summariseExperiment(m_plan, measured(false));
        QCOMPARE(summary.rewardName, std::string("Score of the reward model"));
        QVERIFY(!row(summary.methods, "dpo").trueReward);
        COMPARE_NEAR(row(summary.methods, "dpo").wins->mean, 0.625, 1e-12);
        const auto table = experimentTable(summary);
        QCOMPARE(table.front()[1], std::string("Reward model (95 %)"));
        QCOMPARE(table.size(), std::size_t(5));
    }

    void filesHoldTheNumbers()
    {
        auto values = measured();
        values["evaluate x-s1-n20-dpo"] = measures({-1, -3});
        const ExperimentSummary summary = summariseExperiment(m_plan, values);
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        writeExperimentReport(path, "Title <1>", "What & how", summary);
        const Json json = readJsonFile(path / "results.json");
        QCOMPARE(json["methods"].size(), std::size_t(4));
        COMPARE_NEAR(json["methods"][2]["true_reward"]["mean"].get<double>(), 2.5, 1e-12);
        QVERIFY(json["methods"][0]["wins_against_sft"].is_null());
        QCOMPARE(json["sweeps"]["noise"].size(), std::size_t(3)); // both methods without noise, one with
        QCOMPARE(json["differences"][0]["verdict"].get<std::string>(), std::string("better"));
        const std::string csv = readTextFile(path / "results.csv");
        QVERIFY(csv.starts_with("part,value,method,seeds,prompts,true_reward,true_reward_low"));
        QVERIFY2(csv.find("\nmethods,,mpo,2,4,2.5,2,3,0.25,0.25,0.25,1,1,1,2,2,2,1.5,1.5,1.5,12,12,12\n") != csv.npos,
            csv.c_str());
        QVERIFY(csv.find("\nmethods,,sft,2,4,0.5,0,1,0.25,0.25,0.25,,,,2,2,2,,,,12,12,12\n") != csv.npos);
        QVERIFY(csv.find("\nnoise,0.2,dpo,1,2,-2,") != csv.npos);
        const std::string page = readTextFile(path / "index.html");
        for (const char* part :
            {"Title &lt;1&gt;", "What &amp; how", "MPO: DPO, easy pairs; PPO, hard prompts", "Flipped labels", "<svg"})
            QVERIFY2(page.find(part) != page.npos, part);
        QVERIFY(std::filesystem::exists(path / "methods.svg") && std::filesystem::exists(path / "sweep-noise.svg"));
        QVERIFY(!std::filesystem::exists(path / "sweep-prompts.svg"));
    }

    void nothingMeasured()
    {
        const ExperimentSummary summary = summariseExperiment(m_plan, {});
        QVERIFY(summary.methods.empty() && summary.differences.empty() && summary.statements.empty());
        QTemporaryDir folder;
        writeExperimentReport(folder.path().toStdString(), "t", "i", summary);
        QVERIFY(std::filesystem::exists(folder.filePath(QStringLiteral("index.html")).toStdString()));
    }

    void measuresAreReadBack()
    {
        const PolicyMeasures some = measures({0.1, 1.0 / 3.0});
        const PolicyMeasures again = policyMeasuresFrom(parseJson(toJson(some).dump(), "test"));
        QVERIFY(again.trueReward == some.trueReward && again.score == some.score && again.klSft == some.klSft
            && again.klReference == some.klReference && again.length == some.length);
    }
};

QTEST_GUILESS_MAIN(TestExperimentReport)
#include "tst_experiment_report.moc"

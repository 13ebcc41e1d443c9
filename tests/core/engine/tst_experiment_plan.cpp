// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/experiment_plan.h"

#include <QTest>

#include <map>
#include <set>

using namespace mpo;
using Kind = ExperimentStep::Kind;

class TestExperimentPlan : public QObject
{
    Q_OBJECT

    static ExperimentPlan plan(const std::string& text)
    {
        return experimentPlan(parseExperimentRecipe("name: x\ndata: synthetic\n" + text, "e.yaml"));
    }
    static std::map<Kind, int> kinds(const ExperimentPlan& plan)
    {
        std::map<Kind, int> counts;
        for (const ExperimentStep& step : plan.steps)
            ++counts[step.kind];
        return counts;
    }
    static const ExperimentStep& step(const ExperimentPlan& plan, const char* name)
    {
        const ExperimentStep* found = plan.find(name);
        if (!found)
            qFatal("no step %s", name);
        return *found;
    }

private Q_SLOTS:
    /// One seed: data, SFT, reward model, scores, split, DPO-easy (also MPO's), MPO, PPO from DPO, evaluations.
    void sharedPartsOnce()
    {
        const ExperimentPlan steps = plan("seeds: 1\nmethods: [dpo, dpo-easy, mpo, dpo-easy+ppo-easy, dpo-random]\n");
        const std::map<Kind, int> expected {{Kind::Data, 1}, {Kind::Sft, 1}, {Kind::Reward, 1}, {Kind::Scores, 1},
            {Kind::Split, 1}, {Kind::RandomSplit, 1}, {Kind::PairStage, 3}, {Kind::PromptStage, 2},
            {Kind::Evaluation, 6}};
        QVERIFY(kinds(steps) == expected);
        // sft 4, dpo 5, dpo-easy 7, mpo 8, dpo-easy+ppo-easy 8, dpo-random 8: data, SFT, reward model and evaluation in
        // each; scores and split for parts of the data.
        QCOMPARE(steps.stepsWithoutSharing, std::int64_t(4 + 5 + 7 + 8 + 8 + 8));
        QCOMPARE(step(steps, "x-s1-e50-dpo-easy").uses, 5); // two stages with two evaluations against it, and its own
        QCOMPARE(step(steps, "x-s1-e50-mpo").model, std::string("x-s1-e50-dpo-easy"));
        QCOMPARE(step(steps, "x-s1-e50-mpo").split, std::string("x-s1-e50-split"));
        QVERIFY(step(steps, "x-s1-e50-mpo").subset == PairSubset::Hard);
        QCOMPARE(step(steps, "x-s1-e50-dpo-random").split, std::string("x-s1-e50-random"));
        QCOMPARE(step(steps, "x-s1-dpo").split, std::string());
        QCOMPARE(step(steps, "evaluate x-s1-e50-mpo").reference, std::string("x-s1-e50-dpo-easy"));
        QCOMPARE(step(steps, "evaluate x-s1-dpo").reference, std::string("x-s1-sft"));
        QCOMPARE(step(steps, "evaluate x-s1-sft").reference, std::string());
    }

    void eachSeedHasItsOwn()
    {
        const ExperimentPlan steps = plan("seeds: [1, 5, 9]\nmethods: [mpo, simpo-easy]\n");
        for (const auto& [kind, count] : kinds(steps))
            QVERIFY2(count % 3 == 0, std::string(stepKindName(kind)).c_str());
        QCOMPARE(steps.cells.size(), std::size_t(9));
        QVERIFY(steps.find("x-s5-e50-simpo-easy") && !steps.find("x-s2-sft"));
        QCOMPARE(step(steps, "evaluate x-s9-e50-simpo-easy").reference, std::string()); // SimPO has none
    }

    /// A sweep's point at the usual value is the table's; what the swept value does not decide is shared.
    void sweepsShareToo()
    {
        const ExperimentPlan steps = plan("seeds: 1\nmethods: [dpo, mpo]\n"
                                          "ppo: {total_episodes: 128}\n"
                                          "sweep: {easy_share: [0.25, 0.5], noise: [0, 0.2], prompts: [64, 128]}\n");
        QCOMPARE(steps.cells.size(), std::size_t(3 + 4 + 4 + 4));
        const auto count = kinds(steps);
        QCOMPARE(count.at(Kind::Sft), 1); // labels do not enter it
        QCOMPARE(count.at(Kind::Flip), 1);
        QCOMPARE(count.at(Kind::Reward), 2);
        QCOMPARE(count.at(Kind::Scores), 2);
        QCOMPARE(count.at(Kind::Split), 3); // e50, e25, and e50 of the noisy labels
        // dpo, easy, easy of e25, dpo and easy of the noisy labels
        QCOMPARE(count.at(Kind::PairStage), 5);
        // mpo: usual (with 128 responses), e25, noisy, 64 responses; ppo-hard: 64 and 128 responses
        QCOMPARE(count.at(Kind::PromptStage), 6);
        QCOMPARE(step(steps, "x-s1-n20-pairs").noise, 0.2);
        QCOMPARE(step(steps, "x-s1-n20-pairs").data, std::string("x-s1-pairs"));
        QCOMPARE(step(steps, "x-s1-n20-e50-mpo").rewardModel, std::string("x-s1-n20-reward"));
        QCOMPARE(step(steps, "evaluate x-s1-n20-e50-mpo").rewardModel, std::string("x-s1-reward")); // one scale for all
        QCOMPARE(step(steps, "x-s1-e50-p64-mpo").episodes, std::int64_t(64));
        QCOMPARE(step(steps, "x-s1-e50-p64-mpo").model, std::string("x-s1-e50-dpo-easy"));
        QVERIFY(steps.find("x-s1-e50-ppo-hard") && !steps.find("x-s1-e50-p128-mpo"));
        QCOMPARE(step(steps, "x-s1-e25-split").splitValue, 0.25);
        QCOMPARE(
            step(steps, "x-s1-n20-e50-dpo-easy").title, std::string("DPO, easy pairs; 20 % of labels flipped; seed 1"));
        for (const ExperimentCell& cell : steps.cells)
            QVERIFY(steps.find(cell.evaluation));
    }

    void everythingComesAfterWhatItNeeds()
    {
        const ExperimentPlan steps = plan("seeds: 2\nscore: {folds: 0}\n"
                                          "methods: [dpo, dpo-hard, dpo-random, ppo, rloo-easy, mpo, reversed-mpo, "
                                          "orpo+ppo-random]\nsweep: {easy_share: [0.2, 0.7], noise: [0.1]}\n");
        std::set<std::string> done;
        for (const ExperimentStep& step : steps.steps) {
            for (const std::string& need : step.needs())
                QVERIFY2(done.contains(need), (step.name + " needs " + need).c_str());
            QVERIFY2(done.insert(step.name).second, step.name.c_str());
            QVERIFY2(step.uses > 0, step.name.c_str());
        }
    }

    /// Data and model of the user serve all seeds; without an SFT stage the model stands for itself.
    void ownDataAndModel()
    {
        const ExperimentPlan steps = experimentPlan(parseExperimentRecipe(
            "name: x\nmodel: base\ndata: d.jsonl\nseeds: 2\nmethods: [ppo, mpo]\nsplit: {gap: 1.5}\n", "e.yaml"));
        const auto count = kinds(steps);
        QCOMPARE(count.at(Kind::Data), 1);
        QVERIFY(!count.contains(Kind::Sft));
        QCOMPARE(count.at(Kind::Evaluation), 6); // also SFT with each seed: the draws differ
        QCOMPARE(step(steps, "x-s2-ppo").model, std::string("base"));
        QCOMPARE(step(steps, "x-s2-ppo").sft, std::string("base"));
        QCOMPARE(step(steps, "x-s1-g1.5-mpo").data, std::string("x-data"));
    }
};

QTEST_GUILESS_MAIN(TestExperimentPlan)
#include "tst_experiment_plan.moc"

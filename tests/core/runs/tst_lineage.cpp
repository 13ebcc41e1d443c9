// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/lineage.h"
#include "tests/core/store/store_test.h"

#include <QTest>

using namespace mpo;

namespace {

const LineageNode* nodeOf(const Lineage& lineage, const std::string& name)
{
    for (const LineageNode& node : lineage.nodes)
        if (node.name == name)
            return &node;
    return nullptr;
}

/// "from -role-> to" of every edge, sorted.
std::vector<std::string> arrows(const Lineage& lineage)
{
    std::vector<std::string> list;
    for (const LineageEdge& edge : lineage.edges)
        list.push_back(lineage.nodes[std::size_t(edge.from)].name + " -" + edge.role + "-> "
            + lineage.nodes[std::size_t(edge.to)].name);
    std::sort(list.begin(), list.end());
    return list;
}

std::int64_t train(Project& project, const std::string& stage, const std::string& out, Json config)
{
    config["out"] = out;
    const std::int64_t run = project.beginRun(stage, out, config, {});
    project.endRun(run, RunState::Finished, "");
    ModelRow model;
    model.name = out;
    model.folder = "models/" + out;
    model.kind = stage == "reward" ? "reward" : "policy";
    model.run = run;
    model.parent = config.at("model").get<std::string>();
    project.addModel(model);
    return run;
}

/// The pipeline of the method: base, judge, scores, split, dpo, ppo.
std::int64_t pipeline(Project& project)
{
    project.addDataset(smallDataset("pairs"), "test");
    ModelRow base;
    base.name = "base";
    base.folder = "models/base";
    base.kind = "policy";
    project.addModel(base);
    train(project, "reward", "judge", {{"model", "base"}, {"data", "pairs"}});
    ScoreSetRow scores;
    scores.name = "gaps";
    scores.dataset = "pairs";
    scores.rewardModel = "judge";
    scores.pairs = 5;
    project.addScoreSet(scores, std::vector<PairScore>(5));
    SplitRow split;
    split.name = "halves";
    split.dataset = "pairs";
    split.scoreSet = "gaps";
    split.split.buckets.resize(5);
    project.addSplit(split);
    train(
        project, "dpo", "easy-dpo", {{"model", "base"}, {"data", "pairs"}, {"split", "halves"}, {"reference", "base"}});
    return train(project, "ppo", "mpo",
        {{"model", "easy-dpo"}, {"data", "pairs"}, {"split", "halves"}, {"bucket", "hard"}, {"reward_model", "judge"},
            {"sft_model", "base"}});
}

} // namespace

class TestLineage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void wholePipeline()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        const Lineage lineage = lineageOfRun(*project, pipeline(*project));
        QCOMPARE(arrows(lineage),
            (std::vector<std::string> {"base -SFT model-> mpo", "base -model-> easy-dpo", "base -model-> judge",
                "easy-dpo -model-> mpo", "gaps -scores-> halves", "halves -hard pairs-> mpo",
                "halves -split-> easy-dpo", "judge -reward model-> gaps", "judge -reward model-> mpo",
                "pairs -data-> gaps", "pairs -data-> judge"}));
        const LineageNode& focus = lineage.nodes[std::size_t(lineage.focus)];
        QCOMPARE(focus.name, std::string("mpo"));
        QCOMPARE(focus.stage, std::string("ppo"));
        QCOMPARE(nodeOf(lineage, "judge")->kind, LineageKind::RewardModel);
        std::map<std::string, int> columns;
        for (const LineageNode& node : lineage.nodes) {
            columns[node.name] = node.column;
            QVERIFY(node.present);
        }
        QCOMPARE(columns,
            (std::map<std::string, int> {
                {"base", 0}, {"pairs", 0}, {"judge", 1}, {"gaps", 2}, {"halves", 3}, {"easy-dpo", 4}, {"mpo", 5}}));
    }

    void whatWasMadeFromIt()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        pipeline(*project);
        const Lineage lineage = lineageOfModel(*project, "judge");
        QCOMPARE(arrows(lineage),
            (std::vector<std::string> {"base -model-> judge", "judge -reward model-> gaps", "judge -reward model-> mpo",
                "pairs -data-> judge"}));
    }

    void whatIsNotInTheProject()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        const std::int64_t run = project->beginRun(
            "dpo", "failed", {{"model", "/models/elsewhere"}, {"data", "gone"}, {"settings", {{"beta", 0.1}}}}, {});
        const Lineage lineage = lineageOfRun(*project, run);
        QCOMPARE(lineage.nodes.size(), std::size_t(3));
        QCOMPARE(lineage.nodes[std::size_t(lineage.focus)].kind, LineageKind::Run);
        QVERIFY(!nodeOf(lineage, "gone")->present && !nodeOf(lineage, "/models/elsewhere")->present);
        QVERIFY(contains(errorOf([&] { lineageOfRun(*project, 99); }), "There is no run 99"));
    }

    /// A name that was given again means the former model in the run that made the new one.
    void modelThatReplacedItsParent()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        project->addDataset(smallDataset("pairs"), "test");
        const std::int64_t run = train(*project, "sft", "base", {{"model", "base"}, {"data", "pairs"}});
        const Lineage lineage = lineageOfRun(*project, run);
        QCOMPARE(arrows(lineage), (std::vector<std::string> {"base -model-> base", "pairs -data-> base"}));
        QCOMPARE(lineage.nodes[std::size_t(lineage.focus)].column, 1);
    }

    void anOpenSessionIsNotTold()
    {
        const TemporaryProject temporary;
        const auto project = temporary.open();
        pipeline(*project);
        EvaluationRow row;
        row.name = "blind";
        row.sourceA = "base";
        row.sourceB = "mpo";
        const std::int64_t id = project->addEvaluation(row, {{"p", "a", "b", true, 0}});
        QVERIFY(!nodeOf(lineageOfModel(*project, "mpo"), "blind"));
        project->closeEvaluation(id);
        QVERIFY(nodeOf(lineageOfModel(*project, "mpo"), "blind"));
    }
};

QTEST_GUILESS_MAIN(TestLineage)
#include "tst_lineage.moc"

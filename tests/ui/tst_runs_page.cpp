// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/ui_test.h"
#include "ui/charts/metric_grid.h"
#include "ui/models/model_table_model.h"
#include "ui/models/run_table_model.h"
#include "ui/pages/models_page.h"
#include "ui/pages/runs_page.h"

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTableView>
#include <QTest>

using namespace mpo;

namespace {

std::int64_t addRun(Project& project, const std::string& stage, const std::string& name, const Metrics& metrics)
{
    const std::int64_t run
        = project.beginRun(stage, name, {{"model", "base"}, {"settings", {{"beta", 0.25}}}}, {"base"});
    project.addMetrics(run, 1, 0.5, metrics);
    project.setRunProgress(run, 1, 1);
    project.endRun(run, RunState::Finished, "");
    return run;
}

} // namespace

class TestRunsPage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void tableTellsTheResult()
    {
        UiFixture fixture;
        const std::int64_t reward
            = addRun(*fixture.project, "reward", "judge", {{"loss", 0.5}, {"accuracy", 0.5}, {"eval_accuracy", 0.75}});
        RunTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRuns(fixture.project.get(), fixture.project->runs());
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.rowOf(reward), 0);
        QCOMPARE(model.index(0, RunTableModel::Result).data().toString(), QStringLiteral("eval_accuracy 0.75"));
        QCOMPARE(model.index(0, RunTableModel::State).data().toString(), QStringLiteral("finished"));
        model.setRuns(fixture.project.get(), {});
        QCOMPARE(model.rowCount(), 0);
    }

    void severalRunsShareTheCharts()
    {
        UiFixture fixture;
        const std::int64_t first = addRun(*fixture.project, "dpo", "a", {{"loss", 0.6}});
        const std::int64_t second = addRun(*fixture.project, "dpo", "b", {{"loss", 0.5}, {"grad_norm", 1.0}});
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        RunsPage page(bridge, selection);
        page.refresh();
        auto* charts = page.findChild<MetricGrid*>();
        QVERIFY(charts->chart("loss")->hasCurve(second)); // the newest one
        QVERIFY(!charts->chart("loss")->hasCurve(first));
        QCOMPARE(selection.run(), qint64(second));
        QVERIFY(page.findChild<QPlainTextEdit*>()->toPlainText().contains(QStringLiteral("0.25")));
        page.findChild<QTableView*>()->selectAll();
        QVERIFY(charts->chart("loss")->hasCurve(first) && charts->chart("loss")->hasCurve(second));
        QVERIFY(!charts->chart("grad_norm")->hasCurve(first));
        page.refresh(); // keeps the choice
        QVERIFY(charts->chart("loss")->hasCurve(first));
    }

    void tableFollowsARunningRun()
    {
        UiFixture fixture;
        const std::int64_t run = fixture.project->beginRun("dpo", "a", Json::object(), {});
        RunTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRuns(fixture.project.get(), fixture.project->runs());
        model.setProgress(run, 3, 10);
        QCOMPARE(model.index(0, RunTableModel::Steps).data().toString(), QStringLiteral("3 / 10"));
        model.setProgress(run + 1, 4, 10); // not in the table
        QCOMPARE(model.index(0, RunTableModel::Steps).data().toString(), QStringLiteral("3 / 10"));
    }

    void modelsShowTheirLineage()
    {
        UiFixture fixture;
        fixture.addModel("base", "policy");
        ModelRow child;
        child.name = "judge";
        child.folder = "models/judge";
        child.kind = "reward";
        child.parent = "base";
        child.created = nowUtc();
        fixture.project->addModel(child);
        ModelTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setModels(fixture.project->models());
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.index(0, ModelTableModel::Name).data().toString(), QStringLiteral("judge"));
        QCOMPARE(model.index(0, ModelTableModel::Parent).data().toString(), QStringLiteral("base"));
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        page.refresh();
        bool found = false;
        for (const QLabel* label : page.findChildren<QLabel*>())
            found = found || label->text() == QString::fromUtf8("base → judge");
        QVERIFY(found);
    }
};

QTEST_MAIN(TestRunsPage)
#include "tst_runs_page.moc"

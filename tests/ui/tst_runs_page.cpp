// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/ui_test.h"
#include "ui/charts/lineage_view.h"
#include "ui/charts/metric_grid.h"
#include "ui/models/model_table_model.h"
#include "ui/models/run_filter_model.h"
#include "ui/models/run_table_model.h"
#include "ui/models/settings_table_model.h"
#include "ui/pages/models_page.h"
#include "ui/pages/runs_page.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
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

/// The page as it stands in the window, with the widgets that a user reaches.
struct ShownPage
{
    explicit ShownPage(UiFixture& fixture)
        : bridge(fixture.project, fixture.execute())
        , selection(fixture.project)
        , page(bridge, selection)
    {
        page.resize(1100, 680);
        page.show();
        page.activateWindow(); // shortcuts are those of the active window
        page.refresh();
        if (!QTest::qWaitForWindowActive(&page))
            qWarning("the window did not become active");
    }

    QTableView* table() const { return page.findChild<QTableView*>(QStringLiteral("runs")); }
    QLineEdit* edit(const QString& accessibleName) const
    {
        for (QLineEdit* edit : page.findChildren<QLineEdit*>())
            if (edit->accessibleName() == accessibleName)
                return edit;
        return nullptr;
    }
    QPushButton* button(const QString& text) const { return buttonWith(page, text); }
    QString notice() const { return page.findChild<QLabel*>(QStringLiteral("notice"))->text(); }
    QStringList names() const
    {
        QStringList list;
        for (int row = 0; row < table()->model()->rowCount(); ++row)
            list << table()->model()->index(row, RunTableModel::Name).data().toString();
        return list;
    }
    void click(int row, Qt::KeyboardModifiers keys = Qt::NoModifier)
    {
        const QRect cell = table()->visualRect(table()->model()->index(row, RunTableModel::Name));
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, keys, cell.center());
    }

    EngineBridge bridge;
    Selection selection;
    RunsPage page;
};

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
        page.findChild<QTableView*>(QStringLiteral("runs"))->selectAll();
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

    void searchFindsTagsNotesAndSettings()
    {
        UiFixture fixture;
        const std::int64_t first = addRun(*fixture.project, "dpo", "alpha", {{"loss", 0.6}});
        const std::int64_t second = addRun(*fixture.project, "ppo", "beta", {{"loss", 0.5}});
        fixture.project->setRunTags(first, {"baseline"});
        fixture.project->setRunNote(second, "much too long answers");
        RunTableModel model;
        model.setRuns(fixture.project.get(), fixture.project->runs());
        RunFilterModel filter;
        const QAbstractItemModelTester tester(&filter, QAbstractItemModelTester::FailureReportingMode::QtTest);
        filter.setSourceModel(&model);
        for (const auto& [text, rows] : std::initializer_list<std::pair<const char*, int>> {
                 {"BASEL", 1}, {"answers", 1}, {"0.25", 2}, {"dpo alpha", 1}, {"dpo answers", 0}, {"", 2}}) {
            filter.setSearch(QString::fromLatin1(text));
            QCOMPARE(filter.rowCount(), rows);
        }
        filter.sort(RunTableModel::Id, Qt::AscendingOrder);
        QCOMPARE(filter.index(0, RunTableModel::Id).data().toLongLong(), qlonglong(first));

        ShownPage shown(fixture);
        QCOMPARE(shown.names(), (QStringList {QStringLiteral("beta"), QStringLiteral("alpha")}));
        QTest::keyClicks(shown.edit(QStringLiteral("Search runs")), QStringLiteral("baseline"));
        QCOMPARE(shown.names(), QStringList {QStringLiteral("alpha")});
        QCOMPARE(shown.selection.run(), qint64(first)); // what is found is chosen
    }

    void tagsAndNoteAreTyped()
    {
        UiFixture fixture;
        const std::int64_t first = addRun(*fixture.project, "dpo", "alpha", {{"loss", 0.6}});
        const std::int64_t second = addRun(*fixture.project, "ppo", "beta", {{"loss", 0.5}});
        ShownPage shown(fixture);
        QLineEdit* tags = shown.edit(QStringLiteral("Tags"));
        tags->setFocus();
        QTest::keyClicks(tags, QStringLiteral("good, short"));
        QTest::keyClick(tags, Qt::Key_Return);
        QCOMPARE(fixture.project->run(second)->tags, (std::vector<std::string> {"good", "short"}));
        QCOMPARE(
            shown.table()->model()->index(0, RunTableModel::Tags).data().toString(), QStringLiteral("good, short"));
        auto* note = shown.page.findChild<QPlainTextEdit*>();
        QTest::keyClicks(note, QStringLiteral("worth a look"));
        shown.click(1); // another run: what was typed is kept
        QCOMPARE(fixture.project->run(second)->note, std::string("worth a look"));
        QVERIFY(note->toPlainText().isEmpty() && tags->text().isEmpty());
        QTest::keyClicks(note, QStringLiteral("later"));
        QTRY_COMPARE(fixture.project->run(first)->note, std::string("later")); // also without a click
    }

    void settingsOfTwoStandSideBySide()
    {
        UiFixture fixture;
        addRun(*fixture.project, "dpo", "alpha", {{"loss", 0.6}});
        fixture.project->endRun(
            fixture.project->beginRun("dpo", "beta", {{"model", "base"}, {"settings", {{"beta", 0.5}}}}, {}),
            RunState::Finished, "");
        ShownPage shown(fixture);
        auto* settings = shown.page.findChild<SettingsTableModel*>();
        const QAbstractItemModelTester tester(settings, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(settings->columnCount(), 2);
        shown.click(1, Qt::ControlModifier);
        QCOMPARE(settings->columnCount(), 3);
        QCOMPARE(settings->index(0, 0).data().toString(), QStringLiteral("beta"));
        QCOMPARE(settings->index(0, 1).data().toString(), QStringLiteral("0.25"));
        QCOMPARE(settings->index(0, 2).data().toString(), QStringLiteral("0.5"));
        QCOMPARE(settings->rowCount(), 2);
        shown.page.findChild<QTabWidget*>()->setCurrentIndex(1);
        auto* only = shown.page.findChild<QCheckBox*>(QStringLiteral("onlyDifferences"));
        QVERIFY(only->isVisible());
        only->click();
        QCOMPARE(settings->rowCount(), 1);
        QVERIFY(settings->asText().startsWith(QStringLiteral("Setting\t1 · alpha\t2 · beta\n")));
    }

    void deletingCanBeUndone()
    {
        UiFixture fixture;
        for (const char* name : {"alpha", "beta", "gamma"})
            addRun(*fixture.project, "dpo", name, {{"loss", 0.6}});
        const std::int64_t running = fixture.project->beginRun("dpo", "delta", Json::object(), {});
        ShownPage shown(fixture);
        auto* bar = shown.page.findChild<QWidget*>(QStringLiteral("undo"));
        QVERIFY(!bar->isVisible());
        shown.click(1);
        QTest::keyClick(shown.table(), Qt::Key_Delete);
        QCOMPARE(
            shown.names(), (QStringList {QStringLiteral("delta"), QStringLiteral("beta"), QStringLiteral("alpha")}));
        QCOMPARE(fixture.project->deletedRuns().size(), std::size_t(1));
        QVERIFY(bar->isVisible());
        QCOMPARE(shown.selection.run(), qint64(2)); // the one that took its place
        shown.click(0);
        QVERIFY(!shown.button(QStringLiteral("Delete"))->isEnabled()); // it is running
        shown.table()->setFocus();
        QTest::keyClick(shown.table(), Qt::Key_Delete);
        QVERIFY(shown.notice().contains(QStringLiteral("is running")));
        QCOMPARE(shown.names().size(), 3);
        shown.click(1);
        shown.click(2, Qt::ControlModifier);
        shown.button(QStringLiteral("Delete 2 runs"))->click();
        QCOMPARE(shown.names(), QStringList {QStringLiteral("delta")});
        shown.button(QStringLiteral("Undo"))->click();
        QCOMPARE(shown.names().size(), 3);
        QTest::keyClick(shown.table(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(shown.names().size(), 4);
        QVERIFY(!bar->isVisible() && fixture.project->deletedRuns().empty());
        Q_UNUSED(running)
    }

    void runsOfOtherProgramsComeInAndOursGoOut()
    {
        UiFixture fixture;
        addRun(*fixture.project, "dpo", "alpha", {{"loss", 0.6}});
        ShownPage shown(fixture);
        shown.page.importFrom(QStringLiteral(MPO_FIXTURES "/runs/trainer"));
        QTRY_COMPARE(shown.names(), (QStringList {QStringLiteral("trainer"), QStringLiteral("alpha")}));
        QVERIFY(shown.notice().startsWith(QStringLiteral("1 run imported.")));
        auto* charts = shown.page.findChild<MetricGrid*>();
        QVERIFY(charts->chart("loss")->hasCurve(2) && charts->chart("rewards/margins"));
        shown.page.importFrom(QStringLiteral(MPO_FIXTURES "/runs/nothing-here"));
        QTRY_VERIFY(shown.notice().contains(QStringLiteral("no such file or folder")));
        QCOMPARE(shown.names().size(), 2);
        shown.table()->selectAll();
        const QString out = fixture.folder.filePath(QStringLiteral("out"));
        shown.page.exportTo(out, RunFormat::TensorBoard);
        QTRY_VERIFY(shown.notice().startsWith(QStringLiteral("Exported.")));
        QCOMPARE(QDir(out).entryList(QDir::Dirs | QDir::NoDotAndDotDot),
            (QStringList {QStringLiteral("1-dpo-alpha"), QStringLiteral("2-import-trainer")}));
        QTRY_VERIFY(!shown.table()->model()->index(0, RunTableModel::Disk).data().toString().isEmpty());
    }

    void reportIsWritten()
    {
        UiFixture fixture;
        const std::int64_t first = addRun(*fixture.project, "dpo", "one", {{"loss", 0.5}});
        fixture.project->addMetrics(first, 2, 1.0, {{"loss", 0.25}});
        addRun(*fixture.project, "dpo", "two", {{"loss", 0.5}});
        ShownPage shown(fixture);
        shown.click(1); // newest first: this is "one"
        for (const char* name : {"report.html", "report.pdf"}) {
            const QString path = fixture.folder.filePath(QLatin1String(name));
            shown.page.writeReport(path);
            QTRY_VERIFY2(shown.notice().contains(QLatin1String(name)), qPrintable(shown.notice()));
            QFile file(path);
            QVERIFY(file.open(QIODevice::ReadOnly));
            const QByteArray content = file.readAll();
            QVERIFY(content.startsWith(path.endsWith(QLatin1String(".pdf")) ? "%PDF" : "<!DOCTYPE html>"));
            if (path.endsWith(QLatin1String(".html"))) {
                QVERIFY(content.contains("Run 1: dpo makes one") && content.contains("<svg"));
                QVERIFY(!content.contains("Run 2: dpo makes two"));
            } else {
                QVERIFY(content.contains("/Image")); // the curve
            }
        }
        shown.page.writeReport(QStringLiteral("/proc/nothing/x.html"));
        QTRY_VERIFY2(shown.notice().contains(QStringLiteral("/proc/nothing")), qPrintable(shown.notice()));
    }

    void lineageLeadsToOtherRuns()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 3);
        fixture.addModel("base", "policy");
        const auto train = [&](const char* stage, const char* model, const char* out) {
            const std::int64_t run = fixture.project->beginRun(stage, out, {{"model", model}, {"data", "pairs"}}, {});
            fixture.project->endRun(run, RunState::Finished, "");
            ModelRow row;
            row.name = out;
            row.folder = std::string("models/") + out;
            row.kind = "policy";
            row.run = run;
            fixture.project->addModel(row);
            return run;
        };
        const std::int64_t first = train("sft", "base", "sft-model");
        train("dpo", "sft-model", "a name that is far too long for the card that shall show it");
        ShownPage shown(fixture);
        shown.page.findChild<QTabWidget*>()->setCurrentIndex(2);
        auto* view = shown.page.findChild<LineageView*>();
        const auto place = [&](const std::string& name) {
            const auto& nodes = view->lineage().nodes;
            return int(std::find_if(nodes.begin(), nodes.end(), [&](const auto& n) { return n.name == name; })
                - nodes.begin());
        };
        QCOMPARE(view->lineage().nodes.size(), std::size_t(4));
        for (int a = 0; a < 4; ++a)
            for (int b = 0; b < a; ++b)
                QVERIFY(!view->cardOf(a).intersects(view->cardOf(b)));
        QVERIFY(view->cardOf(place("base")).right() < view->cardOf(place("sft-model")).left());
        QVERIFY(!view->grab().isNull());
        QTest::mouseClick(view, Qt::LeftButton, Qt::NoModifier, view->cardOf(place("sft-model")).center());
        QCOMPARE(shown.selection.run(), qint64(first));
        QCOMPARE(view->lineage().nodes[std::size_t(view->lineage().focus)].name, std::string("sft-model"));
        std::optional<PageId> asked;
        connect(&shown.page, &Page::openPage, this, [&](PageId page) { asked = page; });
        QTest::keyClick(view, Qt::Key_Left); // from the focus to what it was made from
        QTest::keyClick(view, Qt::Key_Return);
        QVERIFY(asked == PageId::Data || asked == PageId::Models);
    }

    void emptyProjectSaysWhatToDo()
    {
        UiFixture fixture;
        ShownPage shown(fixture);
        QVERIFY(!shown.table()->isVisible());
        bool said = false;
        for (const QLabel* label : shown.page.findChildren<QLabel*>())
            said = said || (label->isVisible() && label->text() == QStringLiteral("No runs yet"));
        QVERIFY(said);
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
        const Lineage& lineage = page.findChild<LineageView*>()->lineage();
        QCOMPARE(lineage.edges.size(), std::size_t(1));
        QCOMPARE(lineage.nodes[std::size_t(lineage.edges[0].from)].name, std::string("base"));
        QCOMPARE(lineage.nodes[std::size_t(lineage.edges[0].to)].name, std::string("judge"));
    }
};

QTEST_MAIN(TestRunsPage)
#include "tst_runs_page.moc"

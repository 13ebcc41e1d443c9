// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/ui_test.h"
#include "ui/charts/metric_grid.h"
#include "ui/cheat_sheet.h"
#include "ui/forms/settings_form.h"
#include "ui/main_window.h"
#include "ui/navigation_rail.h"
#include "ui/pages/start_page.h"
#include "ui/pages/training_page.h"
#include "ui/pipeline_strip.h"
#include "ui/run_bar.h"

#include <QAbstractScrollArea>
#include <QAccessible>
#include <QComboBox>
#include <QDebug>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QScrollArea>
#include <QSlider>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QTest>

using namespace mpo;

class TestMainWindow : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void emptyProjectOffersTheDemo()
    {
        UiFixture fixture;
        Gate gate;
        bool fast = false;
        fixture.work = [&](const Command& command, const EventSink& sink, std::stop_token stop) {
            fast = std::get<RunDemo>(command).fast;
            sink(PipelineStep {"Data", 1, 3});
            gate.wait(stop);
            sink(PipelineStep {"Reward model", 2, 3});
            const std::int64_t reward = fixture.project->beginRun("reward", "judge", Json::object(), {});
            sink(RunStarted {reward, "reward", "judge", 10, 0});
            sink(metricsOf(reward, 1, 10, 0.7));
            gate.wait(stop);
            fixture.project->endRun(reward, RunState::Finished, "");
            sink(RunEnded {reward, RunState::Finished, ""});
            sink(PipelineStep {"PPO", 3, 3});
            const std::int64_t ppo = fixture.project->beginRun("ppo", "mpo", Json::object(), {});
            sink(RunStarted {ppo, "ppo", "mpo", 10, 0});
            gate.wait(stop);
            fixture.project->endRun(ppo, RunState::Finished, "");
            sink(RunEnded {ppo, RunState::Finished, ""});
            sink(ReportWritten {"/tmp/report", {{"Model", "Score"}, {"SFT", "0.1"}}});
        };
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        QVERIFY(!window.currentPage());
        QVERIFY(window.startPage()->isVisible());
        QTest::mouseClick(window.startPage()->findChild<QPushButton*>(QStringLiteral("demo")), Qt::LeftButton);
        QTRY_COMPARE(window.strip()->step(), 1);
        QVERIFY(fast);
        QVERIFY(window.strip()->isVisible());
        gate.open();
        // The window follows, and the curve is there.
        QTRY_COMPARE(window.currentPage(), std::optional(PageId::RewardModel));
        QCOMPARE(window.rail()->state(PageId::RewardModel), StepState::Running);
        auto* page = static_cast<TrainingPage*>(window.page(PageId::RewardModel));
        QTRY_VERIFY(page->charts()->chart("loss"));
        // Until the user goes elsewhere.
        window.openPage(PageId::Runs);
        gate.open();
        QTRY_COMPARE(window.rail()->state(PageId::Ppo), StepState::Running);
        QCOMPARE(window.currentPage(), std::optional(PageId::Runs));
        gate.open();
        QTRY_VERIFY(!window.bridge().busy());
        QCOMPARE(window.currentPage(), std::optional(PageId::Runs));
        QCOMPARE(window.rail()->state(PageId::Ppo), StepState::Done);
        QCOMPARE(fixture.commands.load(), 1);
    }

    void railTellsOfAStageFromItsStart()
    {
        UiFixture fixture;
        Gate gate;
        fixture.work = [&](const Command&, const EventSink& sink, std::stop_token stop) {
            gate.wait(stop); // models are loaded
            const std::int64_t run = fixture.project->beginRun("dpo", "dpo", Json::object(), {});
            sink(RunStarted {run, "dpo", "dpo", 10, 0});
            fixture.project->endRun(run, RunState::Finished, "");
            sink(RunEnded {run, RunState::Finished, ""});
            gate.wait(stop); // the model is written
        };
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        const auto state = [&] { return window.rail()->state(PageId::Dpo); };
        QVERIFY(state() != StepState::Running);
        TrainStage train;
        train.stage = StageKind::Dpo;
        window.bridge().post(train);
        QCOMPARE(state(), StepState::Running);
        gate.open();
        const auto ended = [&] { return !fixture.project->runs().empty(); };
        QTRY_VERIFY(ended());
        QTest::qWait(200); // the rail follows what was stored some way behind
        QCOMPARE(state(), StepState::Running);
        gate.open();
        QTRY_VERIFY(!window.bridge().busy());
        QTRY_VERIFY(state() != StepState::Running);
    }

    void railShowsHowFarTheProjectIs()
    {
        UiFixture fixture;
        auto stateOf = [&](PageId page) { return pathState(*fixture.project)[std::size_t(page)].state; };
        QCOMPARE(stateOf(PageId::Data), StepState::Ready);
        QCOMPARE(stateOf(PageId::RewardModel), StepState::Waiting);
        fixture.addPairs("pairs", 2);
        QCOMPARE(stateOf(PageId::Data), StepState::Done);
        QCOMPARE(stateOf(PageId::RewardModel), StepState::Ready);
        QCOMPARE(stateOf(PageId::Dpo), StepState::Waiting);
        {
            UiFixture split; // by a reward model that began from a folder outside of the project
            split.addPairs("pairs", 2);
            SplitRow row;
            row.name = "half";
            row.dataset = "pairs";
            row.split.buckets = {Bucket::Easy, Bucket::Hard};
            split.project->addSplit(row);
            QCOMPARE(pathState(*split.project)[std::size_t(PageId::Dpo)].state, StepState::Ready);
        }
        fixture.addModel("sft", "policy");
        QCOMPARE(stateOf(PageId::Dpo), StepState::Ready);
        QCOMPARE(stateOf(PageId::Ppo), StepState::Waiting);
        fixture.addModel("judge", "reward");
        QCOMPARE(stateOf(PageId::RewardModel), StepState::Done);
        QCOMPARE(stateOf(PageId::Ppo), StepState::Ready);
        QCOMPARE(stateOf(PageId::Evaluate), StepState::Waiting);
        fixture.addModel("dpo", "policy");
        QCOMPARE(stateOf(PageId::Evaluate), StepState::Ready);
        const std::int64_t run = fixture.project->beginRun("dpo", "dpo", Json::object(), {});
        QCOMPARE(stateOf(PageId::Dpo), StepState::Ready);
        fixture.project->endRun(run, RunState::Finished, "");
        QCOMPARE(stateOf(PageId::Dpo), StepState::Done);
    }

    void keysOpenPages()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        for (int i = 0; i < kPages; ++i) {
            QTest::keyClick(&window, static_cast<Qt::Key>(Qt::Key_1 + i), Qt::ControlModifier);
            // A shortcut of a button animates its click.
            QTRY_COMPARE(window.currentPage(), std::optional(static_cast<PageId>(i)));
        }
    }

    /// A button that is disabled while it has the focus does not send it to the rail.
    void focusStaysOnThePage()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        window.openPage(PageId::Models);
        QPushButton* import = nullptr;
        for (QPushButton* button : window.page(PageId::Models)->findChildren<QPushButton*>())
            if (button->isVisible() && button->text().startsWith(QStringLiteral("Import")))
                import = button;
        QVERIFY(import);
        import->setFocus();
        QTRY_COMPARE(QApplication::focusWidget(), import);
        import->setEnabled(false);
        QVERIFY(QApplication::focusWidget());
        QVERIFY(!window.rail()->isAncestorOf(QApplication::focusWidget()));
    }

    void pageIsRemembered()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        {
            MainWindow window(fixture.project, fixture.execute());
            window.show();
            window.openPage(PageId::Models);
            window.close();
        }
        MainWindow window(fixture.project, fixture.execute());
        QCOMPARE(window.currentPage(), std::optional(PageId::Models));
    }

    void choicesAreRemembered()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        fixture.addPairs("others", 2);
        fixture.addModel("small", "policy");
        fixture.addModel("large", "policy");
        for (const double loss : {1.0, 0.5}) {
            const std::int64_t run
                = fixture.project->beginRun("ppo", loss == 1.0 ? "first" : "second", Json::object(), {});
            for (int step = 1; step <= 5; ++step)
                fixture.project->addMetrics(run, step, double(step), {{"loss/policy_avg", loss / step}});
            fixture.project->endRun(run, RunState::Finished, {});
        }
        const auto ppo = [](MainWindow& window) { return static_cast<TrainingPage*>(window.page(PageId::Ppo)); };
        const auto splitter = [](MainWindow& window) {
            return window.page(PageId::Runs)->findChild<QSplitter*>(QStringLiteral("runs"));
        };
        QList<int> sizes;
        QRectF zoom;
        QString chosen;
        qint64 older = 0;
        {
            MainWindow window(fixture.project, fixture.execute());
            window.resize(1280, 760);
            window.show();
            window.openPage(PageId::Data);
            auto* list = window.page(PageId::Data)->findChild<QListWidget*>();
            list->setCurrentRow(1 - list->currentRow());
            chosen = list->currentItem()->data(Qt::UserRole).toString();
            window.openPage(PageId::Runs);
            splitter(window)->setSizes({400, 200});
            sizes = splitter(window)->sizes();
            window.openPage(PageId::Ppo);
            TrainingPage* page = ppo(window);
            older = page->shownRun() - 1;
            page->showRun(older);
            static_cast<QLineEdit*>(page->form()->editor("kl_coef"))->setText(QStringLiteral("0.125"));
            page->charts()->findChild<QSlider*>()->setValue(90);
            page->charts()->findChild<QComboBox*>()->setCurrentIndex(2);
            MetricChart* chart = page->charts()->chart("loss/policy_avg");
            chart->replotNow();
            QTest::keyClick(chart, Qt::Key_Plus);
            zoom = chart->zoom().value();
            window.close();
        }
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        QCOMPARE(window.currentPage(), std::optional(PageId::Ppo));
        QCOMPARE(ppo(window)->shownRun(), older);
        QCOMPARE(ppo(window)->form()->settings().real("kl_coef"), 0.125);
        QCOMPARE(ppo(window)->charts()->findChild<QSlider*>()->value(), 90);
        QCOMPARE(ppo(window)->charts()->findChild<QComboBox*>()->currentIndex(), 2);
        QCOMPARE(ppo(window)->charts()->chart("loss/policy_avg")->zoom(), std::optional(zoom));
        window.openPage(PageId::Runs);
        QCOMPARE(splitter(window)->sizes(), sizes);
        window.openPage(PageId::Data);
        const auto* list = window.page(PageId::Data)->findChild<QListWidget*>();
        QCOMPARE(list->currentItem()->data(Qt::UserRole).toString(), chosen);
        QVERIFY(list->currentRow() > 0); // not what it would begin with
    }

    /// For screen readers: whatever takes the focus says what it is.
    void everyControlHasAName()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        fixture.addModel("small", "policy");
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        QStringList nameless;
        int looked = 0;
        const auto look = [&](Page* page) {
            for (QWidget* widget : page->findChildren<QWidget*>()) {
                if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus) || widget->focusProxy()
                    || widget->objectName().startsWith(QLatin1String("qt_")) // parts of others
                    || qobject_cast<QAbstractScrollArea*>(widget->parentWidget()) || qobject_cast<QTabBar*>(widget)
                    || qobject_cast<QScrollArea*>(widget))
                    continue;
                ++looked;
                const QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
                if (!accessible || accessible->text(QAccessible::Name).trimmed().isEmpty())
                    nameless << QStringLiteral("%1 %2 on %3")
                                    .arg(QLatin1String(widget->metaObject()->className()), widget->objectName(),
                                        QLatin1String(page->metaObject()->className()));
            }
        };
        for (int i = 0; i < kPages; ++i) {
            window.openPage(static_cast<PageId>(i));
            Page* page = window.page(static_cast<PageId>(i));
            look(page);
            for (QTabWidget* tabs : page->findChildren<QTabWidget*>())
                for (int tab = 1; tabs->isVisible() && tab < tabs->count(); ++tab) {
                    tabs->setCurrentIndex(tab);
                    look(page);
                }
        }
        nameless.removeDuplicates();
        for (const QString& one : nameless)
            qWarning().noquote() << one;
        QVERIFY(looked > 200);
        QVERIFY(nameless.isEmpty());
    }

    void pauseKeyAlsoGoesOn()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        Gate gate;
        fixture.work = [&](const Command&, const EventSink&, std::stop_token stop) { gate.wait(stop); };
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        window.bridge().post(ImportModel {"/x", ""});
        QTRY_VERIFY(window.bridge().busy());
        QTest::keyClick(&window, Qt::Key_P, Qt::ControlModifier);
        QTRY_VERIFY(window.bridge().paused());
        QTest::keyClick(&window, Qt::Key_P, Qt::ControlModifier);
        QTRY_VERIFY(!window.bridge().paused());
        gate.open();
        QTRY_VERIFY(!window.bridge().busy());
    }

    void failureIsSaid()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        fixture.work = [](const Command&, const EventSink&, std::stop_token) {
            throw std::runtime_error("model.safetensors is cut off");
        };
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        window.bridge().post(ImportModel {"/x", ""});
        QTRY_VERIFY(!window.bridge().busy());
        QCOMPARE(window.findChild<RunBar*>()->text(), QStringLiteral("model.safetensors is cut off"));
    }

    void messageIsSeenWhileSomethingRuns()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        Gate gate;
        fixture.work = [&](const Command&, const EventSink& sink, std::stop_token stop) {
            sink(Progress {"Importing", 0.5, "1 of 2"});
            gate.wait(stop);
        };
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        auto* bar = window.findChild<RunBar*>();
        window.bridge().post(ImportModel {"/x", ""});
        QTRY_COMPARE(bar->text(), QStringLiteral("Importing"));
        const int before = window.minimumSizeHint().width();
        const QString sentence = QStringLiteral("a long sentence ").repeated(40);
        bar->say(sentence);
        QCOMPARE(bar->text(), sentence);
        QVERIFY(window.minimumSizeHint().width() <= before); // it is cut, the window is not widened
        gate.open();
        QTRY_VERIFY(!window.bridge().busy());
    }

    void focusComesBackFromTheCheatSheet()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 2);
        MainWindow window(fixture.project, fixture.execute());
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QWidget* before = window.focusWidget();
        QVERIFY(before);
        QVERIFY(!window.rail()->isAncestorOf(before));
        QTest::keyClick(&window, Qt::Key_F1);
        auto* sheet = window.findChild<CheatSheet*>();
        QTRY_VERIFY(sheet->isVisible());
        QTest::keyClick(sheet, Qt::Key_Escape);
        QVERIFY(!sheet->isVisible());
        QCOMPARE(window.focusWidget(), before);
    }

    void closesWhileTheEngineWorks()
    {
        UiFixture fixture;
        Gate gate;
        fixture.work = [&](const Command&, const EventSink& sink, std::stop_token stop) {
            for (int step = 1; !stop.stop_requested(); ++step)
                sink(metricsOf(1, step, 0, 1.0));
        };
        auto window = std::make_unique<MainWindow>(fixture.project, fixture.execute());
        window->bridge().post(RunDemo {});
        QTest::qWait(50);
        window.reset(); // ends without a crash or a hang
        QCOMPARE(fixture.commands.load(), 1);
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"

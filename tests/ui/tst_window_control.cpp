// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A window beside another program that writes the project, and what becomes of a run when the window is closed. With
// the real engine and the real command line program.
#include "tests/cli/tiny_model.h"
#include "tests/ui/ui_test.h"
#include "ui/charts/metric_chart.h"
#include "ui/charts/metric_grid.h"
#include "ui/closing_dialog.h"
#include "ui/main_window.h"
#include "ui/pages/training_page.h"
#include "ui/run_bar.h"
#include "ui/writer_banner.h"

#include <QFileInfo>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

using namespace mpo;

class TestWindowControl : public QObject
{
    Q_OBJECT

    static constexpr int kLongMs = 60000;

    QTemporaryDir m_folder;

    QString path(const QString& name) const { return m_folder.filePath(name); }
    std::filesystem::path project(const char* name) const { return path(QLatin1String(name)).toStdString(); }
    TrainStage training(std::int64_t steps) const
    {
        TrainStage command;
        command.stage = StageKind::Dpo;
        command.model = path(QStringLiteral("tiny")).toStdString();
        command.data = path(QStringLiteral("pairs.jsonl")).toStdString();
        command.out = "aligned";
        command.settings = Settings(StageKind::Dpo);
        command.settings.set("max_steps", steps);
        command.settings.set("batch_size", std::int64_t(2));
        command.settings.set("learning_rate", 0.01);
        command.settings.set("beta", 0.1 + 0.2); // has no short name in decimal
        return command;
    }
    /// The same training in a process of its own.
    bool startProgram(QProcess& process, const char* projectName, std::int64_t steps) const
    {
        const QString out = path(QLatin1String(projectName)) + QStringLiteral(".out");
        process.setStandardOutputFile(out);
        process.start(QStringLiteral(MPO_BIN "/mpo"),
            {QStringLiteral("--project"), path(QLatin1String(projectName)), QStringLiteral("--json"),
                QStringLiteral("train"), QStringLiteral("dpo"), QStringLiteral("--model"), path(QStringLiteral("tiny")),
                QStringLiteral("--data"), path(QStringLiteral("pairs.jsonl")), QStringLiteral("--out"),
                QStringLiteral("aligned"), QStringLiteral("--set"), QStringLiteral("max_steps=%1").arg(steps),
                QStringLiteral("batch_size=2"), QStringLiteral("learning_rate=0.01"),
                QStringLiteral("beta=0.30000000000000004")});
        return QTest::qWaitFor([&] { return QFileInfo(out).size() > 0; }, kLongMs);
    }
    QByteArray weights(const char* name) const
    {
        QFile file(path(QLatin1String(name)) + QStringLiteral("/models/aligned/model.safetensors"));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static RunState stateOf(const std::filesystem::path& folder)
    {
        return Project::open(folder, Project::Access::ReadOnly)->run(1)->state;
    }
    /// Closes the window and presses a button of its question.
    static void closeWith(MainWindow& window, const char* button)
    {
        QVERIFY(!window.close());
        auto* dialog = window.findChild<ClosingDialog*>();
        QVERIFY(dialog && dialog->isVisible());
        auto* choice = dialog->findChild<QPushButton*>(QLatin1String(button));
        QVERIFY(choice && choice->isEnabled());
        choice->click();
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("MPO_PROGRAM", MPO_BIN "/mpo");
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_folder.path());
        applyStyle(*static_cast<QApplication*>(QApplication::instance()), Theme::Light);
        tiny_model::write(path(QStringLiteral("tiny")));
        QFile file(path(QStringLiteral("pairs.jsonl")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(R"({"prompt_ids":[1,2],"chosen_ids":[3,4,10],"rejected_ids":[5,10]}
{"prompt_ids":[2,3,4],"chosen_ids":[6,10],"rejected_ids":[7,8,9,10]}
{"prompt_ids":[1],"chosen_ids":[3,10],"rejected_ids":[8,10]}
{"prompt_ids":[9],"chosen_ids":[3,3,10],"rejected_ids":[2,10]}
)");
    }

    void followsAnotherProgramAndSteersIt()
    {
        QProcess other;
        QVERIFY(startProgram(other, "live.mpo", 1'000'000));
        MainWindow window(Project::open(project("live.mpo"), Project::Access::ReadOnly));
        window.show();
        window.openPage(PageId::Dpo);
        auto* banner = window.findChild<WriterBanner*>();
        QVERIFY(banner && banner->isVisible());
        QTRY_VERIFY(banner->text().contains(QStringLiteral("process %1").arg(other.processId())));
        QVERIFY(!banner->findChild<QPushButton*>(QStringLiteral("write"))->isVisible());
        // The curve grows.
        auto* page = window.findChild<TrainingPage*>();
        for (TrainingPage* each : window.findChildren<TrainingPage*>())
            if (each->stage() == StageKind::Dpo)
                page = each;
        QTRY_VERIFY(page->charts()->chart("loss"));
        const auto points = [&] { return page->charts()->chart("loss")->points(1).size(); };
        const std::size_t before = points();
        QTRY_VERIFY(points() > before + 20);
        const auto& curve = page->charts()->chart("loss")->points(1);
        for (std::size_t i = 1; i < curve.size(); ++i)
            QVERIFY(curve[i].step == curve[i - 1].step + 1); // none twice, none left out
        QVERIFY(!page->findChild<QPushButton*>(QStringLiteral("start"))->isEnabled());
        QVERIFY(window.bridge().busy());
        // What is posted here is refused.
        QSignalSpy finished(&window.bridge(), &EngineBridge::commandFinished);
        window.bridge().post(RunDemo {});
        QCOMPARE(finished.count(), 1);
        // Pause, go on, stop.
        QSignalSpy answered(&window.bridge(), &EngineBridge::requestAnswered);
        window.bridge().pause();
        QTRY_COMPARE(answered.count(), 1);
        QVERIFY(answered[0][0].toBool());
        QTRY_VERIFY(window.bridge().paused());
        QTest::qWait(500);
        const std::size_t held = points();
        QTest::qWait(500);
        QCOMPARE(points(), held);
        window.bridge().resume();
        QTRY_VERIFY(!window.bridge().paused());
        QTRY_VERIFY(points() > held);
        window.bridge().cancel(OnStop::Pause);
        QTRY_VERIFY_WITH_TIMEOUT(!window.bridge().busy(), kLongMs);
        QTRY_COMPARE_WITH_TIMEOUT(other.state(), QProcess::NotRunning, kLongMs);
        QTRY_VERIFY(banner->findChild<QPushButton*>(QStringLiteral("write"))->isVisible());
        QSignalSpy wanted(&window, &MainWindow::projectRequested);
        banner->findChild<QPushButton*>(QStringLiteral("write"))->click();
        QCOMPARE(wanted.count(), 1);
        QCOMPARE(stateOf(project("live.mpo")), RunState::Paused);
        QVERIFY(window.close());
    }

    void keepsRunningInTheBackground()
    {
        QProcess whole;
        QVERIFY(startProgram(whole, "whole.mpo", 4000));
        QTRY_COMPARE_WITH_TIMEOUT(whole.state(), QProcess::NotRunning, kLongMs);
        {
            MainWindow window(Project::open(project("handed.mpo")));
            window.show();
            QSignalSpy steps(&window.bridge(), &EngineBridge::metricsLogged);
            window.bridge().post(training(4000));
            QTRY_VERIFY_WITH_TIMEOUT(steps.count() > 0, kLongMs);
            closeWith(window, "background");
            QTRY_VERIFY_WITH_TIMEOUT(!window.isVisible(), kLongMs);
            QVERIFY(window.bridge().project().run(1)->steps < 4000);
            QCOMPARE(window.bridge().project().run(1)->state, RunState::Paused);
        }
        // The program that was started waits for the lock that goes with the window; then it goes on with the same run.
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(project("handed.mpo")), RunState::Finished, kLongMs);
        QTRY_VERIFY_WITH_TIMEOUT(!writingProcess(project("handed.mpo")), kLongMs);
        const auto again = Project::open(project("handed.mpo"), Project::Access::ReadOnly);
        QCOMPARE(again->runs().size(), std::size_t(1));
        QVERIFY(!weights("whole.mpo").isEmpty());
        QVERIFY(weights("handed.mpo") == weights("whole.mpo"));
        QFile log(path(QStringLiteral("handed.mpo/runs/1-dpo/background.log")));
        QVERIFY(log.open(QIODevice::ReadOnly));
        QVERIFY(log.readAll().contains("resumed after step"));
    }

    void pausesOrStopsWhenItIsClosed_data()
    {
        QTest::addColumn<QByteArray>("button");
        QTest::addColumn<int>("state");
        QTest::newRow("pause") << QByteArray("pause") << int(RunState::Paused);
        QTest::newRow("stop") << QByteArray("stop") << int(RunState::Stopped);
    }

    void pausesOrStopsWhenItIsClosed()
    {
        QFETCH(QByteArray, button);
        QFETCH(int, state);
        const std::filesystem::path folder = project((button + ".mpo").constData());
        {
            MainWindow window(Project::open(folder));
            window.show();
            QSignalSpy steps(&window.bridge(), &EngineBridge::metricsLogged);
            window.bridge().post(training(1'000'000));
            QTRY_VERIFY_WITH_TIMEOUT(steps.count() > 0, kLongMs);
            closeWith(window, button.constData());
            QTRY_VERIFY_WITH_TIMEOUT(!window.isVisible(), kLongMs);
        }
        QVERIFY(!writingProcess(folder));
        QCOMPARE(int(stateOf(folder)), state);
    }

    void closingCanBeCalledOff()
    {
        MainWindow window(Project::open(project("off.mpo")));
        window.show();
        QSignalSpy steps(&window.bridge(), &EngineBridge::metricsLogged);
        window.bridge().post(training(1'000'000));
        QTRY_VERIFY_WITH_TIMEOUT(steps.count() > 0, kLongMs);
        closeWith(window, "cancel");
        QTRY_VERIFY(!window.findChild<ClosingDialog*>());
        QVERIFY(window.isVisible());
        const int before = int(steps.count());
        QTRY_VERIFY(steps.count() > before + 2);
        // Escape does the same; and when the run ends by itself the question goes.
        QVERIFY(!window.close());
        QTest::keyClick(window.findChild<ClosingDialog*>(), Qt::Key_Escape);
        QTRY_VERIFY(!window.findChild<ClosingDialog*>());
        QVERIFY(!window.close());
        window.bridge().cancel();
        QTRY_VERIFY_WITH_TIMEOUT(!window.findChild<ClosingDialog*>(), kLongMs);
        QVERIFY(window.isVisible());
        QVERIFY(window.close());
    }

    void offersOnlyWhatCanBeDone()
    {
        ClosingDialog import({QStringLiteral("Importing"), false, false});
        QVERIFY(!import.findChild<QPushButton*>(QStringLiteral("background")));
        QVERIFY(!import.findChild<QPushButton*>(QStringLiteral("pause")));
        QVERIFY(import.findChild<QPushButton*>(QStringLiteral("cancel"))->isDefault());
        ClosingDialog training({QStringLiteral("DPO"), true, true});
        QVERIFY(training.findChild<QPushButton*>(QStringLiteral("background"))->isDefault());
        QSignalSpy chosen(&training, &ClosingDialog::chosen);
        training.show();
        QVERIFY(QTest::qWaitForWindowActive(&training));
        QTest::keyClick(&training, Qt::Key_P, Qt::AltModifier);
        QTRY_COMPARE(chosen.count(), 1);
        QCOMPARE(chosen[0][0].value<ClosingDialog::Choice>(), ClosingDialog::Choice::Pause);
    }
};

QTEST_MAIN(TestWindowControl)
#include "tst_window_control.moc"

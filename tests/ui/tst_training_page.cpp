// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/ui_test.h"
#include "ui/charts/health_strip.h"
#include "ui/charts/metric_grid.h"
#include "ui/format.h"
#include "ui/forms/memory_panel.h"
#include "ui/forms/settings_form.h"
#include "ui/pages/training_form.h"
#include "ui/pages/training_page.h"
#include "ui/run_bar.h"
#include "ui/sample_view.h"

#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QUndoStack>

#include <thread>

using namespace mpo;

namespace {

/// Whether a label in sight says this and no more.
bool showsLabel(const TrainingPage& page, const QString& text)
{
    for (const QLabel* label : page.findChildren<QLabel*>())
        if (label->isVisible() && label->text() == text)
            return true;
    return false;
}

} // namespace

class TestTrainingPage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void doubleClickStartsOnce()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("sft", "policy");
        Gate gate;
        TrainStage got;
        fixture.work = [&](const Command& command, const EventSink&, std::stop_token stop) {
            got = std::get<TrainStage>(command);
            gate.wait(stop);
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Dpo, bridge, selection);
        page.refresh();
        page.resize(1000, 700);
        page.show();
        qobject_cast<QLineEdit*>(page.form()->editor("beta"))->setText(QStringLiteral("0.3"));
        auto* start = page.findChild<QPushButton*>(QStringLiteral("start"));
        QVERIFY(start->isEnabled());
        QTest::mouseClick(start, Qt::LeftButton);
        QTest::mouseDClick(start, Qt::LeftButton);
        QVERIFY(!start->isEnabled());
        gate.open();
        QTRY_VERIFY(!bridge.busy());
        QTest::qWait(20);
        QCOMPARE(fixture.commands.load(), 1);
        QCOMPARE(got.model, std::string("sft"));
        QCOMPARE(got.data, std::string("pairs"));
        QCOMPARE(got.out, std::string("dpo"));
        QCOMPARE(got.settings.real("beta"), 0.3);
        QVERIFY(start->isEnabled());
    }

    void fieldsFitTheForm()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("a-model-with-a-name-that-is-rather-long", "policy");
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo}) {
            TrainingPage page(stage, bridge, selection);
            page.refresh();
            page.resize(1088, 600);
            page.show();
            const auto* scroll = page.findChild<TrainingForm*>()->findChild<QScrollArea*>();
            const int needed = scroll->widget()->minimumSizeHint().width();
            QVERIFY2(needed <= scroll->viewport()->width(),
                qPrintable(QStringLiteral("%1 of %2").arg(needed).arg(scroll->viewport()->width())));
        }
    }

    void saysWhenThereIsNothingToTrain()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("sft", "policy");
        fixture.addModel("mine", "policy");
        EngineBridge bridge(fixture.project, fixture.execute()); // ends without a run, as for a finished training
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Dpo, bridge, selection);
        page.refresh();
        page.show();
        auto* name = page.findChild<QLineEdit*>(QStringLiteral("name"));
        name->setText(QStringLiteral("mine"));
        bool noted = false;
        for (const QLabel* label : page.findChildren<QLabel*>())
            noted = noted || (label->isVisible() && label->text().contains(QStringLiteral("mine exists")));
        QVERIFY(noted);
        const QSignalSpy said(&page, &Page::message);
        QTest::mouseClick(page.findChild<QPushButton*>(QStringLiteral("start")), Qt::LeftButton);
        QTRY_COMPARE(said.count(), 1);
        QVERIFY(said.first().first().toString().contains(QStringLiteral("trained already")));
    }

    void failedStartIsSaidOnThePage()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("sft", "policy");
        fixture.work = [](const Command&, const EventSink&, std::stop_token) {
            throw std::runtime_error("model.safetensors is cut off");
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Dpo, bridge, selection);
        page.refresh();
        page.show();
        QTest::mouseClick(page.findChild<QPushButton*>(QStringLiteral("start")), Qt::LeftButton);
        QTRY_VERIFY(!bridge.busy());
        QVERIFY(showsLabel(page, QStringLiteral("model.safetensors is cut off")));
    }

    /// A rollout takes long: what goes on in it is told beside the step and the time left, not in their place.
    void partsOfAStepDoNotHideHowFarTheRunIs()
    {
        UiFixture fixture;
        Gate gate;
        EngineBridge bridge(fixture.project, fixture.execute());
        fixture.work = [&](const Command&, const EventSink& sink, std::stop_token stop) {
            const std::int64_t run = fixture.project->beginRun("ppo", "mpo", {}, {});
            sink(RunStarted {run, "ppo", "mpo", 10, 0});
            sink(metricsOf(run, 2, 10, 0.5));
            gate.wait(stop);
            sink(Progress {"Sampling responses", 0.25, "16 of 64"});
            gate.wait(stop);
        };
        RunBar bar(bridge);
        bar.resize(1280, 40);
        bar.show();
        bridge.post(TrainStage {});
        const auto numbers = [&bar] {
            QStringList texts;
            for (const QLabel* label : bar.findChildren<QLabel*>())
                if (label->isVisible())
                    texts << label->text();
            return texts;
        };
        QTRY_VERIFY(numbers().contains(QStringLiteral("2 / 10")));
        gate.open();
        QTRY_COMPARE(bar.text(), QStringLiteral("PPO · Sampling responses, 16 of 64"));
        QVERIFY(numbers().contains(QStringLiteral("2 / 10")));
        QVERIFY(!numbers().filter(QStringLiteral(" left")).isEmpty());
        gate.open();
        QTRY_VERIFY(!bridge.busy());
    }

    /// From the click to the first step, in every stage; nothing there asks to press Start.
    void saysWhatGoesOnBeforeTheFirstStep()
    {
        for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo}) {
            UiFixture fixture;
            fixture.addPairs("pairs", 4);
            fixture.addModel("sft", "policy");
            fixture.addModel("rm", "reward");
            const std::string name(stageName(stage));
            const std::int64_t old = fixture.project->beginRun(name, "old", {}, {});
            fixture.project->addMetrics(old, 1, 1.0, {{"loss", 0.5}});
            fixture.project->endRun(old, RunState::Finished, "");
            Gate gate;
            fixture.work = [&](const Command&, const EventSink& sink, std::stop_token stop) {
                gate.wait(stop);
                sink(Progress {"Loading sft", -1.0, {}});
                gate.wait(stop);
                const std::int64_t run = fixture.project->beginRun(name, "new", {}, {});
                sink(Progress {"Sampling responses", 0.25, "16 of 64"});
                gate.wait(stop);
                sink(Progress {"Sampling responses", 1.0, "64 of 64"});
                gate.wait(stop);
                sink(RunStarted {run, name, "new", 300, 0});
                fixture.project->addMetrics(run, 1, 1.0, {{"loss", 0.5}});
                sink(metricsOf(run, 1, 300, 0.5));
                gate.wait(stop);
                fixture.project->endRun(run, RunState::Finished, "");
                sink(RunEnded {run, RunState::Finished, ""});
            };
            EngineBridge bridge(fixture.project, fixture.execute());
            Selection selection(fixture.project);
            TrainingPage page(stage, bridge, selection);
            page.refresh();
            page.resize(1000, 640);
            page.show();
            QCOMPARE(page.shownRun(), qint64(old));
            const auto shows = [&](const QString& text) {
                for (const QLabel* label : page.findChildren<QLabel*>())
                    if (label->isVisible() && label->text().contains(text))
                        return true;
                return false;
            };
            auto* stop = buttonWith(page, QStringLiteral("Stop"));
            QVERIFY(!stop->isVisible());
            QTest::mouseClick(page.findChild<QPushButton*>(QStringLiteral("start")), Qt::LeftButton);
            QVERIFY(shows(QStringLiteral("Starting")));
            QVERIFY(shows(QStringLiteral("The curves begin with the first step")));
            QCOMPARE(page.shownRun(), 0); // the curves of another run would be taken for this one's
            page.refresh(); // as whoever leaves the page and comes back
            QCOMPARE(page.shownRun(), 0);
            QVERIFY(stop->isVisible() && stop->isEnabled());
            gate.open();
            QTRY_VERIFY(shows(QStringLiteral("Loading sft")));
            gate.open();
            QTRY_VERIFY(shows(QStringLiteral("Sampling responses: 16 of 64")));
            QVERIFY(!shows(QStringLiteral("press Start")));
            gate.open();
            QTRY_VERIFY(shows(QStringLiteral("On the way to the first step")));
            gate.open();
            QTRY_VERIFY(page.shownRun() > qint64(old));
            QTRY_VERIFY(shows(QStringLiteral("step 1 of 300")));
            QVERIFY(!shows(QStringLiteral("Sampling responses")));
            gate.open();
            QTRY_VERIFY(!bridge.busy());
            QVERIFY(!stop->isVisible());
            QVERIFY(!shows(QStringLiteral("Starting")));
        }
    }

    void aStageOfThePipelineSaysItToo()
    {
        UiFixture fixture;
        Gate gate;
        fixture.work = [&](const Command&, const EventSink& sink, std::stop_token stop) {
            fixture.project->beginRun("dpo", "demo-dpo", {}, {});
            sink(Progress {"Log-probs of the reference", 0.5, "300 of 600"});
            gate.wait(stop);
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage dpo(StageKind::Dpo, bridge, selection), ppo(StageKind::Ppo, bridge, selection);
        for (TrainingPage* page : {&dpo, &ppo})
            page->show();
        const QString progress = QStringLiteral("Log-probs of the reference: 300 of 600");
        bridge.post(RunDemo {});
        QTRY_VERIFY(showsLabel(dpo, progress));
        QVERIFY(!showsLabel(ppo, progress));
        gate.open();
        QTRY_VERIFY(!bridge.busy());
    }

    void aStartWithoutARunShowsTheEarlierOneAgain()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("sft", "policy");
        const std::int64_t old = fixture.project->beginRun("dpo", "old", {}, {});
        fixture.project->endRun(old, RunState::Finished, "");
        std::atomic<bool> begins {false};
        fixture.work = [&](const Command&, const EventSink& sink, std::stop_token) {
            if (begins) {
                const std::int64_t run = fixture.project->beginRun("dpo", "new", {}, {});
                fixture.project->endRun(run, RunState::Failed, "no pair is left");
                sink(RunEnded {run, RunState::Failed, "no pair is left"});
                throw std::runtime_error("no pair is left");
            }
            throw std::runtime_error("sft: no such model");
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Dpo, bridge, selection);
        page.refresh();
        page.show();
        const auto shows = [&](const QString& text) { return showsLabel(page, text); };
        auto* start = page.findChild<QPushButton*>(QStringLiteral("start"));
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_VERIFY(!bridge.busy());
        QCOMPARE(page.shownRun(), qint64(old));
        QVERIFY(shows(QStringLiteral("sft: no such model")));
        page.hide(); // read
        page.refresh();
        page.show();
        QVERIFY(!shows(QStringLiteral("sft: no such model")));
        // What has begun and failed before its first step is a run, with the reason.
        begins = true;
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_VERIFY(!bridge.busy());
        QCOMPARE(page.shownRun(), qint64(old) + 1);
        QVERIFY(shows(QStringLiteral("no pair is left")));
    }

    void tellsWhatMemoryItNeeds()
    {
        UiFixture fixture;
        Dataset data;
        data.name = "ids";
        for (int i = 0; i < 4; ++i) {
            PreferencePair pair;
            pair.promptIds = {5, 6};
            pair.chosenIds = {7, 8, 9};
            pair.rejectedIds = {8, std::int32_t(10 + i)};
            data.pairs.push_back(pair);
        }
        fixture.project->addDataset(data, "test");
        ModelRow model;
        model.name = "sft";
        model.folder = MPO_FIXTURES "/model/tied";
        model.kind = "policy";
        model.family = "llama";
        model.created = nowUtc();
        fixture.project->addModel(model);
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Dpo, bridge, selection);
        page.refresh();
        page.show();
        auto* panel = page.findChild<MemoryPanel*>();
        QTRY_VERIFY(panel->text().startsWith(QStringLiteral("Needs about")));
        QVERIFY(panel->text().contains(QStringLiteral("free")));
        // What cannot be started needs nothing; what cannot be read is not known.
        qobject_cast<QLineEdit*>(page.form()->editor("beta"))->setText(QStringLiteral("much"));
        QVERIFY(panel->text().isEmpty());
        qobject_cast<QLineEdit*>(page.form()->editor("beta"))->setText(QStringLiteral("0.2"));
        QTRY_VERIFY(!panel->text().isEmpty());
        fixture.addModel("broken", "policy");
        TrainStage command = page.command();
        command.model = "broken";
        panel->ask(command);
        QTRY_VERIFY(panel->text().contains(QStringLiteral("not known")));
    }

    void presetsFilesAndUndo()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        ModelRow model;
        model.name = "sft";
        model.folder = MPO_FIXTURES "/model/tied";
        model.kind = "policy";
        model.family = "llama";
        model.parameters = 135'000'000;
        model.created = nowUtc();
        fixture.project->addModel(model);
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Dpo, bridge, selection);
        page.resize(1200, 700);
        page.show();
        page.refresh();
        auto* preset = page.findChild<QComboBox*>(QStringLiteral("preset"));
        auto* proposal = page.findChild<QPushButton*>(QStringLiteral("presetProposal"));
        QCOMPARE(preset->currentText(), QStringLiteral("Defaults"));
        QVERIFY(proposal->isVisible() && proposal->text().contains(QStringLiteral("Small")));
        QTest::mouseClick(proposal, Qt::LeftButton);
        QVERIFY(preset->currentText().startsWith(QStringLiteral("Small")));
        QVERIFY(!proposal->isVisible());
        QCOMPARE(page.command().settings.real("learning_rate"), 2e-6);
        QCOMPARE(page.command().settings.integer("gradient_accumulation"), std::int64_t(4));
        int marked = 0;
        for (const QLabel* label : page.form()->findChildren<QLabel*>())
            marked += label->property("role").toString() == QLatin1String("changed");
        QCOMPARE(marked, 2); // as if changed by hand
        qobject_cast<QLineEdit*>(page.form()->editor("beta"))->setText(QStringLiteral("0.3"));
        QCOMPARE(preset->currentIndex(), -1); // settings of one's own

        // A file, read again after the defaults; and undone.
        auto* form = page.findChild<TrainingForm*>();
        const QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("mine.yaml"));
        QVERIFY(form->saveSettings(file));
        page.form()->reset();
        QCOMPARE(preset->currentText(), QStringLiteral("Defaults"));
        QVERIFY(form->loadSettings(file));
        QCOMPARE(page.command().settings.real("beta"), 0.3);
        QCOMPARE(page.command().settings.real("learning_rate"), 2e-6);
        page.form()->history()->undo();
        QVERIFY(page.command().settings.isDefault("beta"));
        page.form()->history()->undo();
        QCOMPARE(page.command().settings.real("beta"), 0.3);

        // A file that does not fit says why and changes nothing.
        const QSignalSpy said(&page, &Page::message);
        QFile bad(folder.filePath(QStringLiteral("bad.yaml")));
        QVERIFY(bad.open(QIODevice::WriteOnly));
        bad.write("ppo:\n  kl_coef: 1\n");
        bad.close();
        QVERIFY(!form->loadSettings(bad.fileName()));
        QVERIFY(said.last().first().toString().contains(QStringLiteral("no section")));
        QCOMPARE(page.command().settings.real("beta"), 0.3);
    }

    void samplesStandBesideTheReference()
    {
        SampleView view;
        view.resize(700, 400);
        view.show();
        const auto row = [](std::int64_t step, std::int64_t item, const char* response, std::optional<double> score,
                             bool byReference = false) {
            return SampleRow {step, item, item == 0 ? "why?" : "how?", response, score, byReference};
        };
        const auto noScores = [&] {
            for (const QLabel* label : view.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains(QStringLiteral("no scores")))
                    return true;
            return false;
        };
        view.setSamples({row(0, 0, "because", {}, true), row(0, 1, "so", {}, true)});
        QCOMPARE(view.stepCount(), 0); // nothing of the policy yet
        QVERIFY(view.text().contains(QStringLiteral("because")) && view.text().contains(QStringLiteral("Reference")));
        QVERIFY(noScores());
        view.append({row(5, 0, "therefore", 0.25), row(5, 1, "thus", 0.5)});
        view.append({row(10, 0, "hence", 0.75), row(10, 1, "", -1.0)});
        QCOMPARE(view.stepCount(), 2);
        QVERIFY(!noScores());
        for (const char* part : {"Policy at step 10", "hence", "reward 0.75", "nothing", "because", "so", "how?"})
            QVERIFY2(view.text().contains(QLatin1String(part)), part);
        view.findChild<QSlider*>()->setValue(0);
        QVERIFY(view.text().contains(QStringLiteral("therefore")) && view.text().contains(QStringLiteral("because")));
        QVERIFY(!view.text().contains(QStringLiteral("hence")));
        view.append({row(15, 0, "later", 0.1)}); // an earlier step was chosen and stays
        QVERIFY(view.text().contains(QStringLiteral("therefore")));
        // Of a run without a reference.
        view.setSamples({row(3, 0, "alone", {})});
        QVERIFY(view.text().contains(QStringLiteral("alone")) && !view.text().contains(QStringLiteral("Reference")));
    }

    void cannotStartWithWhatIsMissingOrWrong()
    {
        UiFixture fixture;
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Ppo, bridge, selection);
        page.refresh();
        auto* start = page.findChild<QPushButton*>(QStringLiteral("start"));
        QVERIFY(!start->isEnabled());
        fixture.addPairs("pairs", 4);
        fixture.addModel("sft", "policy");
        page.refresh();
        QVERIFY(!start->isEnabled()); // no reward model
        fixture.addModel("judge", "reward");
        page.refresh();
        QVERIFY(start->isEnabled());
        QCOMPARE(page.command().rewardModel, std::string("judge"));
        QCOMPARE(page.command().model, std::string("sft")); // a reward model is no policy
        qobject_cast<QLineEdit*>(page.form()->editor("kl_coef"))->setText(QStringLiteral("much"));
        QVERIFY(!start->isEnabled());
    }

    void curvesArriveAndStay()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("sft", "policy");
        std::int64_t run = 0;
        fixture.work = [&](const Command& command, const EventSink& sink, std::stop_token) {
            const TrainStage& train = std::get<TrainStage>(command);
            run = fixture.project->beginRun("dpo", train.out, {{"model", train.model}}, {train.model});
            sink(RunStarted {run, "dpo", train.out, 300, 0});
            for (int step = 1; step <= 300; ++step) {
                const MetricsLogged event = metricsOf(run, step, 300, 1.0 / step);
                fixture.project->addMetrics(run, step, event.seconds, event.metrics);
                sink(event);
            }
            const std::vector<SampleRow> samples {{300, 0, "why?", "because", 0.5}};
            fixture.project->addSamples(run, samples);
            sink(SamplesLogged {run, samples});
            fixture.project->setRunProgress(run, 300, 300);
            fixture.project->endRun(run, RunState::Finished, "");
            sink(RunEnded {run, RunState::Finished, ""});
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        QSignalSpy batches(&bridge, &EngineBridge::metricsLogged);
        {
            TrainingPage page(StageKind::Dpo, bridge, selection);
            page.refresh();
            page.findChild<QPushButton*>(QStringLiteral("start"))->click();
            QTRY_VERIFY(!bridge.busy());
            QCOMPARE(page.shownRun(), qint64(run));
            QCOMPARE(page.charts()->chart("loss")->points(run).size(), std::size_t(300));
            QCOMPARE(page.charts()->chart("loss")->points(run).back().value, 1.0 / 300);
            QCOMPARE(page.findChild<SampleView*>()->stepCount(), 1);
            QVERIFY2(batches.size() < 300, "metrics must come in batches");
        }
        // Opened again: everything is still there.
        TrainingPage again(StageKind::Dpo, bridge, selection);
        again.refresh();
        QCOMPARE(again.shownRun(), qint64(run));
        QCOMPARE(again.charts()->chart("loss")->points(run).size(), std::size_t(300));
        QCOMPARE(again.findChild<SampleView*>()->stepCount(), 1);
        // The page of another stage shows nothing of it.
        TrainingPage other(StageKind::Reward, bridge, selection);
        other.refresh();
        QCOMPARE(other.shownRun(), qint64(0));
        QCOMPARE(other.charts()->chartCount(), 0);
    }

    void stripTellsHowPpoGoes()
    {
        UiFixture fixture;
        fixture.addModel("dpo", "policy");
        std::int64_t run = 0;
        std::atomic<int> part = 0;
        fixture.work = [&](const Command&, const EventSink& sink, std::stop_token) {
            run = fixture.project->beginRun("ppo", "mpo", {{"model", "dpo"}}, {"dpo"});
            sink(RunStarted {run, "ppo", "mpo", 3, 0});
            const auto step = [&](std::int64_t number, double kl) {
                MetricsLogged event = metricsOf(run, number, 3, 0.5);
                event.metrics = {{"objective/kl", kl}, {"policy/clipfrac_avg", 0.125}, {"objective/scores", 1.5}};
                fixture.project->addMetrics(run, number, 1.0, event.metrics);
                sink(event);
            };
            step(1, 25.0);
            fixture.project->addAlarms(run, {{1, "alarm_kl", 25.0, 20.0, "Step 1: too far; lower learning_rate"}});
            sink(LogLine {LogLine::Level::Warning, "Step 1: too far; lower learning_rate"});
            part = 1;
            while (part == 1)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            step(2, 3.0);
            fixture.project->endAlarms(run, {"alarm_kl"}, 2);
            step(3, 2.0);
            fixture.project->endRun(run, RunState::Finished, "");
            sink(RunEnded {run, RunState::Finished, ""});
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Ppo, bridge, selection);
        page.resize(1000, 600);
        page.show();
        page.refresh();
        auto* strip = page.findChild<HealthStrip*>();
        QVERIFY(!strip->isVisible()); // nothing to say yet
        bridge.post(TrainStage {});
        const auto value = [&](const char* name) -> const QLabel* {
            for (const QLabel* label : strip->findChildren<QLabel*>())
                if (label->accessibleName() == QLatin1String(name))
                    return label;
            return nullptr;
        };
        const auto* alarm = strip->findChild<QLabel*>(QStringLiteral("alarm"));
        QTRY_VERIFY(strip->isVisible() && alarm->text().contains(QStringLiteral("too far")));
        QCOMPARE(value("KL to ref.")->text(), QStringLiteral("25"));
        QCOMPARE(value("KL to ref.")->property("role").toString(), QStringLiteral("vitalBad"));
        QCOMPARE(value("Clipped")->text(), formatShare(0.125));
        QCOMPARE(value("Clipped")->property("role").toString(), QStringLiteral("vital"));
        QVERIFY(value("Reward")->isVisible());
        QVERIFY(!value("KL to SFT")->isVisible()); // this run does not log it
        part = 2;
        QTRY_COMPARE(value("KL to ref.")->text(), QStringLiteral("2"));
        QTRY_COMPARE(value("KL to ref.")->property("role").toString(), QStringLiteral("vital"));
        QVERIFY(alarm->text().contains(QStringLiteral("until step 2")));
        QTRY_VERIFY(!bridge.busy());
        // Opened again, and another stage.
        TrainingPage again(StageKind::Ppo, bridge, selection);
        again.show();
        again.refresh();
        QVERIFY(again.findChild<HealthStrip*>()->isVisible());
        TrainingPage other(StageKind::Dpo, bridge, selection);
        other.show();
        other.refresh();
        QVERIFY(!other.findChild<HealthStrip*>()->isVisible());
    }

    void startsFromTheModelOfTheStageBefore()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("my-dpo", "policy");
        fixture.addModel("judge", "reward");
        const std::int64_t run = fixture.project->beginRun("dpo", "my-dpo", {{"data", "pairs"}}, {});
        fixture.project->endRun(run, RunState::Finished, "");
        fixture.addModel("another", "policy");
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Ppo, bridge, selection);
        page.refresh();
        QCOMPARE(page.command().model, std::string("my-dpo"));
    }

    void stoppedRunCanBeResumed()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 4);
        fixture.addModel("sft", "policy");
        Settings settings(StageKind::Dpo);
        settings.set("beta", 0.7);
        const std::int64_t run = fixture.project->beginRun(
            "dpo", "half", {{"model", "sft"}, {"data", "pairs"}, {"out", "half"}, {"settings", settings.toJson()}}, {});
        fixture.project->setRunProgress(run, 5, 10);
        fixture.project->endRun(run, RunState::Stopped, "Stopped by the user");
        TrainStage got;
        fixture.work
            = [&](const Command& command, const EventSink&, std::stop_token) { got = std::get<TrainStage>(command); };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        TrainingPage page(StageKind::Dpo, bridge, selection);
        page.refresh();
        page.show();
        auto* resume = buttonWith(page, QStringLiteral("Resume"));
        QVERIFY(resume && resume->isVisible());
        resume->click();
        QTRY_VERIFY(!bridge.busy());
        QCOMPARE(got.out, std::string("half"));
        QCOMPARE(got.settings.real("beta"), 0.7);
        QVERIFY(!got.restart);
    }
};

QTEST_MAIN(TestTrainingPage)
#include "tst_training_page.moc"

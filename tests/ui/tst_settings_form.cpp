// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/presets.h"
#include "core/engine/train_config.h"
#include "ui/forms/settings_form.h"
#include "ui/forms/train_command.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTest>
#include <QUndoStack>
#include <QWheelEvent>

using namespace mpo;

class TestSettingsForm : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void hasAnEditorForEachSetting_data()
    {
        QTest::addColumn<int>("stage");
        for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo})
            QTest::newRow(std::string(stageName(stage)).c_str()) << int(stage);
    }
    void hasAnEditorForEachSetting()
    {
        QFETCH(int, stage);
        const SettingsForm form(static_cast<StageKind>(stage));
        for (const SettingInfo& info : settingInfos(static_cast<StageKind>(stage))) {
            const QWidget* editor = form.editor(std::string(info.name));
            QVERIFY2(editor, std::string(info.name).c_str());
            QVERIFY(!editor->toolTip().isEmpty());
            if (std::holds_alternative<bool>(info.defaultValue))
                QVERIFY(qobject_cast<const QCheckBox*>(editor));
            else if (!info.choices.empty())
                QCOMPARE(qobject_cast<const QComboBox*>(editor)->count(), int(info.choices.size()));
            else
                QCOMPARE(qobject_cast<const QLineEdit*>(editor)->text(), settingText(info.defaultValue));
        }
        QVERIFY(form.isValid());
    }

    void wheelLeavesChoicesAlone()
    {
        SettingsForm form(StageKind::Dpo);
        auto* schedule = qobject_cast<QComboBox*>(form.editor("lr_schedule"));
        schedule->setFocus();
        const QString before = schedule->currentText();
        QWheelEvent wheel({10, 10}, {10, 10}, {}, {0, -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(schedule, &wheel);
        QCOMPARE(schedule->currentText(), before);
        QVERIFY(!wheel.isAccepted()); // the form scrolls
    }

    void takesWhatIsTyped()
    {
        SettingsForm form(StageKind::Dpo);
        QSignalSpy changed(&form, &SettingsForm::changed);
        auto* beta = qobject_cast<QLineEdit*>(form.editor("beta"));
        beta->clear();
        QTest::keyClicks(beta, QStringLiteral("0.25"));
        QCOMPARE(form.settings().real("beta"), 0.25);
        QVERIFY(!form.settings().isDefault("beta"));
        QVERIFY(!changed.isEmpty());
        qobject_cast<QComboBox*>(form.editor("loss"))->setCurrentText(QStringLiteral("ipo"));
        QCOMPARE(form.settings().text("loss"), std::string("ipo"));
        auto* shuffle = qobject_cast<QCheckBox*>(form.editor("shuffle"));
        shuffle->setChecked(false);
        QVERIFY(!form.settings().flag("shuffle"));
        form.reset();
        QVERIFY(form.settings().isDefault("beta") && form.settings().isDefault("loss") && shuffle->isChecked());
        QCOMPARE(beta->text(), QStringLiteral("0.1"));
    }

    void saysWhatIsWrong_data()
    {
        QTest::addColumn<QString>("setting");
        QTest::addColumn<QString>("text");
        QTest::newRow("out of range") << "beta"
                                      << "-1";
        QTest::newRow("not a number") << "learning_rate"
                                      << "fast";
        QTest::newRow("not whole") << "batch_size"
                                   << "2.5";
        QTest::newRow("empty") << "seed"
                               << "";
    }
    void saysWhatIsWrong()
    {
        QFETCH(QString, setting);
        QFETCH(QString, text);
        SettingsForm form(StageKind::Dpo);
        auto* editor = qobject_cast<QLineEdit*>(form.editor(setting.toStdString()));
        const QString before = editor->text();
        const SettingValue value = form.settings().value(setting.toStdString());
        editor->setText(text);
        QVERIFY(!form.errorOf(setting.toStdString()).isEmpty());
        QVERIFY(!form.isValid());
        QVERIFY(form.settings().value(setting.toStdString()) == value); // the last right value is kept
        editor->setText(before);
        QVERIFY(form.errorOf(setting.toStdString()).isEmpty());
        QVERIFY(form.isValid());
    }

    void checksSettingsTogether()
    {
        SettingsForm form(StageKind::Ppo);
        qobject_cast<QLineEdit*>(form.editor("rollout_batch"))->setText(QStringLiteral("8"));
        QVERIFY(form.errorOf("rollout_batch").isEmpty());
        QVERIFY(!form.isValid()); // a mini-batch of 16 does not fit into a rollout of 8
        qobject_cast<QLineEdit*>(form.editor("minibatch_size"))->setText(QStringLiteral("4"));
        QVERIFY(form.isValid());
    }

    void undoesWhatReplacedAll()
    {
        SettingsForm form(StageKind::Dpo);
        auto* beta = qobject_cast<QLineEdit*>(form.editor("beta"));
        beta->setText(QStringLiteral("0.3"));
        QVERIFY(!form.history()->canUndo()); // fields undo themselves what is typed
        form.change(presetSettings(findPreset("tiny"), StageKind::Dpo), QStringLiteral("preset"));
        QCOMPARE(form.settings().real("beta"), 0.1);
        QCOMPARE(form.settings().real("learning_rate"), 1e-4);
        beta->setText(QStringLiteral("0.7"));
        form.reset();
        QCOMPARE(toLine(form.settings().toJson()), toLine(Settings(StageKind::Dpo).toJson()));
        form.history()->undo();
        QCOMPARE(form.settings().real("beta"), 0.7); // also what was typed in between
        QCOMPARE(form.settings().real("learning_rate"), 1e-4);
        // By the keyboard, in a field that has nothing of its own to undo.
        QTest::keySequence(beta, QKeySequence::Undo);
        QCOMPARE(form.settings().real("beta"), 0.3);
        QVERIFY(form.settings().isDefault("learning_rate"));
        QTest::keySequence(beta, QKeySequence::Redo);
        QCOMPARE(form.settings().real("beta"), 0.7);
        form.change(form.settings(), QStringLiteral("nothing"));
        QVERIFY(form.history()->canRedo()); // what changes nothing is no step
    }

    void namesTheCommand()
    {
        TrainStage command;
        command.stage = StageKind::Ppo;
        command.model = "my model";
        command.data = "pairs";
        command.out = "it's";
        command.rewardModel = "rm";
        command.split = "s";
        command.settings = Settings(StageKind::Ppo);
        command.settings.set("kl_coef", 0.1);
        QCOMPARE(commandLineOf(command, "/p/a.mpo"),
            QStringLiteral(
                "mpo --project /p/a.mpo train ppo --model 'my model' --data pairs --out 'it'\\''s' --reward-model rm "
                "--split s --set kl_coef=0.1"));
    }

    void readsTheCommandOfARun()
    {
        Settings settings(StageKind::Dpo);
        settings.set("beta", 0.3);
        const Json config {{"model", "m"}, {"data", "d"}, {"out", "o"}, {"split", "s"}, {"bucket", "easy"},
            {"limit", 7}, {"settings", settings.toJson()}};
        const TrainStage command = commandOfRun(StageKind::Dpo, config);
        QCOMPARE(command.model, std::string("m"));
        QCOMPARE(command.splitBucket, std::string("easy"));
        QCOMPARE(command.limit, std::int64_t(7));
        QCOMPARE(command.settings.real("beta"), 0.3);
        QVERIFY(missingIn(command).isEmpty());
        TrainStage ppo = command;
        ppo.stage = StageKind::Ppo;
        QVERIFY(missingIn(ppo).contains(QStringLiteral("reward model")));
        TrainStage browsed = command;
        browsed.model = MPO_FIXTURES "/model";
        QVERIFY(missingIn(browsed).contains(QStringLiteral("choose the folder that holds its config.json")));
        browsed.model = MPO_FIXTURES "/model/tied";
        QVERIFY(missingIn(browsed).isEmpty());
    }
};

QTEST_MAIN(TestSettingsForm)
#include "tst_settings_form.moc"

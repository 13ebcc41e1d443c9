// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/settings.h"
#include "core/support/error.h"
#include "tests/common/message_of.h"

#include <QTest>

#include <set>

using namespace mpo;

class TestSettings : public QObject
{
    Q_OBJECT

    static constexpr StageKind kStages[] {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo};

private Q_SLOTS:
    /// Every declaration is complete, and its default is a value that may be set.
    void declarationsAreSound()
    {
        for (const StageKind stage : kStages) {
            std::set<std::string_view> names;
            Settings settings(stage);
            for (const SettingInfo& info : settingInfos(stage)) {
                const QByteArray name = QByteArray::fromStdString(std::string(info.name));
                QVERIFY2(names.insert(info.name).second, name);
                QVERIFY2(!info.help.empty() && !info.group.empty() && info.help.find('\n') == info.help.npos, name);
                settings.set(info.name, info.defaultValue);
                QVERIFY2(settings.isDefault(info.name), name);
                const bool number = info.defaultValue.index() == 1 || info.defaultValue.index() == 2;
                QVERIFY2(number == (info.minimum.has_value() && info.maximum.has_value()), name);
                if (std::holds_alternative<std::string>(info.defaultValue))
                    QVERIFY2(info.choices.empty() || info.choices.size() > 1, name);
            }
            QVERIFY(settings.problems().empty());
            QCOMPARE(stageFromName(stageName(stage)), stage);
        }
        QVERIFY(messageOf([] { stageFromName("dop"); }).find("dpo") != std::string::npos);
    }

    /// The names that scripts rely on, with the defaults of the design (reference: TRL where it has the setting).
    void namesAndDefaultsOfTheContract()
    {
        for (const StageKind stage : kStages) {
            const Settings settings(stage);
            for (const char* name : {"epochs", "learning_rate", "weight_decay", "max_grad_norm"})
                QVERIFY(settings.real(name) >= 0.0);
            for (const char* name : {"max_steps", "warmup_steps", "seed", "max_length", "checkpoint_every"})
                QVERIFY(settings.integer(name) >= 0);
            QVERIFY(settings.flag("shuffle"));
            QCOMPARE(settings.text("dtype"), std::string("auto"));
            QCOMPARE(settings.text("lr_schedule"), std::string(stage == StageKind::Ppo ? "constant" : "linear"));
            const bool batches = stage != StageKind::Ppo;
            const Json json = settings.toJson();
            QCOMPARE(json.contains("batch_size") && json.contains("gradient_accumulation"), batches);
        }
        QCOMPARE(Settings(StageKind::Sft).real("learning_rate"), 2e-5);
        QCOMPARE(Settings(StageKind::Reward).real("eval_share"), 0.05);
        QCOMPARE(Settings(StageKind::Dpo).real("beta"), 0.1);
        QCOMPARE(Settings(StageKind::Dpo).text("loss"), std::string("sigmoid"));
        const Settings ppo(StageKind::Ppo);
        QCOMPARE(ppo.real("kl_coef"), 0.05);
        QCOMPARE(ppo.real("lam"), 0.95);
        QCOMPARE(ppo.integer("ppo_epochs"), std::int64_t(4));
        QVERIFY(ppo.flag("whiten_advantages"));
    }

    void textIsRead()
    {
        Settings dpo(StageKind::Dpo);
        dpo.setFromText("learning_rate", "1e-5");
        dpo.setFromText("beta", "1");
        dpo.setFromText("batch_size", "16");
        dpo.setFromText("shuffle", "no");
        dpo.setFromText("lr_schedule", "cosine");
        QCOMPARE(dpo.real("learning_rate"), 1e-5);
        QCOMPARE(dpo.real("beta"), 1.0);
        QCOMPARE(dpo.integer("batch_size"), std::int64_t(16));
        QVERIFY(!dpo.flag("shuffle"));
        QCOMPARE(dpo.text("lr_schedule"), std::string("cosine"));
        QVERIFY(!dpo.isDefault("beta"));
    }

    void wrongTextIsRefused_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("unknown") << QByteArray("lerning_rate") << QByteArray("1")
                                 << QByteArray("Did you mean \"learning_rate\"?");
        QTest::newRow("other stage") << QByteArray("kl_coef") << QByteArray("1") << QByteArray("kl_coef");
        QTest::newRow("no number") << QByteArray("beta") << QByteArray("high") << QByteArray("not a number");
        QTest::newRow("number and more") << QByteArray("beta") << QByteArray("0.1x") << QByteArray("not a number");
        QTest::newRow("empty") << QByteArray("beta") << QByteArray("") << QByteArray("not a number");
        QTest::newRow("comma") << QByteArray("beta") << QByteArray("0,1") << QByteArray("not a number");
        QTest::newRow("nan") << QByteArray("beta") << QByteArray("nan") << QByteArray("beta");
        QTest::newRow("infinity") << QByteArray("beta") << QByteArray("inf") << QByteArray("out of range");
        QTest::newRow("negative") << QByteArray("learning_rate") << QByteArray("-1e-5") << QByteArray("out of range");
        QTest::newRow("fraction") << QByteArray("batch_size") << QByteArray("1.5") << QByteArray("not a whole number");
        QTest::newRow("exponent") << QByteArray("batch_size") << QByteArray("1e2") << QByteArray("not a whole number");
        QTest::newRow("zero") << QByteArray("batch_size") << QByteArray("0") << QByteArray("out of range");
        QTest::newRow("overflow") << QByteArray("max_steps") << QByteArray("99999999999999999999")
                                  << QByteArray("max_steps");
        QTest::newRow("no flag") << QByteArray("shuffle") << QByteArray("maybe")
                                 << QByteArray("neither true nor false");
        QTest::newRow("no choice") << QByteArray("loss") << QByteArray("kto") << QByteArray("sigmoid, ipo, hinge");
    }
    void wrongTextIsRefused()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, says);
        Settings dpo(StageKind::Dpo);
        const auto message = messageOf([&] { dpo.setFromText(name.toStdString(), text.toStdString()); });
        QVERIFY2(QByteArray::fromStdString(message).contains(says), message.c_str());
        QVERIFY(dpo.toJson() == Settings(StageKind::Dpo).toJson()); // unchanged
    }

    void typesAreKept()
    {
        Settings dpo(StageKind::Dpo);
        dpo.set("beta", std::int64_t(1)); // a whole number is a number
        QCOMPARE(dpo.real("beta"), 1.0);
        QVERIFY(messageOf([&] { dpo.set("batch_size", 8.0); }).find("whole number") != std::string::npos);
        QVERIFY(messageOf([&] { dpo.set("shuffle", std::int64_t(1)); }).find("true or false") != std::string::npos);
        QVERIFY(messageOf([&] { dpo.set("beta", std::string("0.1")); }).find("number") != std::string::npos);
    }

    void jsonRoundTrip()
    {
        for (const StageKind stage : kStages) {
            Settings settings(stage);
            settings.set("learning_rate", 3.3e-7);
            settings.set("seed", std::int64_t(123456789012345));
            settings.set("shuffle", false);
            const Json json = parseJson(toLine(settings.toJson()), "settings");
            QVERIFY(Settings::fromJson(stage, json).toJson() == settings.toJson());
            QCOMPARE(json.size(), settingInfos(stage).size());
        }
        QCOMPARE(Settings::fromJson(StageKind::Dpo, parseJson(R"({"beta":1})", "x")).real("beta"), 1.0);
        for (const char* bad : {R"({"betta":1})", R"({"beta":[1]})", R"({"beta":null})",
                 R"({"seed":18446744073709551615})", R"({"batch_size":2.5})", "[1]", "null"})
            QVERIFY2(messageOf([&] { Settings::fromJson(StageKind::Dpo, parseJson(bad, "x")); }) != "no error", bad);
    }

    void someDecideNothing()
    {
        for (const StageKind stage : kStages) {
            Settings settings(stage);
            const Json before = settings.resultJson();
            settings.set("checkpoint_every", std::int64_t(7));
            settings.set("alarm_grad_norm", 3.0);
            QVERIFY(settings.resultJson() == before && !before.contains("checkpoint_every"));
            settings.set("on_divergence", std::string("rollback")); // up to where a run diverges
            QVERIFY(settings.resultJson() == before);
            settings.set("seed", std::int64_t(7));
            QVERIFY(settings.resultJson() != before);
        }
    }

    void settingsThatContradictEachOther()
    {
        Settings ppo(StageKind::Ppo);
        ppo.set("minibatch_size", std::int64_t(128));
        ppo.set("max_new_tokens", std::int64_t(1024));
        ppo.set("kl_adaptive", true);
        ppo.set("kl_coef", 0.0);
        QCOMPARE(ppo.problems().size(), std::size_t(3));
        Settings dpo(StageKind::Dpo);
        dpo.set("label_smoothing", 0.1);
        QVERIFY(dpo.problems().empty());
        dpo.set("loss", std::string("ipo"));
        QCOMPARE(dpo.problems().size(), std::size_t(1));
        dpo = Settings(StageKind::Dpo);
        dpo.set("early_stop_patience", std::int64_t(3));
        QCOMPARE(dpo.problems().size(), std::size_t(2)); // nothing is held out, and evaluated at the end only
        dpo.set("eval_share", 0.1);
        dpo.set("eval_every", std::int64_t(10));
        QVERIFY(dpo.problems().empty());
        Settings sft(StageKind::Sft);
        sft.set("epochs", 0.0);
        QCOMPARE(sft.problems().size(), std::size_t(1));
        sft.set("max_steps", std::int64_t(1));
        QVERIFY(sft.problems().empty());
    }
};

QTEST_GUILESS_MAIN(TestSettings)
#include "tst_settings.moc"

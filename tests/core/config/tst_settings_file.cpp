// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/recipe.h"
#include "core/config/settings_file.h"
#include "core/support/error.h"
#include "tests/common/message_of.h"

#include <QTest>

using namespace mpo;

class TestSettingsFile : public QObject
{
    Q_OBJECT

    static constexpr StageKind kStages[] {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo};

    /// Every setting at another value than its default.
    static Settings changed(StageKind stage)
    {
        Settings settings(stage);
        for (const SettingInfo& info : settingInfos(stage)) {
            if (const auto* flag = std::get_if<bool>(&info.defaultValue))
                settings.set(info.name, !*flag);
            else if (const auto* whole = std::get_if<std::int64_t>(&info.defaultValue))
                settings.set(info.name, double(*whole) < *info.maximum ? *whole + 1 : *whole - 1);
            else if (const auto* real = std::get_if<double>(&info.defaultValue))
                settings.set(info.name, 0.3 * *real + 0.7 * (*real == *info.minimum ? *info.maximum : *info.minimum));
            else if (!info.choices.empty())
                settings.set(info.name, std::string(info.choices.back()));
            else
                settings.set(info.name, std::string("q_proj, v_proj: \"both\" # not a comment"));
        }
        return settings;
    }

private Q_SLOTS:
    void whatIsWrittenIsRead()
    {
        for (const StageKind stage : kStages) {
            const Settings settings = changed(stage);
            const std::string text = settingsYaml(settings);
            QCOMPARE(toLine(parseSettingsYaml(Settings(stage), text, "form.yaml").toJson()), toLine(settings.toJson()));
        }
    }

    void defaults()
    {
        const std::string text = settingsYaml(Settings(StageKind::Dpo));
        QCOMPARE(toLine(parseSettingsYaml(Settings(StageKind::Dpo), text, "form.yaml").toJson()),
            toLine(Settings(StageKind::Dpo).toJson()));
        Settings one(StageKind::Dpo);
        one.set("learning_rate", 2e-6);
        QVERIFY(settingsYaml(one).ends_with("\ndpo:\n  learning_rate: 2e-06\n"));
    }

    /// A section of a recipe, and a file that is part of one.
    void recipes()
    {
        Settings ppo(StageKind::Ppo);
        ppo.set("kl_coef", 0.125);
        const std::string text = settingsYaml(ppo) + "model: m\ndata: d\ndpo: {beta: 0.3}\n";
        QCOMPARE(parseRecipe(text, "r.yaml").ppo.real("kl_coef"), 0.125);
        QCOMPARE(parseSettingsYaml(Settings(StageKind::Ppo), text, "r.yaml").real("kl_coef"), 0.125);
        QCOMPARE(parseSettingsYaml(Settings(StageKind::Dpo), text, "r.yaml").real("beta"), 0.3);
    }

    /// What the file names counts, also at its default; the rest stays as it was.
    void onTopOfOthers()
    {
        Settings before(StageKind::Dpo);
        before.set("lora_rank", std::int64_t(16));
        before.set("batch_size", std::int64_t(2));
        const Settings after = parseSettingsYaml(before, "dpo: {lora_rank: 0}\n", "f.yaml");
        QCOMPARE(after.integer("lora_rank"), std::int64_t(0));
        QCOMPARE(after.integer("batch_size"), std::int64_t(2));
    }

    void whatIsWrongIsSaid()
    {
        const auto said = [](const char* text) {
            return messageOf([&] { parseSettingsYaml(Settings(StageKind::Dpo), text, "f.yaml"); });
        };
        QVERIFY(said("ppo: {kl_coef: 1}\n").find("no section \"dpo\"") != std::string::npos);
        QVERIFY(said("dpo:\n  beta: high\n").find("f.yaml:2") != std::string::npos);
        QVERIFY(said("dpo:\n  bta: 0.1\n").find("beta") != std::string::npos);
        QVERIFY(said("dpo:\n  beta: 5000\n").find("out of range") != std::string::npos);
        QVERIFY(said("[1, 2]").find("f.yaml") != std::string::npos);
        QVERIFY(said("dpo: {beta: [").find("not YAML") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestSettingsFile)
#include "tst_settings_file.moc"

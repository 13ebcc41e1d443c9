// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/presets.h"
#include "core/support/error.h"
#include "tests/common/message_of.h"

#include <QTest>

using namespace mpo;

class TestPresets : public QObject
{
    Q_OBJECT

    static constexpr StageKind kStages[] {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo};

private Q_SLOTS:
    void everyOneIsValid()
    {
        for (const Preset& preset : presets())
            for (const StageKind stage : kStages) {
                const Settings settings = presetSettings(preset, stage);
                QVERIFY2(settings.problems().empty(), preset.name.data());
                QVERIFY2(!settings.isDefault("learning_rate") || stage == StageKind::Sft, preset.name.data());
                QVERIFY(&findPreset(preset.name) == &preset);
            }
        QVERIFY(messageOf([] { findPreset("huge"); }).find("large") != std::string::npos);
    }

    void sizes()
    {
        QCOMPARE(presetFor(0).name, std::string_view("tiny"));
        QCOMPARE(presetFor(49'999'999).name, std::string_view("tiny"));
        QCOMPARE(presetFor(135'000'000).name, std::string_view("small"));
        QCOMPARE(presetFor(494'000'000).name, std::string_view("small")); // Qwen2 0.5B
        QCOMPARE(presetFor(1'240'000'000).name, std::string_view("medium")); // Llama 3.2 1B
        QCOMPARE(presetFor(3'200'000'000).name, std::string_view("medium"));
        QCOMPARE(presetFor(7'000'000'000).name, std::string_view("large"));
        QCOMPARE(presetFor(70'000'000'000).name, std::string_view("large"));
    }

    /// As many examples to a step whatever the memory allows at a time, and slower the larger the model.
    void growWithTheModel()
    {
        for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo})
            for (const Preset& preset : presets()) {
                const Settings settings = presetSettings(preset, stage);
                QCOMPARE(settings.integer("batch_size") * settings.integer("gradient_accumulation"), std::int64_t(32));
            }
        const auto rate = [](std::string_view preset) {
            const Settings settings = presetSettings(findPreset(preset), StageKind::Dpo);
            return settings.real("learning_rate") / (settings.integer("lora_rank") > 0 ? 10.0 : 1.0);
        };
        QVERIFY(rate("tiny") > rate("small"));
        QVERIFY(rate("small") > rate("medium"));
        QVERIFY(rate("medium") > rate("large"));
    }
};

QTEST_GUILESS_MAIN(TestPresets)
#include "tst_presets.moc"

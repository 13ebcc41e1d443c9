// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/settings_comparison.h"

#include <QTest>

using namespace mpo;

class TestSettingsComparison : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void differencesComeFirst()
    {
        const std::vector<Json> configs {
            {{"model", "base"}, {"settings", {{"beta", 0.1}, {"epochs", 1}, {"loss", "dpo"}}}},
            {{"model", "base"}, {"split", "hard half"},
                {"settings", {{"beta", 0.5}, {"epochs", 1.0}, {"loss", "ipo"}}}}};
        const auto settings = compareSettings(configs);
        std::vector<std::string> names;
        for (const ComparedSetting& one : settings)
            names.push_back(one.name);
        QCOMPARE(names, (std::vector<std::string> {"beta", "loss", "split", "model", "epochs"}));
        QCOMPARE(settings[0].values, (std::vector<std::string> {"0.1", "0.5"}));
        QCOMPARE(settings[2].values, (std::vector<std::string> {"", "hard half"}));
        for (std::size_t i = 0; i < settings.size(); ++i)
            QCOMPARE(settings[i].differs, i < 3);
    }

    void nestedAndForeignValues()
    {
        const std::vector<Json> configs {{{"lora", {{"rank", 8}, {"settings", 1}}}, {"loss_type", {"sigmoid", "ipo"}},
            {"flag", true}, {"none", nullptr}}};
        const auto settings = compareSettings(configs);
        QCOMPARE(settings.size(), std::size_t(5));
        QCOMPARE(settings[0].name, std::string("lora.rank"));
        QCOMPARE(settings[2].values.front(), std::string("[\"sigmoid\",\"ipo\"]"));
        QCOMPARE(settings[3].values.front(), std::string("true"));
        QCOMPARE(settings[4].values.front(), std::string("null"));
        QVERIFY(!settings[0].differs);
    }

    void nothingToCompare()
    {
        QVERIFY(compareSettings({}).empty());
        const std::vector<Json> odd {Json(3), Json::array(), {{"a", "\xff"}}};
        const auto settings = compareSettings(odd);
        QCOMPARE(settings.size(), std::size_t(1));
        QVERIFY(settings.front().differs);
    }
};

QTEST_GUILESS_MAIN(TestSettingsComparison)
#include "tst_settings_comparison.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/metric_names.h"
#include "core/support/text.h"

#include <QTest>

#include <array>
#include <set>

using namespace mpo;

class TestText : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void trimsAndShortens()
    {
        QCOMPARE(std::string(trimmed(" \t a b\r\n")), std::string("a b"));
        QCOMPARE(std::string(trimmed(" \n ")), std::string());
        QCOMPARE(shortened("abcdef", 6), std::string("abcdef"));
        QCOMPARE(shortened("abcdef", 3), std::string("abc..."));
        QCOMPARE(shortened("a\xc3\xa4z", 2), std::string("a...")); // never half a character
    }

    void printableTextIsValidUtf8()
    {
        QCOMPARE(toPrintable("a\n\x1b[31m\xc3\xa4"), std::string("a??[31m\xc3\xa4"));
        QCOMPARE(toPrintable("\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82"), std::string("??|???|????|??"));
    }

    void nearNamesAreFound()
    {
        constexpr std::array<std::string_view, 5> kKnown {"learning_rate", "beta", "loss", "seed", "lr_schedule"};
        QCOMPARE(std::string(nearestName("lerning_rate", kKnown)), std::string("learning_rate"));
        QCOMPARE(std::string(nearestName("btea", kKnown)), std::string("beta")); // two letters exchanged count once
        QCOMPARE(std::string(nearestName("something_else", kKnown)), std::string());
        QCOMPARE(std::string(nearestName("x", kKnown)), std::string());
        QCOMPARE(didYouMean("lost", kKnown), std::string(" Did you mean \"loss\"?"));
        QCOMPARE(didYouMean("", kKnown), std::string());
        QCOMPARE(joined(kKnown, "|"), std::string("learning_rate|beta|loss|seed|lr_schedule"));
    }

    void thousandsAreGrouped()
    {
        for (const auto& [value, text] : {std::pair<std::int64_t, const char*> {0, "0"}, {999, "999"}, {1000, "1,000"},
                 {-1000, "-1,000"}, {-100, "-100"}, {1234567, "1,234,567"}})
            QCOMPARE(grouped(value), std::string(text));
    }

    void everyMetricStandsOnceAndIsExplained()
    {
        std::set<std::string_view> names;
        for (const MetricInfo& info : metricInfos()) {
            QVERIFY2(names.insert(info.name).second, std::string(info.name).c_str());
            QVERIFY2(info.meaning.size() > 20 && info.meaning.find('\n') == info.meaning.npos,
                std::string(info.name).c_str());
            QCOMPARE(findMetricInfo(info.name), &info);
        }
        for (const char* name : {"loss", "rewards/margins", "objective/kl", "val/ratio"}) // names of TRL
            QVERIFY(findMetricInfo(name));
        QVERIFY(!findMetricInfo("kl"));
    }
};

QTEST_GUILESS_MAIN(TestText)
#include "tst_text.moc"

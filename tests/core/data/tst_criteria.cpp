// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/criteria.h"
#include "core/support/error.h"
#include "tests/common/message_of.h"

#include <QTest>

using namespace mpo;

class TestCriteria : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void presetsAndLists()
    {
        using List = std::vector<std::string>;
        QCOMPARE(criteriaFrom("none"), List());
        QCOMPARE(criteriaFrom(""), List());
        QCOMPARE(criteriaFrom("hh"), (List {"helpful", "harmless"}));
        QCOMPARE(criteriaFrom(" summaries "), (List {"coverage", "accuracy", "coherence"}));
        QCOMPARE(criteriaFrom("clear,  to the point"), (List {"clear", "to the point"}));
        for (const CriteriaPreset& preset : criteriaPresets())
            requireCriteria(preset.criteria);
    }

    void whatCannotBeVotedOnIsRefused_data()
    {
        QTest::addColumn<QString>("list");
        QTest::addColumn<QString>("says");
        QTest::newRow("overall") << "helpful, overall"
                                 << "the verdict itself";
        QTest::newRow("twice") << "helpful, helpful"
                               << "named twice";
        QTest::newRow("empty") << "helpful,,harmless"
                               << "no name of a criterion";
        QTest::newRow("short") << "x"
                               << "2 to 40 bytes";
        QTest::newRow("long") << QString(41, QLatin1Char('x')) << "2 to 40 bytes";
        QTest::newRow("lines") << "one\ntwo"
                               << "one line";
        QTest::newRow("many") << "aa,bb,cc,dd,ee,ff,gg"
                              << "at most 6";
    }
    void whatCannotBeVotedOnIsRefused()
    {
        QFETCH(QString, list);
        QFETCH(QString, says);
        const QString message = QString::fromStdString(messageOf([&] { criteriaFrom(list.toStdString()); }));
        QVERIFY2(message.contains(says), qPrintable(message));
    }

    void votesKeepTheirCriteria()
    {
        const std::vector<CriterionVote> votes {{"b", Verdict::Right}, {"a", Verdict::Tie}};
        QCOMPARE(toLine(votesJson(votes)), std::string(R"({"b":"right","a":"tie"})"));
        QVERIFY(votesOf(votesJson(votes)) == (std::vector<CriterionVote> {{"a", Verdict::Tie}, {"b", Verdict::Right}}));
        for (const char* text : {"[]", R"({"a": "skip"})", R"({"a": "both_bad"})", R"({"a": 1})"})
            QVERIFY(!messageOf([&] { votesOf(parseJson(text, "test")); }).empty());
    }
};

QTEST_GUILESS_MAIN(TestCriteria)
#include "tst_criteria.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/experiment_method.h"
#include "core/support/error.h"
#include "tests/common/message_of.h"

#include <QTest>

using namespace mpo;

class TestExperimentMethod : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void namesAreRead_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("first");
        QTest::addColumn<int>("firstPairs");
        QTest::addColumn<QByteArray>("second");
        QTest::addColumn<int>("secondPairs");
        QTest::addColumn<QByteArray>("title");
        const auto row = [](const char* name, const char* first, PairSubset firstPairs, const char* second,
                             PairSubset secondPairs, const char* title) {
            QTest::newRow(name) << QByteArray(name) << QByteArray(first) << int(firstPairs) << QByteArray(second)
                                << int(secondPairs) << QByteArray(title);
        };
        using enum PairSubset;
        row("sft", "", All, "", All, "SFT");
        row("dpo", "dpo", All, "", All, "DPO, all pairs");
        row("dpo-random", "dpo", Random, "", All, "DPO, random pairs");
        row("tr-dpo", "tr-dpo", All, "", All, "TR-DPO, all pairs");
        row("tr-dpo-easy", "tr-dpo", Easy, "", All, "TR-DPO, easy pairs");
        row("ppo-hard", "", All, "ppo", Hard, "PPO, hard prompts");
        row("dpo-easy+ppo-easy", "dpo", Easy, "ppo", Easy, "DPO, easy pairs; PPO, easy prompts");
        row("cdpo-easy+rloo", "cdpo", Easy, "rloo", All, "conservative DPO, easy pairs; RLOO, all prompts");
        row("mpo", "dpo", Easy, "ppo", Hard, "MPO: DPO, easy pairs; PPO, hard prompts");
        row("reversed-mpo", "dpo", Hard, "ppo", Easy, "Reversed MPO: DPO, hard pairs; PPO, easy prompts");
    }
    void namesAreRead()
    {
        QFETCH(QByteArray, name);
        const ExperimentMethod method = methodFromName(name.toStdString());
        QTEST(QByteArray::fromStdString(method.first), "first");
        QTEST(int(method.firstPairs), "firstPairs");
        QTEST(QByteArray::fromStdString(method.second), "second");
        QTEST(int(method.secondPairs), "secondPairs");
        QTEST(QByteArray::fromStdString(methodTitle(method)), "title");
        QCOMPARE(QByteArray::fromStdString(method.name), name);
    }

    void oneMethodHasOneName()
    {
        QCOMPARE(methodFromName("dpo-easy+ppo-hard"), methodFromName("mpo"));
        QCOMPARE(methodFromName("dpo-hard+ppo-easy").name, std::string("reversed-mpo"));
        QCOMPARE(methodFromName("dpo-all").name, std::string("dpo"));
    }

    void whoHasAReference()
    {
        for (const char* name : {"dpo", "ipo-easy", "mpo", "ppo", "simpo-easy+ppo-hard", "tr-dpo"})
            QVERIFY2(methodFromName(name).hasReference(), name);
        for (const char* name : {"sft", "simpo", "orpo-easy"})
            QVERIFY2(!methodFromName(name).hasReference(), name);
    }

    void othersAreRefused_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"", "dop", "sft-easy", "ppo+dpo", "dpo+dpo", "dpo+", "+ppo", "mpo-easy", "dpo-medium",
                 "dpo+ppo+ppo", "DPO", "sft+ppo"})
            QTest::newRow(name) << QByteArray(name);
    }
    void othersAreRefused()
    {
        QFETCH(QByteArray, name);
        const std::string message = messageOf([&] { methodFromName(name.toStdString()); });
        QVERIFY2(message.find("is not a method") != std::string::npos, message.c_str());
        QVERIFY(message.find("reversed-mpo") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestExperimentMethod)
#include "tst_experiment_method.moc"

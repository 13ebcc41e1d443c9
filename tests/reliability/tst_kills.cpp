// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/reliability/long_test.h"
#include "tests/reliability/training_case.h"

/// Kills trainings at random and goes on with them: the model and every metric must be those of a run in one go.
/// MPO_KILLS: how many (default 40), MPO_KILL_SEED: which.
class TestKills : public QObject
{
    Q_OBJECT

    Trainings m_trainings;

public:
    static void initMain() { allowLongTests(); }

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_trainings.prepare()); }

    void resumedAfterAnyKill()
    {
        const int kills = timesFromEnvironment("MPO_KILLS", 40);
        const quint32 seed = seedOfKills();
        qInfo("MPO_KILLS=%d MPO_KILL_SEED=%u", kills, seed);
        QRandomGenerator random(seed);
        QList<Trainings::Case> cases;
        for (const char* lora : {"", " --lora-rank 2 --lora-dropout 0.2"})
            for (const char* stage : Trainings::kStages)
                cases.append(m_trainings.trained(stage, QLatin1String(lora)));
        cases.append(m_trainings.trained("ppo", QLatin1String(" --lora-rank 2 --value-model policy")));
        cases.append(m_trainings.trained("dpo", QLatin1String(" --dtype bf16 --gradient-checkpointing true")));
        for (const auto& one : cases) {
            QVERIFY2(!one.model.isEmpty(), qPrintable(one.name()));
            QCOMPARE(one.metrics.count('\n'), one.stage == QLatin1String("ppo") ? 4 : 14);
        }

        // How often checkpoints are written decides nothing, so it is drawn anew for each attempt.
        const QStringList schedules {QStringLiteral("--checkpoint-every 1"), QStringLiteral("--checkpoint-every 2"),
            QStringLiteral("--checkpoint-every 0 --checkpoint-minutes 1e-9"),
            QStringLiteral("--checkpoint-every 1 --keep-checkpoints 1")};
        // Where a kill is aimed, and about how many calls a training makes there.
        struct Aim
        {
            const char* path;
            int calls;
        };
        constexpr std::array aims {Aim {"/checkpoints/", 200}, Aim {"/checkpoints/", 200}, Aim {"/checkpoints/", 60},
            Aim {"project.db", 200}, Aim {"metrics.jsonl", 16}, Aim {"/models/", 40}};
        int killed = 0, inCheckpoint = 0, resumed = 0;
        for (int number = 0; killed < kills; ++number) {
            const auto& one = cases[number % cases.size()];
            const QString project = QStringLiteral("killed.mpo");
            m_trainings.remove(project);
            QByteArray story;
            const int rounds = 1 + random.bounded(3);
            for (int round = 0; round < rounds && killed < kills; ++round) {
                const QString command = one.command(schedules[random.bounded(int(schedules.size()))]);
                Trainings::Ended ended;
                if (random.bounded(3) == 0) {
                    const int after = random.bounded(int(one.milliseconds) + 20);
                    story += QByteArray::number(after) + " ms; ";
                    ended = m_trainings.run(project, command, {}, after);
                } else {
                    const Aim& aim = aims[std::size_t(random.bounded(int(aims.size())))];
                    const QByteArray at = QByteArray::number(1 + random.bounded(aim.calls));
                    story += aim.path + (" call " + at) + "; ";
                    ended = m_trainings.run(project, command,
                        {{"MPO_FAULT_PATH", aim.path}, {"MPO_FAULT_AT", at}, {"MPO_FAULT_WHAT", "kill"}});
                    inCheckpoint += !ended.normally && aim.path == std::string_view("/checkpoints/") ? 1 : 0;
                }
                QVERIFY2(!ended.normally || ended.status == 0, ended.err.constData());
                killed += ended.normally ? 0 : 1;
            }
            const auto ended = m_trainings.run(project, one.command());
            const QByteArray what = one.name().toUtf8() + ": " + story + ended.err;
            QVERIFY2(ended.normally && ended.status == 0, what.constData());
            QVERIFY2(m_trainings.model(project, QStringLiteral("out")) == one.model, what.constData());
            const QByteArray metrics = m_trainings.metrics(project, one.stage);
            QVERIFY2(metrics == one.metrics, (what + '\n' + metrics + "instead of\n" + one.metrics).constData());
            QVERIFY2(!QDir(m_trainings.path(
                               project + QStringLiteral("/runs/1-") + one.stage + QStringLiteral("/checkpoints")))
                          .exists(),
                what.constData());
            QCOMPARE(QDir(m_trainings.path(project + QStringLiteral("/models")))
                         .entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot),
                QStringList {QStringLiteral("out")});
            ++resumed;
        }
        qInfo(
            "%d kills, %d of them inside a checkpoint, %d trainings ended as in one go", killed, inCheckpoint, resumed);
        QVERIFY(inCheckpoint * 5 >= kills);
    }
};

QTEST_GUILESS_MAIN(TestKills)
#include "tst_kills.moc"

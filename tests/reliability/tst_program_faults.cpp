// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/reliability/long_test.h"
#include "tests/reliability/training_case.h"

#include <sys/stat.h>

/// Disks that fail under the program: it ends with one sentence, what was there before stays good, and given again
/// without the fault it ends with the same bytes as if nothing had been. MPO_ALL_FAULTS=1: every call and not a sample
/// (tst_checkpoint_faults and tst_store_faults take every call in one process).
class TestProgramFaults : public QObject
{
    Q_OBJECT

    Trainings m_trainings;
    Trainings::Case m_case; ///< DPO

    /// The counted calls of a run in one go, "number call path" each.
    QList<QByteArray> callsIn(const char* path, const QString& command)
    {
        m_trainings.remove(QStringLiteral("counted.mpo"));
        QFile::remove(m_trainings.path(QStringLiteral("calls")));
        const auto ended = m_trainings.run(QStringLiteral("counted.mpo"), command,
            {{"MPO_FAULT_PATH", path}, {"MPO_FAULT_LOG", m_trainings.path(QStringLiteral("calls")).toUtf8()}});
        return ended.status == 0 ? m_trainings.read(QStringLiteral("calls")).trimmed().split('\n')
                                 : QList<QByteArray>();
    }

    void failsAndGoesOn(const char* path, int at, const char* what, bool lasts, const QString& command)
    {
        const QString project = QStringLiteral("faulty.mpo");
        m_trainings.remove(project);
        Trainings::Environment faults {
            {"MPO_FAULT_PATH", path}, {"MPO_FAULT_AT", QByteArray::number(at)}, {"MPO_FAULT_WHAT", what}};
        if (lasts)
            faults.append(std::pair<const char*, QByteArray>("MPO_FAULT_LASTS", "1"));
        const auto ended = m_trainings.run(project, command, faults);
        const QByteArray story = QByteArray(path) + " call " + QByteArray::number(at) + ' ' + what + ": " + ended.err;
        QVERIFY2(ended.normally, story.constData());
        QVERIFY2(ended.status == 0 || (ended.status == 1 && ended.isOneSentence()), story.constData());
        const auto again = m_trainings.run(project, command);
        QVERIFY2(again.normally && again.status == 0, (story + again.err).constData());
        QVERIFY2(m_trainings.model(project, QStringLiteral("out")) == m_case.model, story.constData());
        QVERIFY2(m_trainings.metrics(project, m_case.stage) == m_case.metrics, story.constData());
    }

    const bool m_all = qEnvironmentVariableIntValue("MPO_ALL_FAULTS") > 0;
    static constexpr std::array kKinds {"ENOSPC", "EIO", "short", "EDQUOT"};

public:
    static void initMain() { allowLongTests(); }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_trainings.prepare());
        m_case = m_trainings.trained("dpo");
        QVERIFY(!m_case.model.isEmpty());
    }

    void secondCheckpoint()
    {
        const QString command = m_case.command(QStringLiteral("--checkpoint-every 4"));
        const auto calls = callsIn("/checkpoints/", command);
        int first = 0, last = 0;
        for (int i = 0; i < calls.size(); ++i) {
            if (calls[i].contains(" rename ") && calls[i].endsWith("/checkpoints/4"))
                first = i + 2; // after the sync of the folder
            if (calls[i].contains(" rename ") && calls[i].endsWith("/checkpoints/8"))
                last = i + 1;
        }
        QVERIFY2(last - first > 15, qPrintable(QStringLiteral("%1 to %2").arg(first).arg(last)));
        for (int i = first; i <= last; i += m_all ? 1 : 5)
            failsAndGoesOn("/checkpoints/", i + 1, kKinds[std::size_t(i) % kKinds.size()], i % 2 == 0, command);
    }

    void metricsDatabaseAndModel()
    {
        const QString command = m_case.command(QStringLiteral("--checkpoint-every 4"));
        for (const char* path : {"metrics.jsonl", "project.db", "/models/", "config.json"}) {
            const int calls = int(callsIn(path, command).size());
            QVERIFY2(calls > 0, path);
            const int each = m_all ? 1 : std::max(3, calls / 3);
            for (int at = 1 + (m_all ? 0 : calls % 3); at <= calls; at += each)
                failsAndGoesOn(path, at, kKinds[std::size_t(at) % kKinds.size()], at % 2 == 0, command);
        }
    }

    /// A folder that cannot be written (to root it always can, so the shim says that it cannot).
    void readOnly()
    {
        const QString command = m_case.command(QStringLiteral("--checkpoint-every 4"));
        failsAndGoesOn("/checkpoints", 1, "EACCES", true, command);
        failsAndGoesOn("/runs/", 1, "EACCES", true, command);
        failsAndGoesOn("/models", 3, "EACCES", true, command);
    }
};

QTEST_GUILESS_MAIN(TestProgramFaults)
#include "tst_program_faults.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/process_usage.h"

#include <QTest>

#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace mpo;

class TestProcessUsage : public QObject
{
    Q_OBJECT

    /// Works for so long on one processor.
    static void workFor(double milliseconds)
    {
        const clock_t end = clock() + clock_t(milliseconds / 1000.0 * CLOCKS_PER_SEC);
        while (clock() < end) { }
    }

private Q_SLOTS:
    void workIsSeenAndRestToo()
    {
        ProcessUsage usage(getpid());
        QVERIFY(!usage.next()); // nothing to compare with yet
        workFor(300);
        const auto busy = usage.next();
        QVERIFY(busy);
        QVERIFY(busy->processors >= 1);
        QTest::qSleep(300);
        const auto resting = usage.next();
        QVERIFY(resting);
        // However busy the machine is, who works gets more than who sleeps.
        QVERIFY2(busy->cpuShare > 3.0 * resting->cpuShare, qPrintable(QString::number(busy->cpuShare)));
        QVERIFY(busy->cpuShare <= 1.0 && resting->cpuShare < 0.2);
    }

    void memoryThatIsTouched()
    {
        ProcessUsage usage(getpid());
        usage.next();
        const std::int64_t before = usage.next().value_or(ProcessUsage::Sample {}).residentBytes;
        const std::vector<char> block(64 << 20, 1);
        QTest::qSleep(1);
        const std::int64_t after = usage.next().value_or(ProcessUsage::Sample {}).residentBytes;
        QVERIFY(before > 0);
        QVERIFY2(after - before > 60 << 20, qPrintable(QString::number(after - before)));
        QVERIFY(block.back() == 1);
    }

    void processThatIsGone()
    {
        const pid_t child = fork();
        if (child == 0)
            _exit(0);
        waitpid(child, nullptr, 0);
        ProcessUsage usage(child);
        QVERIFY(!usage.next());
        QVERIFY(!usage.next());
    }
};

QTEST_GUILESS_MAIN(TestProcessUsage)
#include "tst_process_usage.moc"

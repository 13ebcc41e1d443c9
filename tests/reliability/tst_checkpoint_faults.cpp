// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/checkpoint.h"
#include "core/support/error.h"
#include "tests/core/stage/stage_fixture.h"
#include "tests/reliability/fault_control.h"

#include <QCoreApplication>
#include <QTemporaryDir>

#include <ATen/ATen.h>

using namespace mpo;
using namespace stage_fixture;
namespace fs = std::filesystem;

/// Every call that writing a checkpoint makes fails once, and from there on, in every way a disk fails.
class TestCheckpointFaults : public QObject
{
    Q_OBJECT

    static void faultRows(std::initializer_list<const char*> kinds)
    {
        QTest::addColumn<QByteArray>("what");
        QTest::addColumn<bool>("lasts");
        for (const char* what : kinds)
            for (const bool lasts : {false, true})
                QTest::addRow("%s %s", what, lasts ? "from there on" : "once") << QByteArray(what) << lasts;
    }

    static NamedTensors state(double value)
    {
        return {{"weights", at::full({1000}, value)}, {"step", at::full({}, value)}};
    }
    static bool isOneSentence(const std::string& text)
    {
        return !text.empty() && text.find('\n') == std::string::npos && text.find("frame #") == std::string::npos;
    }

private Q_SLOTS:
    void cleanup() { faults::clear(); }

    void oneCheckpoint_data() { faultRows({"ENOSPC", "EIO", "EDQUOT", "EACCES", "short"}); }
    void oneCheckpoint()
    {
        QFETCH(QByteArray, what);
        QFETCH(bool, lasts);
        long calls = 0, failed = 0;
        for (long at = 1;; ++at) {
            QTemporaryDir root;
            const fs::path folder = fs::path(root.path().toStdString()) / "checkpoints";
            writeCheckpoint(folder, 1, Json {{"step", 1}}, state(1.0));
            writeCheckpoint(folder, 2, Json {{"step", 2}}, state(2.0));
            faults::set(folder.string(), at, what.constData(), lasts);
            std::string message;
            try {
                writeCheckpoint(folder, 3, Json {{"step", 3}}, state(3.0));
            } catch (const Error& error) {
                message = error.what();
            }
            calls = faults::count();
            faults::clear();
            if (at > calls)
                break;
            const auto newest = readNewestCheckpoint(folder);
            QVERIFY2(newest.has_value(), qPrintable(QString::number(at)));
            // Written or said: never neither. A fault that comes after the new one is whole may leave it there.
            QVERIFY2(message.empty() ? newest->step == 3 : isOneSentence(message), message.c_str());
            QVERIFY(newest->step == 2 || newest->step == 3);
            QCOMPARE(newest->values.at("step").get<I>(), newest->step);
            for (const auto& [name, tensor] : newest->tensors)
                QVERIFY((tensor == double(newest->step)).all().item<bool>());
            failed += message.empty() ? 0 : 1;

            writeCheckpoint(folder, 3, Json {{"step", 3}}, state(3.0)); // the fault is gone
            QCOMPARE(readNewestCheckpoint(folder)->step, I(3));
            int entries = 0;
            for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder))
                ++entries;
            QCOMPARE(entries, 2); // and nothing is left of it
        }
        qInfo("%ld calls, %ld failures", calls, failed);
        QVERIFY(calls >= 20);
        if (what != "short")
            QVERIFY(failed >= calls - 4);
    }

    /// The same in a whole training, with the reference's log-probs and two checkpoints: it ends with a sentence, and
    /// given again without the fault it ends as if nothing had been.
    void training_data() { faultRows({"ENOSPC", "short"}); }
    void training()
    {
        QFETCH(QByteArray, what);
        QFETCH(bool, lasts);
        const Values settings {
            {"learning_rate", 1e-3}, {"batch_size", I(4)}, {"max_steps", I(3)}, {"checkpoint_every", I(1)}};
        const auto train = [&](Recorded& recorded) {
            Model model = tiny();
            prepare(recorded, StageKind::Dpo, settings);
            trainDpo(model, nullptr, pairs(8), recorded.context);
            return modelDigest(model);
        };
        Recorded whole;
        const std::string expected = train(whole);
        long calls = 0;
        for (long at = 1;; ++at) {
            QTemporaryDir root;
            Recorded recorded;
            recorded.context.checkpoints = fs::path(root.path().toStdString()) / "checkpoints";
            faults::set(recorded.context.checkpoints.string(), at, what.constData(), lasts);
            std::string message, digest;
            try {
                digest = train(recorded);
            } catch (const Error& error) {
                message = error.what();
            }
            calls = faults::count();
            faults::clear();
            if (at > calls)
                break;
            if (message.empty()) {
                QCOMPARE(digest, expected);
                continue;
            }
            QVERIFY2(isOneSentence(message), message.c_str());
            QCOMPARE(train(recorded), expected);
            compareMetrics(recorded, whole);
        }
        QVERIFY(calls > 60);
    }
};

int main(int argc, char** argv)
{
    faults::startWithFaults(argv);
    const QCoreApplication application(argc, argv);
    TestCheckpointFaults test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_checkpoint_faults.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window stays at hand while the real engine trains: no event takes its thread longer than 50 ms. The time that an
// event waits for a processor that others use does not count, so that a busy machine does not decide.
#include "tests/cli/tiny_model.h"
#include "tests/ui/ui_test.h"
#include "ui/main_window.h"
#include "ui/pages/training_page.h"

#include <QAbstractScrollArea>
#include <QComboBox>
#include <QLineEdit>
#include <QScrollBar>
#include <QTabWidget>
#include <QTest>

#include <chrono>
#include <fstream>

using namespace mpo;

namespace {

/// Nanoseconds that this thread was ready to run but had no processor (Linux: Documentation/scheduler/sched-stats).
std::int64_t waitedForProcessor()
{
    std::ifstream file("/proc/thread-self/schedstat");
    std::int64_t ran = 0, waited = 0;
    file >> ran >> waited;
    return waited;
}

std::int64_t now()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Remembers the event that took longest.
class WatchedApplication : public QApplication
{
public:
    using QApplication::QApplication;

    bool notify(QObject* receiver, QEvent* event) override
    {
        if (m_inside || QThread::currentThread() != thread())
            return QApplication::notify(receiver, event);
        m_inside = true;
        const QEvent::Type type = event->type();
        const QByteArray name = QByteArray(receiver->metaObject()->className()) + " \""
            + receiver->objectName().toUtf8() + '"'; // it may be gone afterwards
        const std::int64_t waited = waitedForProcessor(), begin = now();
        const bool result = QApplication::notify(receiver, event);
        const double ms = double(now() - begin - (waitedForProcessor() - waited)) / 1e6;
        m_inside = false;
        ++events;
        if (ms > longest) {
            longest = ms;
            what = name + " got event " + QByteArray::number(int(type));
        }
        return result;
    }

    double longest = 0.0; ///< ms
    QByteArray what;
    int events = 0;

private:
    bool m_inside = false;
};

} // namespace

class TestResponsiveness : public QObject
{
    Q_OBJECT

    static constexpr int kLongMs = 60000;
    static constexpr double kLimitMs = 50.0;

    QTemporaryDir m_folder;
    QString path(const QString& name) const { return m_folder.filePath(name); }

    static WatchedApplication& application() { return *static_cast<WatchedApplication*>(qApp); }

    static void scrollThrough(QWidget* page)
    {
        for (auto* area : page->findChildren<QAbstractScrollArea*>())
            if (area->isVisible() && area->verticalScrollBar()->maximum() > 0)
                for (const int part : {1, 2, 4, 0}) {
                    area->verticalScrollBar()->setValue(part * area->verticalScrollBar()->maximum() / 4);
                    QTest::qWait(20);
                }
    }

private Q_SLOTS:
    void initTestCase()
    {
        tiny_model::write(path(QStringLiteral("tiny")));
        QFile file(path(QStringLiteral("pairs.jsonl")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        for (int i = 0; i < 2000; ++i)
            file.write(
                QByteArrayLiteral("{\"prompt_ids\":[%1,%2],\"chosen_ids\":[3,4,10],\"rejected_ids\":[5,%3,10]}\n")
                    .replace("%1", QByteArray::number(1 + i % 9))
                    .replace("%2", QByteArray::number(1 + i / 9 % 9))
                    .replace("%3", QByteArray::number(1 + i / 81 % 9)));
    }

    void noEventTakesLongWhileTraining()
    {
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_folder.path());
        applyStyle(application(), Theme::Light);
        MainWindow window(Project::open(path(QStringLiteral("test.mpo")).toStdString()));
        window.resize(1280, 720);
        window.show();
        ImportDataset import;
        import.file = path(QStringLiteral("pairs.jsonl")).toStdString();
        import.options.name = "pairs";
        window.bridge().post(import);
        QTRY_VERIFY_WITH_TIMEOUT(!window.bridge().busy(), kLongMs);

        TrainStage command;
        command.stage = StageKind::Dpo;
        command.model = path(QStringLiteral("tiny")).toStdString();
        command.data = "pairs";
        command.out = "aligned";
        command.settings = Settings(StageKind::Dpo);
        command.settings.set("max_steps", std::int64_t(100000));
        command.settings.set("batch_size", std::int64_t(2));
        std::int64_t steps = 0;
        connect(&window.bridge(), &EngineBridge::metricsLogged, &window,
            [&](const std::vector<MetricsLogged>& batch) { steps = batch.back().step; });
        window.bridge().post(command);
        QTRY_VERIFY_WITH_TIMEOUT(steps > 0, kLongMs);

        const auto visitPages = [&] {
            for (int i = 0; i < kPages; ++i) {
                window.openPage(static_cast<PageId>(i));
                QTest::qWait(150);
                QWidget* page = window.page(static_cast<PageId>(i));
                scrollThrough(page);
                for (QTabWidget* tabs : page->findChildren<QTabWidget*>())
                    for (int tab = 0; tabs->isVisible() && tab < tabs->count(); ++tab) {
                        tabs->setCurrentIndex(tab);
                        QTest::qWait(60);
                    }
            }
        };
        visitPages();
        qInfo(
            "first visit: the longest event took %.1f ms (%s)", application().longest, application().what.constData());
        application().longest = 0.0;
        application().events = 0;
        const std::int64_t before = steps;
        visitPages();
        window.openPage(PageId::Dpo);
        for (const QSize size : {QSize(1920, 1080), QSize(1100, 640), QSize(1280, 720)}) {
            window.resize(size);
            QTest::qWait(200);
        }
        auto* page = window.page(PageId::Dpo);
        for (QLineEdit* edit : page->findChildren<QLineEdit*>())
            if (edit->isVisible() && edit->isEnabled())
                QTest::keyClicks(edit, QStringLiteral("12"));
        QTest::qWait(1000);
        QVERIFY(window.bridge().busy());
        QVERIFY(steps > before); // it did train meanwhile
        qInfo("%d events in %lld steps: the longest took %.1f ms (%s)", application().events,
            static_cast<long long>(steps - before), application().longest, application().what.constData());
        QVERIFY2(application().longest < kLimitMs, application().what.constData());
        window.bridge().cancel(OnStop::Discard);
        QTRY_VERIFY_WITH_TIMEOUT(!window.bridge().busy(), kLongMs);
    }

    /// The watch sees what it is there for.
    void aLongEventIsSeen()
    {
        application().longest = 0.0;
        QTimer::singleShot(0, &application(), [] { std::this_thread::sleep_for(std::chrono::milliseconds(80)); });
        QTest::qWait(150);
        QVERIFY(application().longest > kLimitMs);
    }
};

int main(int argc, char** argv)
{
    WatchedApplication watched(argc, argv);
    TestResponsiveness test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_responsiveness.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How fast the Split page opens a million scored pairs from the store, and how long one step of a drag takes, from the
// mouse event to the painted window. See README.md.

#include "ui/pages/split_page.h"
#include "core/store/project.h"
#include "ui/charts/reward_gap_histogram.h"
#include "ui/engine_bridge.h"
#include "ui/selection.h"
#include "ui/style.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>

using namespace mpo;

namespace {

/// Wall and processor time (of all threads) since it was made, in ms.
class Clock
{
public:
    Clock() { m_wall.start(); }
    double wall() const { return double(m_wall.nsecsElapsed()) / 1e6; }
    double processor() const { return 1e3 * double(std::clock() - m_processor) / double(CLOCKS_PER_SEC); }

private:
    QElapsedTimer m_wall;
    std::clock_t m_processor = std::clock();
};

void print(const char* what, const Clock& clock)
{
    fmt::print("{:<58} {:>8.0f} ms   CPU {:>8.0f} ms\n", what, clock.wall(), clock.processor());
}

void print(const char* what, std::vector<double> wall, std::vector<double> processor)
{
    std::sort(wall.begin(), wall.end());
    std::sort(processor.begin(), processor.end());
    const std::size_t last = wall.size() - 1;
    fmt::print("{}: {} steps, ms: median {:.2f}, p99 {:.2f}, largest {:.2f}; CPU median {:.2f}, p99 {:.2f}\n", what,
        wall.size(), wall[last / 2], wall[last * 99 / 100], wall[last], processor[last / 2],
        processor[last * 99 / 100]);
}

void fill(const std::filesystem::path& folder, int pairs)
{
    const auto project = Project::open(folder);
    std::mt19937 random(5);
    std::normal_distribution<double> normal(0.5, 1.3);
    Dataset data;
    data.name = "pairs";
    std::vector<PairScore> first, second;
    for (int i = 0; i < pairs; ++i) {
        PreferencePair pair;
        const std::string number = std::to_string(i);
        pair.prompt = "Human: what is to be known of " + number + "?\n\nAssistant:";
        pair.chosen = "This is known of " + number + std::string(std::size_t(random() % 300), 'a');
        pair.rejected = "Nothing is known" + std::string(std::size_t(random() % 300), 'b');
        pair.line = i + 1;
        data.pairs.push_back(std::move(pair));
        first.push_back({normal(random), 0.0});
        second.push_back({0.6 * first.back().chosen + normal(random), 0.0});
    }
    project->addDataset(data, "made");
    project->addScoreSet({0, "other", "pairs", "made", true, pairs, nowUtc()}, second);
    project->addScoreSet({0, "scores", "pairs", "made", true, pairs, nowUtc()}, first);
}

template<class T>
T* child(const SplitPage& page, const char* name)
{
    T* found = page.findChild<T*>(QLatin1String(name));
    if (!found)
        qFatal("no child %s", name);
    return found;
}

template<class Done>
void waitFor(const Done& done)
{
    while (!done())
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
}

/// One step: the mouse has moved; all that comes of it, and of the steps before, is done and painted.
void drag(SplitPage& page, const char* what)
{
    constexpr int kSteps = 400;
    auto* histogram = child<RewardGapHistogram>(page, "histogram");
    const auto at = [&](double gap) { return QPoint(int(std::lround(histogram->xOf(gap))), histogram->height() / 2); };
    QTest::mousePress(histogram, Qt::LeftButton, {}, at(page.threshold()));
    std::vector<double> wall, processor;
    for (int i = 0; i < kSteps; ++i) {
        const double gap = 1.5 * std::sin(0.05 * i);
        QThread::msleep(16); // the pace of a screen
        const Clock clock;
        QCoreApplication::processEvents(); // timers: the list of pairs follows 40 ms later
        QTest::mouseMove(histogram, at(gap));
        QCoreApplication::processEvents();
        QEvent paint(QEvent::UpdateRequest); // what is to be painted is painted now
        QCoreApplication::sendEvent(&page, &paint);
        wall.push_back(clock.wall());
        processor.push_back(clock.processor());
    }
    QTest::mouseRelease(histogram, Qt::LeftButton, {}, at(0.5));
    print(what, wall, processor);
}

} // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    const int pairs = argc > 1 ? std::max(1000, std::atoi(argv[1])) : 1'000'000;
    const QTemporaryDir folder;
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder.path());
    applyStyle(application, Theme::Light);
    const auto path = std::filesystem::path(folder.path().toStdString()) / "bench.mpo";
    {
        const Clock clock;
        fill(path, pairs);
        print("a project made (not counted)", clock);
    }
    const Clock clock;
    const auto project = Project::open(path);
    EngineBridge bridge(project);
    Selection selection(project);
    SplitPage page(bridge, selection);
    page.resize(1088, 640); // what a window of 1280x720 leaves
    page.show();
    waitFor([&] { return child<QPushButton>(page, "saveSplit")->isEnabled(); });
    page.repaint();
    print("opened: project, page, histogram, counts, painted", clock);
    waitFor([&] { return child<QComboBox>(page, "stackBy")->count() > 1; });
    print("until the lengths of all responses are measured as well", clock);
    drag(page, "drag");

    auto* stack = child<QComboBox>(page, "stackBy");
    stack->setCurrentIndex(stack->count() - 1);
    Q_EMIT stack->activated(stack->currentIndex());
    child<QCheckBox>(page, "contradictory")->setChecked(true);
    auto* second = child<QComboBox>(page, "secondScores");
    second->setCurrentIndex(second->count() - 1);
    Q_EMIT second->activated(second->currentIndex());
    waitFor([&] { return child<QComboBox>(page, "pairListing")->count() > 2; });
    drag(page, "drag, bars divided by length, contradictory pairs, another scoring beside it");
    return 0;
}

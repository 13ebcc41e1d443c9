// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/run_bar.h"

#include "ui/elided_label.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>

#include <algorithm>
#include <cmath>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

namespace mpo {

namespace {

constexpr int kMessageMilliseconds = 8000;
constexpr int kMemoryMilliseconds = 2000;
constexpr auto kPauseKey = Qt::CTRL | Qt::Key_P;

QString stageText(std::string_view stage)
{
    if (stage == "sft" || stage == "reward" || stage == "dpo" || stage == "ppo")
        return toQString(stageTitle(stageFromName(stage)));
    return stage == "score" ? RunBar::tr("Scoring") : stage == "sample" ? RunBar::tr("Sampling") : toQString(stage);
}

QLabel* makeNumber(const QString& toolTip, QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setToolTip(toolTip);
    setRole(label, "hint");
    label->hide();
    return label;
}

/// An empty label would still cost the space between two.
void showNumber(QLabel* label, const QString& text)
{
    label->setText(text);
    label->setVisible(!text.isEmpty());
}

} // namespace

qint64 residentBytes()
{
#ifdef Q_OS_LINUX
    QFile file(QStringLiteral("/proc/self/statm"));
    if (file.open(QIODevice::ReadOnly)) {
        const QList<QByteArray> pages = file.readAll().split(' ');
        if (pages.size() > 1)
            return pages[1].toLongLong() * sysconf(_SC_PAGESIZE);
    }
#endif
    return 0;
}

RunBar::RunBar(EngineBridge& bridge, QWidget* parent)
    : QWidget(parent)
    , m_bridge(bridge)
{
    setRole(this, "bar");
    setAttribute(Qt::WA_StyledBackground);
    m_what = new ElidedLabel(this);
    m_progress = new QProgressBar(this);
    m_progress->setTextVisible(false);
    m_progress->setFixedWidth(22 * kSpace);
    m_step = makeNumber(tr("Optimiser step of all steps"), this);
    m_left = makeNumber(tr("Time left, from the pace so far"), this);
    m_pace = makeNumber(tr("Tokens computed per second"), this);
    m_processors = makeNumber({}, this);
    m_processors->setObjectName(QStringLiteral("processors"));
    m_memory = makeNumber(tr("Memory of this program"), this);
    m_memory->setObjectName(QStringLiteral("memory"));
    m_pause = new QPushButton(tr("Pause"), this);
    m_pause->setShortcut(kPauseKey);
    m_pause->setToolTip(tr("Hold at the next micro-batch (Ctrl+P)"));
    m_stop = new QPushButton(tr("Stop"), this);
    m_stop->setToolTip(tr("Stop at the next step; a training run can be resumed"));
    setRole(m_stop, "danger");
    m_more = new QPushButton(tr("More ▾"), this);
    m_more->setObjectName(QStringLiteral("more"));
    m_more->setToolTip(tr("Checkpoint now, pause without memory, stop without a checkpoint"));
    auto* menu = new QMenu(m_more);
    menu->addAction(tr("Write a &checkpoint now"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), this,
        [this] { m_bridge.checkpoint(); });
    menu->addAction(tr("&Pause and free the memory"), this, [this] { m_bridge.cancel(OnStop::Pause); });
    menu->addSeparator();
    menu->addAction(tr("Stop and &throw away"), this, [this] { m_bridge.cancel(OnStop::Discard); });
    m_more->setMenu(menu);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2 * kSpace, kSpace / 2, 2 * kSpace, kSpace / 2);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_what);
    layout->addWidget(m_progress);
    layout->addWidget(m_step);
    layout->addWidget(m_left);
    layout->addWidget(m_pace);
    layout->addStretch(1);
    layout->addWidget(m_processors);
    layout->addWidget(m_memory);
    layout->addWidget(m_pause);
    layout->addWidget(m_stop);
    layout->addWidget(m_more);
    setFixedHeight(5 * kSpace);

    m_messageTimer.setSingleShot(true);
    connect(&m_messageTimer, &QTimer::timeout, this, &RunBar::showWhat);
    m_memoryTimer.start(kMemoryMilliseconds);
    connect(&m_memoryTimer, &QTimer::timeout, this, &RunBar::updateMemory);
    connect(m_pause, &QPushButton::clicked, this, [this] { m_bridge.paused() ? m_bridge.resume() : m_bridge.pause(); });
    connect(m_stop, &QPushButton::clicked, this, [this] {
        m_bridge.cancel();
        m_stop->setEnabled(false);
        m_stop->setText(tr("Stopping…"));
    });
    connect(&bridge, &EngineBridge::requestAnswered, this, [this](bool done, const QString& sentence) {
        say(sentence);
        if (!done) {
            m_stop->setEnabled(true);
            m_stop->setText(tr("Stop"));
        }
    });
    connect(&bridge, &EngineBridge::busyChanged, this, [this](bool busy) {
        m_work = tr("Working…");
        if (busy)
            m_messageTimer.stop(); // what was said is about an earlier command
        updateState();
    });
    connect(&bridge, &EngineBridge::pausedChanged, this, &RunBar::updateState);
    connect(&bridge, &EngineBridge::runStarted, this, [this](const RunStarted& event) {
        m_run = event.run;
        m_firstStep = event.firstStep;
        m_work = m_stage = stageText(event.stage);
        for (QLabel* label : {m_step, m_left, m_pace})
            showNumber(label, {});
        m_progress->setRange(0, 0);
        updateState();
    });
    connect(&bridge, &EngineBridge::metricsLogged, this, &RunBar::showMetrics);
    connect(&bridge, &EngineBridge::machineUsed, this, &RunBar::showUse);
    connect(&bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_run != 0) { // a part of a step: how far the run is stays in sight
            const QString detail = event.detail.empty() ? QString() : QStringLiteral(", ") + toQString(event.detail);
            m_work = tr("%1 · %2").arg(m_stage, toQString(event.what) + detail);
            showWhat();
            return;
        }
        m_work = toQString(event.what);
        showWhat();
        m_progress->setRange(0, event.share < 0.0 ? 0 : 1000);
        m_progress->setValue(int(1000.0 * std::clamp(event.share, 0.0, 1.0)));
        showNumber(m_step, toQString(event.detail));
        showNumber(m_left, {});
    });
    connect(&bridge, &EngineBridge::runEnded, this, [this] {
        m_run = 0;
        m_work = tr("Working…");
        showWhat();
        for (QLabel* label : {m_step, m_left, m_pace})
            showNumber(label, {});
        m_progress->setRange(0, 0);
    });
    connect(&bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (event.outcome == CommandFinished::Outcome::Failed)
            say(toQString(event.message));
        else if (event.outcome == CommandFinished::Outcome::Cancelled)
            say(tr("Stopped."));
    });
    updateState();
    updateMemory();
}

void RunBar::say(const QString& sentence)
{
    m_messageTimer.start(kMessageMilliseconds);
    m_what->setText(sentence);
    m_what->setToolTip(sentence);
}

QString RunBar::text() const { return m_what->text(); }

QString RunBar::state() const
{
    const QString step = m_step->isHidden() ? QString() : QStringLiteral(", ") + m_step->text();
    return (m_bridge.paused() ? tr("%1, paused").arg(m_work) : m_work) + step;
}

void RunBar::showMetrics(const std::vector<MetricsLogged>& batch)
{
    const MetricsLogged& last = batch.back();
    if (last.run != m_run)
        return;
    m_work = m_stage; // no longer a part of the step
    showWhat();
    if (last.totalSteps > 0) {
        m_progress->setRange(0, int(std::min<std::int64_t>(last.totalSteps, 1'000'000'000)));
        m_progress->setValue(int(last.step));
        showNumber(m_step, QStringLiteral("%1 / %2").arg(formatCount(last.step), formatCount(last.totalSteps)));
        const auto done = double(last.step - m_firstStep);
        showNumber(m_left,
            done > 0.0 && last.step < last.totalSteps
                ? tr("%1 left").arg(formatDuration(last.seconds / done * double(last.totalSteps - last.step)))
                : QString());
    } else {
        showNumber(m_step, tr("step %1").arg(formatCount(last.step)));
    }
    for (const Metric& metric : last.metrics)
        if (metric.name == "tokens_per_second" && std::isfinite(metric.value))
            showNumber(m_pace, tr("%1 tokens/s").arg(formatLargeCount(metric.value)));
}

void RunBar::updateState()
{
    const bool busy = m_bridge.busy();
    for (QWidget* widget : std::initializer_list<QWidget*> {m_progress, m_pause, m_stop, m_more})
        widget->setVisible(busy);
    m_pause->setText(m_bridge.paused() ? tr("Continue") : tr("Pause"));
    m_pause->setShortcut(kPauseKey); // a new text takes it away
    if (!busy) {
        m_stop->setEnabled(true);
        m_stop->setText(tr("Stop"));
        for (QLabel* label : {m_step, m_left, m_pace, m_processors})
            showNumber(label, {});
        m_progress->setRange(0, 0);
        updateMemory();
    }
    showWhat();
}

void RunBar::showWhat()
{
    if (m_messageTimer.isActive())
        return;
    m_what->setText(!m_bridge.busy() ? tr("Ready") : m_bridge.paused() ? tr("%1, paused").arg(m_work) : m_work);
    m_what->setToolTip({});
}

/// While something runs the engine tells, also of another program's memory.
void RunBar::updateMemory()
{
    if (m_bridge.busy() && !m_processors->isHidden())
        return;
    const qint64 bytes = residentBytes();
    showNumber(m_memory, bytes > 0 ? tr("%1 MB").arg(formatCount(bytes / (1024 * 1024))) : QString());
    m_memory->setToolTip(tr("Memory of this program"));
}

void RunBar::showUse(const MachineUsed& event)
{
    if (!m_bridge.busy())
        return;
    showNumber(m_processors, tr("CPU %1 %").arg(std::lround(100.0 * event.cpuShare)));
    m_processors->setToolTip(
        tr("Share of the %n processor(s) that the run may use, over the last second", nullptr, event.processors));
    showNumber(m_memory, tr("%1 MB").arg(formatCount(event.residentBytes / (1024 * 1024))));
    m_memory->setToolTip(m_bridge.readOnly() ? tr("Memory of the program that runs it") : tr("Memory of this program"));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/health_strip.h"

#include "core/support/metric_names.h"
#include "ui/charts/metric_alarm.h"
#include "ui/elided_label.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace mpo {

namespace {

struct Vital
{
    const char* caption;
    std::string_view metric;
    bool isShare;
};

constexpr std::array<Vital, HealthStrip::kCells> kVitals {{
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "Reward"), "objective/scores", false},
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "KL to ref."), "objective/kl", false},
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "KL to SFT"), "objective/kl_sft", false},
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "Ratio"), "val/ratio", false},
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "Clipped"), "policy/clipfrac_avg", true},
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "Entropy"), "objective/entropy", false},
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "Length"), "response/length", false},
    {QT_TRANSLATE_NOOP("mpo::HealthStrip", "Ends by EOS"), "response/eos_share", true},
}};

QString sentenceOf(const AlarmRow& alarm)
{
    return alarm.ended ? HealthStrip::tr("%1 (until step %2)").arg(toQString(alarm.text), formatCount(*alarm.ended))
                       : toQString(alarm.text);
}

} // namespace

HealthStrip::HealthStrip(QWidget* parent)
    : QFrame(parent)
    , m_row(new QWidget)
    , m_alarm(new ElidedLabel)
{
    setRole(this, "card");
    auto* row = new QHBoxLayout(m_row);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(kSpace + kSpace / 2);
    for (std::size_t i = 0; i < m_cells.size(); ++i) {
        Cell& cell = m_cells[i];
        cell.widget = new QWidget;
        auto* caption = new QLabel(tr(kVitals[i].caption));
        setRole(caption, "hint");
        cell.value = new QLabel;
        cell.value->setAccessibleName(tr(kVitals[i].caption));
        auto* layout = new QVBoxLayout(cell.widget);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(0);
        layout->addWidget(cell.value);
        layout->addWidget(caption);
        row->addWidget(cell.widget, 1);
    }
    m_alarm->setObjectName(QStringLiteral("alarm"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace, kSpace);
    layout->setSpacing(kSpace / 2);
    layout->addWidget(m_row);
    layout->addWidget(m_alarm);
    setAlarms({});
}

void HealthStrip::setRun(const std::vector<MetricSeries>& series, const std::vector<AlarmRow>& alarms)
{
    for (std::size_t i = 0; i < m_cells.size(); ++i) {
        const auto found = std::find_if(series.begin(), series.end(),
            [&](const MetricSeries& one) { return one.name == kVitals[i].metric && !one.points.empty(); });
        m_cells[i].known = found != series.end();
        if (m_cells[i].known)
            show(i, found->points.back().value);
    }
    setAlarms(alarms);
}

void HealthStrip::append(const Metrics& metrics)
{
    for (std::size_t i = 0; i < m_cells.size(); ++i)
        for (const Metric& metric : metrics)
            if (metric.name == kVitals[i].metric) {
                m_cells[i].known = true;
                show(i, metric.value);
            }
    updateVisible();
}

void HealthStrip::setAlarms(const std::vector<AlarmRow>& alarms)
{
    for (std::size_t i = 0; i < m_cells.size(); ++i) {
        const QString alarm = metricAlarm(kVitals[i].metric, alarms);
        setRole(m_cells[i].value, alarm.isEmpty() ? "vital" : "vitalBad");
        m_cells[i].widget->setToolTip(alarm.isEmpty() ? toQString(findMetricInfo(kVitals[i].metric)->meaning) : alarm);
    }
    const auto open = std::find_if(alarms.rbegin(), alarms.rend(), [](const AlarmRow& alarm) { return !alarm.ended; });
    setRole(m_alarm, open != alarms.rend() ? "error" : "hint");
    m_alarm->setText(alarms.empty() ? QString() : sentenceOf(open != alarms.rend() ? *open : alarms.back()));
    QStringList all;
    for (const AlarmRow& alarm : alarms)
        all << sentenceOf(alarm);
    constexpr qsizetype kMost = 12; // of a tool tip
    m_alarm->setToolTip(all.mid(std::max<qsizetype>(0, all.size() - kMost)).join(QStringLiteral("\n\n")));
    updateVisible();
}

void HealthStrip::show(std::size_t cell, double value)
{
    m_cells[cell].value->setText(kVitals[cell].isShare ? formatShare(value) : formatNumber(value, 3));
}

void HealthStrip::updateVisible()
{
    bool any = false;
    for (const Cell& cell : m_cells) {
        cell.widget->setVisible(cell.known);
        any = any || cell.known;
    }
    m_row->setVisible(any);
    m_alarm->setVisible(!m_alarm->text().isEmpty());
    setVisible(any || !m_alarm->text().isEmpty());
}

} // namespace mpo

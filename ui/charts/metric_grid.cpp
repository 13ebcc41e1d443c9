// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/metric_grid.h"

#include "ui/charts/crosshair.h"
#include "ui/charts/metric_alarm.h"
#include "ui/format.h"
#include "ui/forms/form_combo_box.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QCheckBox>
#include <QDateTime>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QSlider>

#include <algorithm>
#include <array>
#include <charconv>

namespace mpo {

namespace {

constexpr int kCardWidth = 280; ///< wanted, in pixels
constexpr int kCardHeight = 160;

constexpr std::string_view kParts = "parts"; ///< group of metrics over parts of the examples

struct GroupTitle
{
    std::string_view prefix, title;
};
/// Groups in the order in which one looks at them.
constexpr std::array kGroups {GroupTitle {"objective", "Objective"}, GroupTitle {"", "Training"},
    GroupTitle {"eval", "Held-out data"}, GroupTitle {"rewards", "Implicit rewards"},
    GroupTitle {kParts, "By reward gap"}, GroupTitle {"response", "Responses"}, GroupTitle {"policy", "Policy"},
    GroupTitle {"loss", "Losses"}, GroupTitle {"val", "Value model"}, GroupTitle {"logps", "Log-probs"},
    GroupTitle {"machine", "Pace and machine"}};

/// Numbers about the course of the run rather than about learning.
constexpr std::array<std::string_view, 10> kMachine {"learning_rate", "lr", "value_lr", "epoch", "episode",
    "num_tokens", "tokens_per_second", "step_seconds", "peak_rss_mb", "eps"};

std::string_view prefixOf(std::string_view metric)
{
    if (partOfMetric(metric).metric != metric)
        return kParts;
    if (metric.starts_with("eval_"))
        return "eval";
    if (std::find(kMachine.begin(), kMachine.end(), metric) != kMachine.end())
        return "machine";
    const auto slash = metric.rfind('/');
    if (slash == std::string_view::npos)
        return "";
    const std::string_view prefix = metric.substr(0, slash);
    return prefix == "value" ? "val" : prefix;
}

int rankOfGroup(std::string_view prefix)
{
    const auto found
        = std::find_if(kGroups.begin(), kGroups.end(), [&](const auto& group) { return group.prefix == prefix; });
    return int(found - kGroups.begin());
}

/// What tells first whether a run goes well; the others follow in the order of the catalogue.
constexpr std::array<std::string_view, 4> kFirst {
    "objective/scores", "objective/kl", "rewards/accuracies", "rewards/margins"};

int rankOfMetric(std::string_view name)
{
    const std::string_view metric = partOfMetric(name).metric;
    if (const auto first = std::find(kFirst.begin(), kFirst.end(), metric); first != kFirst.end())
        return int(first - kFirst.end());
    const auto infos = metricInfos();
    const auto found = std::find_if(infos.begin(), infos.end(), [&](const auto& info) { return info.name == metric; });
    return int(found - infos.begin());
}

/// The chart that a metric is drawn in: parts share one.
std::string chartOf(std::string_view metric)
{
    const MetricPart half = partOfMetric(metric);
    return half.part.empty() ? std::string(metric) : metricOfPart(half.metric, {});
}

/// -3.1 of "gap -3.1..-0.2".
double lowerEndOf(const std::string& part)
{
    const auto begin = part.find_first_of("-0123456789");
    double low = 0.0;
    if (begin != std::string::npos)
        std::from_chars(part.data() + begin, part.data() + part.size(), low);
    return low;
}

} // namespace

MetricGrid::MetricGrid(QWidget* parent)
    : QWidget(parent)
    , m_scroll(new QScrollArea(this))
    , m_empty(makeHint({}, this))
    , m_legend(new QLabel(this))
    , m_xAxis(new FormComboBox(this))
    , m_logY(new QCheckBox(tr("Log values"), this))
    , m_smoothing(new QSlider(Qt::Horizontal, this))
    , m_filter(new QLineEdit(this))
    , m_crosshair(new Crosshair(this))
{
    m_xAxis->addItems({tr("Steps"), tr("Steps, log"), tr("Time"), tr("Clock")}); // as MetricChart::XAxis
    m_xAxis->setToolTip(tr("What the charts run along: optimiser steps, time since the run began, or the time of day"));
    m_xAxis->setAccessibleName(tr("What the charts run along"));
    keepState(m_xAxis, "x axis");
    keepState(m_logY, "log values");
    keepState(m_smoothing, "smoothing");
    m_smoothing->setRange(0, 99);
    m_smoothing->setValue(60);
    m_smoothing->setFixedWidth(10 * kSpace);
    m_smoothingLabel = makeHint(tr("Smoothing 0.60"), this);
    m_smoothingLabel->setWordWrap(false);
    m_smoothing->setAccessibleName(tr("Smoothing"));
    m_smoothing->setToolTip(tr("Weight of the past in the moving average; the raw values stay visible behind it"));
    m_filter->setPlaceholderText(tr("Filter metrics"));
    m_filter->setAccessibleName(tr("Filter metrics"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setMaximumWidth(20 * kSpace);
    m_legend->setTextFormat(Qt::RichText);

    m_tools = new QWidget(this);
    auto* tools = new QHBoxLayout(m_tools);
    tools->setContentsMargins(0, 0, 0, 0);
    tools->setSpacing(kSpace);
    tools->addWidget(m_filter);
    tools->addStretch(1);
    tools->addWidget(m_smoothingLabel);
    tools->addWidget(m_smoothing);
    tools->addWidget(m_logY);
    tools->addWidget(m_xAxis);

    auto* content = new QWidget;
    content->setAutoFillBackground(false);
    m_groupsLayout = new QVBoxLayout(content);
    m_groupsLayout->setContentsMargins(0, 0, kSpace / 2, kSpace);
    m_groupsLayout->setSpacing(2 * kSpace);
    m_groupsLayout->addStretch(1);
    m_scroll->setWidget(content);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    m_empty->setAlignment(Qt::AlignCenter);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(m_tools);
    layout->addWidget(m_legend);
    m_legend->hide();
    m_legend->setMinimumWidth(1);
    layout->addWidget(m_empty, 1);
    layout->addWidget(m_scroll, 1);

    connect(m_filter, &QLineEdit::textChanged, this, &MetricGrid::applyFilter);
    connect(m_xAxis, &QComboBox::currentIndexChanged, this, [this](int index) {
        for (const auto& [metric, chart] : m_charts)
            chart->setXAxis(static_cast<MetricChart::XAxis>(index));
    });
    connect(m_logY, &QCheckBox::toggled, this, [this](bool on) {
        for (const auto& [metric, chart] : m_charts)
            chart->setLogY(on);
    });
    connect(m_smoothing, &QSlider::valueChanged, this, [this](int value) {
        m_smoothingLabel->setText(tr("Smoothing %1").arg(value / 100.0, 0, 'f', 2));
        for (const auto& [metric, chart] : m_charts)
            chart->setSmoothing(smoothingFor(metric));
    });
    updateEmpty();
}

void MetricGrid::setEmptyText(const QString& sentence) { m_empty->setText(sentence); }

MetricChart* MetricGrid::chart(const std::string& metric) const
{
    const auto found = m_charts.find(metric);
    return found == m_charts.end() ? nullptr : found->second;
}

MetricChart* MetricGrid::ensureChart(const std::string& metric)
{
    if (MetricChart* known = chart(metric))
        return known;
    const std::string_view prefix = prefixOf(metric);
    Group& group = m_groups[toQString(prefix)];
    if (!group.widget) {
        group.rank = rankOfGroup(prefix);
        group.widget = new QWidget;
        auto* layout = new QVBoxLayout(group.widget);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(kSpace);
        const bool known = std::size_t(group.rank) < kGroups.size();
        layout->addWidget(makeHeading(toQString(known ? kGroups[std::size_t(group.rank)].title : prefix)));
        if (prefix == kParts) {
            group.legend = makeHint({});
            group.legend->setTextFormat(Qt::RichText);
            layout->addWidget(group.legend);
        }
        group.grid = new QGridLayout;
        group.grid->setSpacing(kSpace);
        layout->addLayout(group.grid);
        int before = 0;
        for (const auto& [name, other] : m_groups)
            before += other.widget != group.widget && other.widget && other.rank <= group.rank;
        m_groupsLayout->insertWidget(before, group.widget);
    }
    QFrame* card = makeCard(group.widget);
    card->setFixedHeight(kCardHeight);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace, kSpace / 2);
    auto* made = new MetricChart(metric, card, toQString(partOfMetric(metric).metric));
    layout->addWidget(made);
    made->setCrosshair(m_crosshair);
    made->setXAxis(static_cast<MetricChart::XAxis>(m_xAxis->currentIndex()));
    made->setLogY(m_logY->isChecked());
    made->setSmoothing(smoothingFor(metric));
    m_charts[metric] = made;
    group.cells.emplace_back(rankOfMetric(metric), card);
    std::stable_sort(
        group.cells.begin(), group.cells.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    arrange(group);
    card->setVisible(toQString(metric).contains(m_filter->text(), Qt::CaseInsensitive));
    return made;
}

double MetricGrid::smoothingFor(const std::string& metric) const
{
    // A schedule or a count has no noise; averaging would only bend it.
    constexpr std::array<std::string_view, 8> exact {
        "learning_rate", "lr", "value_lr", "epoch", "episode", "num_tokens", "peak_rss_mb", "objective/kl_coef"};
    return std::find(exact.begin(), exact.end(), metric) == exact.end() ? m_smoothing->value() / 100.0 : 0.0;
}

void MetricGrid::arrange(Group& group) const
{
    const int columns = std::max(1, m_columns);
    for (const auto& [rank, cell] : group.cells)
        group.grid->removeWidget(cell);
    int place = 0;
    for (const auto& [rank, cell] : group.cells) {
        if (cell->isHidden() && !m_filter->text().isEmpty())
            continue;
        group.grid->addWidget(cell, place / columns, place % columns);
        ++place;
    }
    for (int column = 0; column < 8; ++column)
        group.grid->setColumnStretch(column, column < columns ? 1 : 0);
    // Columns without a card count as well, so that the cards of all groups stand below each other.
    qDeleteAll(group.widget->findChildren<QWidget*>(QStringLiteral("filler"), Qt::FindDirectChildrenOnly));
    for (int column = place; column < columns; ++column) {
        auto* filler = new QWidget(group.widget);
        filler->setObjectName(QStringLiteral("filler"));
        group.grid->addWidget(filler, 0, column);
        filler->show();
    }
}

void MetricGrid::arrangeAll()
{
    for (auto& [name, group] : m_groups)
        arrange(group);
}

void MetricGrid::applyFilter()
{
    for (auto& [name, group] : m_groups) {
        bool any = false;
        for (const auto& [rank, cell] : group.cells) {
            const bool shown
                = toQString(cell->findChild<MetricChart*>()->metric()).contains(m_filter->text(), Qt::CaseInsensitive);
            cell->setVisible(shown);
            any = any || shown;
        }
        group.widget->setVisible(any);
    }
    arrangeAll();
}

void MetricGrid::setRuns(const std::vector<Run>& runs)
{
    // Charts are kept where the metric stays, so that switching runs does not flicker.
    for (const auto& [metric, chart] : m_charts)
        chart->removeCurves();
    m_colours.clear();
    m_labels.clear();
    m_began.clear();
    m_parts.clear();
    std::map<std::string, bool> used;
    for (const Run& run : runs) {
        const int colour = int(m_colours.size());
        m_colours[run.id] = colour;
        m_labels[run.id] = run.label;
        m_began[run.id] = double(QDateTime::fromString(run.started, Qt::ISODate).toMSecsSinceEpoch()) / 1000.0;
        for (const MetricSeries& series : run.series) {
            const std::string part(partOfMetric(series.name).part);
            if (!part.empty())
                addPart(run.id, part);
            MetricChart* chart = ensureChart(chartOf(series.name));
            chart->setCurve(run.id, run.label, lookOf(run.id, part), series.points, part);
            chart->setBegan(run.id, m_began[run.id]);
            used[chartOf(series.name)] = true;
        }
    }
    for (auto group = m_groups.begin(); group != m_groups.end();) {
        std::erase_if(group->second.cells, [&](const auto& cell) {
            const std::string metric = cell.second->template findChild<MetricChart*>()->metric();
            if (used.contains(metric))
                return false;
            m_charts.erase(metric);
            group->second.grid->removeWidget(cell.second);
            delete cell.second;
            return true;
        });
        if (group->second.cells.empty()) {
            delete group->second.widget;
            group = m_groups.erase(group);
        } else {
            arrange(group->second);
            ++group;
        }
    }
    updateLegend(runs);
    updatePartLegend();
    updateEmpty();
}

void MetricGrid::append(const std::vector<MetricsLogged>& batch)
{
    std::map<std::pair<std::string, qint64>, std::vector<MetricPoint>> points;
    for (const MetricsLogged& event : batch)
        if (m_colours.contains(event.run))
            for (const Metric& metric : event.metrics)
                points[{metric.name, event.run}].push_back({event.step, event.seconds, metric.value});
    for (const auto& [key, list] : points) {
        const qint64 run = key.second;
        const std::string part(partOfMetric(key.first).part);
        if (!part.empty())
            addPart(run, part);
        MetricChart* target = ensureChart(chartOf(key.first));
        if (!target->hasCurve(run, part)) {
            target->setCurve(run, m_labels[run], lookOf(run, part), list, part);
            target->setBegan(run, m_began[run]);
        } else {
            target->append(run, list, part);
        }
    }
    if (!points.empty())
        updateEmpty();
}

CurveLook MetricGrid::lookOf(qint64 run, const std::string& part) const
{
    const int colour = m_colours.at(run);
    if (part.empty())
        return {colour, 0, 0};
    const auto& parts = m_parts.at(run);
    return {int(std::find(parts.begin(), parts.end(), part) - parts.begin()), int(parts.size()), colour};
}

/// The parts of a run come one after the other while it trains; with each the colours of all are dealt anew.
void MetricGrid::addPart(qint64 run, const std::string& part)
{
    std::vector<std::string>& parts = m_parts[run];
    if (std::find(parts.begin(), parts.end(), part) != parts.end())
        return;
    parts.push_back(part);
    std::stable_sort(parts.begin(), parts.end(),
        [](const std::string& a, const std::string& b) { return lowerEndOf(a) < lowerEndOf(b); });
    for (const auto& [metric, chart] : m_charts)
        if (prefixOf(metric) == kParts)
            for (const std::string& one : parts)
                chart->setLook(run, one, lookOf(run, one));
    updatePartLegend();
}

/// The ranges of one run; of several, whose ranges differ, what the ends of the row of colours are.
void MetricGrid::updatePartLegend()
{
    const auto group = m_groups.find(toQString(kParts));
    if (group == m_groups.end() || m_parts.empty())
        return;
    const auto line = [](const CurveLook& look) {
        return QStringLiteral("<span style='color:%1'>━</span> ").arg(look.inTheme().name());
    };
    const auto& [run, parts] = *m_parts.begin();
    QStringList names;
    for (const std::string& part : parts) {
        const bool ends = &part == &parts.front() || &part == &parts.back();
        const QString text = m_parts.size() > 1 ? (!ends       ? QString()
                                     : &part == &parts.front() ? tr("lowest gaps")
                                                               : tr("highest gaps"))
                                                : toQString(part).replace(QStringLiteral(".."), QStringLiteral(" to "));
        names << line(lookOf(run, part)) + text;
    }
    group->second.legend->setText(names.join(QStringLiteral(" &nbsp; ")));
    group->second.legend->setToolTip(tr("Pairs in groups of equal size by the reward model's gap between chosen and "
                                        "rejected: low gaps are the hard pairs. A point is the mean over at least 16 "
                                        "training pairs, or over all held-out ones."));
}

QJsonObject MetricGrid::zooms() const
{
    QJsonObject zooms;
    for (const auto& [metric, chart] : m_charts)
        if (const auto box = chart->zoom())
            zooms[toQString(metric)] = QJsonArray {box->left(), box->top(), box->width(), box->height()};
    return zooms;
}

void MetricGrid::setZooms(const QJsonObject& zooms)
{
    for (const auto& [metric, chart] : m_charts)
        if (const QJsonArray box = zooms[toQString(metric)].toArray(); box.size() == 4)
            chart->setZoom({box[0].toDouble(), box[1].toDouble(), box[2].toDouble(), box[3].toDouble()});
}

void MetricGrid::setAlarms(qint64 run, const std::vector<AlarmRow>& alarms)
{
    for (const auto& [metric, chart] : m_charts)
        if (chart->hasCurve(run))
            chart->setAlarm(run, metricAlarm(metric, alarms));
}

void MetricGrid::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        updatePartLegend();
}

void MetricGrid::updateLegend(const std::vector<Run>& runs)
{
    QStringList names;
    if (runs.size() > 1)
        for (const Run& run : runs) {
            const auto& series = colours().series;
            names << QStringLiteral("<span style='color:%1'>━</span> %2")
                         .arg(series.at(m_colours[run.id] % series.size()).name(), run.label.toHtmlEscaped());
        }
    m_legend->setVisible(!names.isEmpty());
    m_legend->setText(names.join(QStringLiteral(" &nbsp; ")));
}

void MetricGrid::updateEmpty()
{
    const bool empty = m_charts.empty();
    m_empty->setVisible(empty);
    m_scroll->setVisible(!empty);
    m_tools->setVisible(!empty);
}

void MetricGrid::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_smoothingLabel->setVisible(width() >= 2 * kCardWidth);
    const int columns = std::max(1, width() / kCardWidth);
    if (columns == m_columns)
        return;
    m_columns = columns;
    arrangeAll();
}

} // namespace mpo

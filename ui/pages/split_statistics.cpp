// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_statistics.h"

#include "ui/format.h"
#include "ui/models/split_data.h"
#include "ui/style.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>

#include <algorithm>

namespace mpo {

namespace {

QString countAndShare(std::int64_t count, std::int64_t total)
{
    return total == 0 ? formatCount(count)
                      : QStringLiteral("%1  ·  %2").arg(formatCount(count), formatShare(double(count) / double(total)));
}

void tint(QLabel* label, const QColor& colour)
{
    // A palette would be lost when the style of the whole window changes.
    if (const QString style = QStringLiteral("color: %1").arg(colour.name()); label->styleSheet() != style)
        label->setStyleSheet(style);
}

} // namespace

SplitStatistics::SplitStatistics(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QHBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(3 * kSpace);
    m_easy = add("easyCount", tr("Easy → DPO"), tr("Stage 1 trains on these pairs with DPO"));
    m_hard = add("hardCount", tr("Hard → PPO"),
        tr("Stage 2 trains on the prompts of these pairs with PPO; pairs without a score are among them"));
    m_contradictory = add(
        "contradictoryCount", tr("Contradictory"), tr("The reward model ranks these strongly against their label"));
    m_edited = add("editedCount", tr("Edited by hand"), {});
    m_layout->addStretch();
    m_accuracy = add(
        "accuracy", tr("Reward-model accuracy"), tr("Share of pairs with a positive gap; a gap of 0 counts half"));
    m_longer = add("longerBaseline", tr("“Longer wins” accuracy"),
        tr("How often the longer response is the chosen one: what a ruler would score. A reward model should do "
           "better."));
}

SplitStatistics::Statistic SplitStatistics::add(const char* name, const QString& text, const QString& toolTip)
{
    const Statistic statistic {new QWidget, new QLabel};
    statistic.value->setObjectName(QLatin1String(name));
    statistic.value->setFont(fontOfSize(kFontHeading, QFont::DemiBold));
    auto* label = new QLabel(text);
    setRole(label, "hint");
    statistic.box->setToolTip(toolTip);
    auto* column = new QVBoxLayout(statistic.box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(statistic.value);
    column->addWidget(label);
    m_layout->addWidget(statistic.box);
    return statistic;
}

void SplitStatistics::showCounts(const SplitData& data, const SplitCounts& counts, bool withContradictory)
{
    const std::int64_t total = data.total();
    // As wide as the widest count can get, so that nothing moves sideways during a drag.
    const int width = m_easy.value->fontMetrics().horizontalAdvance(countAndShare(total, total));
    for (const Statistic& statistic : {m_easy, m_hard, m_contradictory})
        statistic.value->setMinimumWidth(width);
    m_easy.value->setText(countAndShare(counts.easy, total));
    m_hard.value->setText(countAndShare(counts.hard, total));
    m_contradictory.value->setText(countAndShare(counts.contradictory, total));
    m_contradictory.box->setVisible(withContradictory);
    const auto flipped = qint64(data.edits.flipped.size()), dropped = qint64(data.edits.dropped.size());
    m_edited.value->setText(formatCount(flipped + dropped));
    m_edited.box->setVisible(flipped + dropped > 0);
    m_edited.box->setToolTip(tr("%1 flipped, which changes the sign of their gap, and %2 dropped from both parts")
                                 .arg(formatCount(flipped), formatCount(dropped)));
    tintCounts();
    m_accuracy.value->setText(data.index.size() > 0 ? formatShare(data.index.accuracy()) : QStringLiteral("–"));
}

void SplitStatistics::tintCounts()
{
    tint(m_easy.value, colours().easy);
    tint(m_hard.value, colours().hard);
    tint(m_contradictory.value, colours().contradictory);
}

void SplitStatistics::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_contradictory.value)
        tintCounts();
}

void SplitStatistics::showLengths(const PairLengths* lengths)
{
    m_longer.value->setText(lengths ? formatShare(lengths->baselineAccuracy()) : QStringLiteral("…"));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_histogram_card.h"

#include "ui/charts/reward_gap_histogram.h"
#include "ui/elided_label.h"
#include "ui/format.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace mpo {

SplitHistogramCard::SplitHistogramCard(QWidget* parent)
    : QFrame(parent)
    , m_readout(new ElidedLabel)
    , m_stackBy(new QComboBox)
    , m_histogram(new RewardGapHistogram)
{
    setRole(this, "card");
    setRole(m_readout, "hint");
    m_readout->setObjectName(QStringLiteral("readout"));
    m_readout->setToolTip(
        tr("For the bar under the pointer: how often the reward model agrees with the label among pairs "
           "whose gap has this size in either direction, and what Bradley–Terry, σ(|gap|), expects"));
    m_readout->setTextInteractionFlags(Qt::NoTextInteraction);
    m_readout->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* logScale = new QCheckBox(tr("Log scale"));
    logScale->setObjectName(QStringLiteral("logScale"));
    keepState(logScale, "log scale");
    m_histogram->setObjectName(QStringLiteral("histogram"));
    connect(logScale, &QCheckBox::toggled, m_histogram, &RewardGapHistogram::setLogScale);
    m_stackBy->setObjectName(QStringLiteral("stackBy"));
    m_stackBy->setAccessibleName(tr("What the bars are divided by"));
    m_stackBy->setToolTip(tr("Divide the bars by how sure people were of the label, where the data say it,\n"
                             "or by which of the responses is the longer one"));
    connect(m_stackBy, &QComboBox::activated, this, [this] {
        m_wanted = StackBy(m_stackBy->currentData().toInt());
        divideBars();
    });
    auto* top = new QHBoxLayout;
    top->setSpacing(kSpace + kSpace / 2);
    top->addWidget(m_readout, 1);
    top->addWidget(m_stackBy);
    top->addWidget(logScale);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace, kSpace / 2);
    layout->setSpacing(kSpace / 2);
    layout->addLayout(top);
    layout->addWidget(m_histogram, 1);
    connect(m_histogram, &RewardGapHistogram::pointed, this, &SplitHistogramCard::showPointed);
    fillStackBy();
}

void SplitHistogramCard::setData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_lengths.reset();
    m_confidence.reset();
    m_histogram->setData(m_data);
    fillStackBy();
    showPointed(std::nullopt);
}

void SplitHistogramCard::setEdited(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_histogram->setEdited(m_data);
    divideBars();
    showPointed(std::nullopt);
}

void SplitHistogramCard::setLengths(std::shared_ptr<const PairLengths> lengths)
{
    m_lengths = std::move(lengths);
    fillStackBy();
}

void SplitHistogramCard::setConfidence(std::shared_ptr<const std::vector<float>> confidence)
{
    m_confidence = std::move(confidence);
    fillStackBy();
}

void SplitHistogramCard::say(const QString& sentence) { m_readout->setText(sentence); }

void SplitHistogramCard::setStackBy(StackBy by)
{
    m_wanted = by;
    fillStackBy();
}

void SplitHistogramCard::fillStackBy()
{
    m_stackBy->clear();
    m_stackBy->addItem(tr("Whole bars"), int(StackBy::Nothing));
    if (m_confidence)
        m_stackBy->addItem(tr("By confidence"), int(StackBy::Confidence));
    if (m_lengths)
        m_stackBy->addItem(tr("By length"), int(StackBy::Length));
    m_stackBy->setCurrentIndex(std::max(0, m_stackBy->findData(int(m_wanted))));
    m_stackBy->setEnabled(m_stackBy->count() > 1);
    divideBars();
}

void SplitHistogramCard::divideBars()
{
    std::shared_ptr<const PairStrata> strata;
    const auto by = StackBy(m_stackBy->currentData().toInt());
    if (m_data && by == StackBy::Length && m_lengths)
        strata = strataByLength(*m_data, *m_lengths);
    else if (m_data && by == StackBy::Confidence && m_confidence)
        strata = strataByConfidence(*m_data, *m_confidence);
    m_histogram->setStrata(std::move(strata));
}

void SplitHistogramCard::showPointed(std::optional<double> gap)
{
    if (!m_data)
        return;
    const auto bin = gap ? m_histogram->binAt(*gap) : std::nullopt;
    if (!bin) {
        m_readout->setText(m_data->unscored() > 0
                ? (m_data->unscored() == 1 ? tr("Drag the threshold, click a bar. One pair without a score is hard.")
                                           : tr("Drag the threshold, click a bar. %1 pairs without a score are hard.")
                                                 .arg(formatCount(m_data->unscored())))
                : tr("Drag the threshold. Point at a bar for its numbers, click it for pairs."));
        return;
    }
    const double low = bin->low >= 0.0 ? bin->low : -bin->high, high = bin->low >= 0.0 ? bin->high : -bin->low;
    const double accuracy = m_data->accuracyForSize(low, high);
    QString text = tr("Gap %1 to %2  ·  %3")
                       .arg(formatNumber(bin->low, 3), formatNumber(bin->high, 3),
                           bin->count == 1 ? tr("1 pair") : tr("%1 pairs").arg(formatCount(bin->count)));
    if (const QStringList& strata = m_histogram->strata(); !strata.isEmpty()) {
        QStringList parts;
        for (qsizetype i = 0; i < strata.size(); ++i)
            parts << tr("%1 %2").arg(formatCount(bin->parts[std::size_t(i)]), strata[i]);
        text += tr(":  %1").arg(parts.join(tr(",  ")));
    }
    if (!std::isnan(accuracy) && !m_histogram->strata().isEmpty())
        text += tr("  ·  agrees in %1").arg(formatShare(accuracy)); // the line is full
    else if (!std::isnan(accuracy))
        text += tr("  ·  model agrees with the label in %1 (expected %2)")
                    .arg(formatShare(accuracy), formatShare(confidenceOfGap(0.5 * (low + high))));
    m_readout->setText(text);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_comparison.h"

#include "ui/format.h"
#include "ui/pages/split_drag.h"
#include "ui/pages/split_side_column.h"
#include "ui/style.h"

#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>

#include <cmath>

namespace mpo {

GapDensityView::GapDensityView(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("gapDensity"));
    setAccessibleName(tr("Reward gaps by two scorings"));
}

void GapDensityView::setScores(std::shared_ptr<const SecondScores> scores)
{
    m_scores = std::move(scores);
    m_picture = m_scores ? m_scores->density.picture(colours().accent) : QImage();
    update();
}

void GapDensityView::setSentence(const QString& sentence)
{
    m_sentence = sentence;
    update();
}

void GapDensityView::setThresholds(double a, double b)
{
    m_thresholdA = a;
    m_thresholdB = b;
    update();
}

void GapDensityView::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setFont(fontOfSize(kFontSmall));
    painter.setPen(c.muted);
    if (!m_scores || m_scores->density.highest() == 0) {
        painter.drawText(rect().adjusted(2 * kSpace, 0, -2 * kSpace, 0), Qt::AlignCenter | Qt::TextWordWrap,
            m_scores ? tr("No pair has both scores") : m_sentence);
        return;
    }
    const SecondScores& s = *m_scores;
    const int line = painter.fontMetrics().height();
    const auto number = [](double gap) {
        return QString::number(gap, 'f', std::abs(gap) < 10.0 ? 1 : 0).replace(QLatin1Char('-'), QChar(0x2212));
    };
    const double left = std::max({painter.fontMetrics().horizontalAdvance(number(s.lowB)),
                            painter.fontMetrics().horizontalAdvance(number(s.highB))})
        + 12.0;
    const QRectF plot = QRectF(rect()).adjusted(left, line + 6.0, -10.0, -line - 8.0);
    painter.drawImage(plot, m_picture);
    painter.setPen(QPen(c.border, 1.0));
    painter.drawRect(plot);
    const auto xOf = [&](double gap) { return plot.left() + (gap - s.lowA) / (s.highA - s.lowA) * plot.width(); };
    const auto yOf = [&](double gap) { return plot.bottom() - (gap - s.lowB) / (s.highB - s.lowB) * plot.height(); };
    painter.setPen(QPen(c.muted, 1.0, Qt::DotLine));
    painter.drawLine(QPointF(plot.left(), yOf(0.0)), QPointF(plot.right(), yOf(0.0)));
    painter.drawLine(QPointF(xOf(0.0), plot.top()), QPointF(xOf(0.0), plot.bottom()));
    painter.setPen(QPen(c.accent, 2.0));
    if (m_thresholdA >= s.lowA && m_thresholdA <= s.highA)
        painter.drawLine(QPointF(xOf(m_thresholdA), plot.top()), QPointF(xOf(m_thresholdA), plot.bottom()));
    if (m_thresholdB >= s.lowB && m_thresholdB <= s.highB)
        painter.drawLine(QPointF(plot.left(), yOf(m_thresholdB)), QPointF(plot.right(), yOf(m_thresholdB)));

    painter.setPen(c.muted);
    const auto scale = [&](double gap, double y) {
        painter.drawText(QRectF(0.0, y - line / 2.0, left - 6.0, line), Qt::AlignRight | Qt::AlignVCenter, number(gap));
    };
    scale(s.highB, plot.top() + line / 2.0);
    scale(s.lowB, plot.bottom() - line / 2.0);
    if (yOf(0.0) > plot.top() + 2.0 * line && yOf(0.0) < plot.bottom() - 2.0 * line)
        scale(0.0, yOf(0.0));
    const QRectF below(plot.left(), plot.bottom() + 4.0, plot.width(), line);
    painter.drawText(below, Qt::AlignLeft | Qt::AlignTop, number(s.lowA));
    painter.drawText(below, Qt::AlignRight | Qt::AlignTop, number(s.highA));
    const QString first = painter.fontMetrics().elidedText(toQString(s.first->scoreSet), Qt::ElideMiddle, 180),
                  second = painter.fontMetrics().elidedText(toQString(s.scoreSet), Qt::ElideMiddle, 180);
    painter.drawText(below, Qt::AlignHCenter | Qt::AlignTop, tr("Reward gap by A: %1").arg(first));
    painter.drawText(QRectF(4.0, 0.0, width() - 8.0, line + 4.0), Qt::AlignLeft | Qt::AlignVCenter,
        tr("Reward gap by B: %1").arg(second));
}

void GapDensityView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        setScores(m_scores);
    QWidget::changeEvent(event);
}

SplitComparison::SplitComparison(QWidget* parent)
    : QWidget(parent)
    , m_choice(new QComboBox)
    , m_view(new GapDensityView)
    , m_text(makeHint({}))
    , m_list(new QPushButton)
{
    m_choice->setObjectName(QStringLiteral("secondScores"));
    m_choice->setAccessibleName(tr("Scores to compare with"));
    m_choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_text->setObjectName(QStringLiteral("comparisonText"));
    m_list->setObjectName(QStringLiteral("listDisagreeing"));
    m_list->setToolTip(tr("List the pairs of which one prefers the chosen response and the other the rejected one"));
    layOutWithSideColumn(this, m_view, {m_choice, m_text}, {m_list});

    m_timer.setSingleShot(true);
    m_timer.setInterval(kFollowMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &SplitComparison::showNumbers);
    connect(m_choice, &QComboBox::activated, this,
        [this](int index) { Q_EMIT chosen(m_choice->itemData(index).toString()); });
    connect(m_list, &QPushButton::clicked, this, &SplitComparison::disagreeingRequested);
    setChoices({}, {});
    setScores(nullptr);
}

void SplitComparison::setChoices(const QStringList& scoreSets, const QString& current)
{
    m_choice->clear();
    m_choice->addItem(tr("Compare with…"), QString());
    for (const QString& name : scoreSets)
        m_choice->addItem(name, name);
    m_choice->setCurrentIndex(std::max(0, m_choice->findData(current)));
    m_choice->setEnabled(!scoreSets.isEmpty());
    showSentence();
}

void SplitComparison::setScores(std::shared_ptr<const SecondScores> scores)
{
    m_scores = std::move(scores);
    m_view->setScores(m_scores);
    m_list->setVisible(m_scores && m_scores->agreement.disagreeing > 0);
    if (m_scores)
        m_list->setText(tr("List %1 that disagree").arg(formatCount(m_scores->agreement.disagreeing)));
    showSentence();
    showNumbers();
}

void SplitComparison::showSentence()
{
    m_view->setSentence(!m_choice->isEnabled()
            ? tr("These pairs were scored once. Scores by another reward model can be compared with these.")
            : m_choice->currentData().toString().isEmpty()
            ? tr("Choose another scoring of these pairs to set it against this one.")
            : tr("Loading…"));
}

void SplitComparison::showRule(double threshold, const SplitRule& rule)
{
    m_threshold = threshold;
    m_rule = rule;
    if (m_scores && isVisible() && !m_timer.isActive())
        m_timer.start();
}

void SplitComparison::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    showNumbers();
}

void SplitComparison::showNumbers()
{
    if (!m_scores || m_scores->agreement.pairs == 0) {
        m_text->clear();
        return;
    }
    const GapAgreement& agreement = m_scores->agreement;
    const double thresholdB = m_scores->thresholdFor(m_rule, m_threshold);
    m_view->setThresholds(m_threshold, thresholdB);
    const BucketTable table = m_scores->buckets(m_rule, m_threshold);
    const std::int64_t changed = table.changed();
    const auto correlation = [](double value) {
        return std::isnan(value) ? QStringLiteral("–")
                                 : QString::number(value, 'f', 2).replace(QLatin1Char('-'), QChar(0x2212));
    };
    QString text
        = tr("Correlation %1, of ranks %2\nBoth prefer the same response: %3\n"
             "Accuracy: A %4, B %5\nPairs with both scores: %6")
              .arg(correlation(agreement.pearson), correlation(agreement.spearman), formatShare(agreement.alike),
                  formatShare(agreement.accuracyA), formatShare(agreement.accuracyB), formatCount(agreement.pairs));
    text += tr("\n\nBy the rule on the right %1 (%2) change sides: %3 easy by A only, %4 by B only.")
                .arg(formatCount(changed), formatShare(double(changed) / double(agreement.pairs)),
                    formatCount(table.counts[0][1] + table.counts[0][2]),
                    formatCount(table.counts[1][0] + table.counts[2][0]));
    if (thresholdB != m_threshold)
        text += tr(" The same share has its threshold at %1 by B.").arg(formatNumber(thresholdB, 3));
    m_text->setText(text);
}

} // namespace mpo

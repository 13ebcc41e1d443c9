// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_details.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/pages/split_calibration_view.h"
#include "ui/pages/split_comparison.h"
#include "ui/pages/split_edit_log.h"
#include "ui/pages/split_length_view.h"
#include "ui/pages/split_pair_browser.h"
#include "ui/pages/split_side_column.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTabBar>

#include <cmath>

namespace mpo {

SplitDetails::SplitDetails(const Project& project, QWidget* parent)
    : QTabWidget(parent)
    , m_browser(new SplitPairBrowser(project))
    , m_note(new QLabel)
    , m_room(new QPushButton)
    , m_log(new SplitEditLog)
    , m_comparison(new SplitComparison)
{
    setDocumentMode(true);
    tabBar()->setDrawBase(false);
    setRole(m_note, "hint");
    m_note->setObjectName(QStringLiteral("pairNote"));
    addTab(m_browser, tr("Pairs"));
    addTab(m_log, tr("Edits"));
    addTab(makeLength(), tr("Length"));
    addTab(makeCalibration(), tr("Calibration"));
    addTab(m_comparison, tr("Compare"));
    setCornerWidget(makeCorner());
    connect(this, &QTabWidget::currentChanged, m_note, [this](int tab) { m_note->setVisible(tab == 0); });
    connect(m_browser, &SplitPairBrowser::titleChanged, this, [this](const QString& title) {
        if (tabText(0) != title) // the bar is laid out anew for it
            setTabText(0, title);
    });
    connect(m_browser, &SplitPairBrowser::noteChanged, this, [this](const QString& note, const QString& toolTip) {
        m_note->setText(note);
        m_note->setToolTip(toolTip);
    });
    connect(m_browser, &SplitPairBrowser::editRequested, this, &SplitDetails::editRequested);
    connect(m_log, &SplitEditLog::undoRequested, this, &SplitDetails::undoRequested);
    connect(m_log, &SplitEditLog::redoRequested, this, &SplitDetails::redoRequested);
    connect(m_comparison, &SplitComparison::chosen, this, &SplitDetails::secondChosen);
    connect(m_comparison, &SplitComparison::disagreeingRequested, this, [this] {
        setCurrentWidget(m_browser);
        m_browser->showDisagreeing();
    });
    connect(m_log, &SplitEditLog::pairsRequested, this,
        [this](const std::vector<std::int64_t>& pairs, const QString& title) {
            setCurrentWidget(m_browser);
            m_browser->showPairs(pairs, title);
        });
}

QWidget* SplitDetails::makeCorner()
{
    m_room->setObjectName(QStringLiteral("room"));
    m_room->setCheckable(true);
    m_room->setShortcut(Qt::Key_H);
    m_room->setFocusPolicy(Qt::TabFocus); // a click leaves the focus in the table
    setRole(m_room, "quiet");
    keepState(m_room, "room");
    auto* corner = new QWidget;
    corner->setMinimumHeight(tabBar()->sizeHint().height()); // on the line of the tabs
    auto* layout = new QHBoxLayout(corner);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addWidget(m_note);
    layout->addWidget(m_room);
    connect(m_room, &QPushButton::toggled, this, &SplitDetails::showRoom);
    showRoom();
    return corner;
}

void SplitDetails::showRoom()
{
    const bool on = m_room->isChecked();
    m_room->setIcon(themedIcon(on ? QStringLiteral("shrink") : QStringLiteral("expand"), colours().muted));
    m_room->setToolTip(on ? tr("Show the histogram again (H)") : tr("Hide the histogram and use its room (H)"));
    m_room->setAccessibleName(tr("Hide the histogram"));
}

void SplitDetails::changeEvent(QEvent* event)
{
    QTabWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_room)
        showRoom();
}

QWidget* SplitDetails::makeLength()
{
    auto* page = new QWidget;
    m_lengthView = new SplitLengthView;
    m_lengthText = makeHint({});
    m_lengthText->setObjectName(QStringLiteral("lengthText"));
    layOutWithSideColumn(page, m_lengthView, {m_lengthText});
    return page;
}

QWidget* SplitDetails::makeCalibration()
{
    auto* page = new QWidget;
    m_calibrationView = new SplitCalibrationView;
    m_calibrationText = makeHint({});
    m_calibrationText->setObjectName(QStringLiteral("calibrationText"));
    layOutWithSideColumn(page, m_calibrationView, {m_calibrationText});
    return page;
}

void SplitDetails::setData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_lengths.reset();
    m_browser->setData(m_data);
    m_lengthView->setData(m_data, nullptr);
    showCalibration();
    showLengthText();
}

void SplitDetails::setEdited(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_browser->setEdited(m_data);
    showCalibration();
}

void SplitDetails::showCalibration()
{
    const std::vector<CalibrationBin> bins = m_data ? m_data->calibration : std::vector<CalibrationBin>();
    m_calibrationText->setText(bins.empty()
            ? QString()
            : tr("Calibration error: %1\n\nBelow the diagonal the reward model is surer than it is right: a threshold "
                 "by "
                 "confidence then takes more wrong labels for easy than it says.\n\nIts surest tenth: confidence %2, "
                 "agrees in %3.")
                  .arg(formatShare(calibrationError(bins)), formatShare(bins.back().confidence),
                      formatShare(bins.back().accuracy)));
    m_calibrationView->setBins(bins);
}

void SplitDetails::setLengths(std::shared_ptr<const PairLengths> lengths)
{
    m_lengths = std::move(lengths);
    m_lengthView->setData(m_data, m_lengths);
    showLengthText();
}

void SplitDetails::showRule(double threshold, const SplitRule& rule)
{
    m_threshold = threshold;
    m_rule = rule;
    m_browser->showRule(threshold, rule);
    m_lengthView->setThreshold(threshold);
    m_comparison->showRule(threshold, rule);
    showLengthText();
}

void SplitDetails::setOtherScores(const QStringList& scoreSets, const QString& current)
{
    m_comparison->setChoices(scoreSets, current);
}

void SplitDetails::setSecond(std::shared_ptr<const SecondScores> scores)
{
    m_browser->setSecond(scores ? scores->gaps : nullptr, scores ? scores->disagreeing : std::vector<std::int64_t>());
    m_comparison->setScores(std::move(scores));
}

void SplitDetails::showLog(std::vector<PairChange> log)
{
    setTabText(indexOf(m_log), log.empty() ? tr("Edits") : tr("Edits (%1)").arg(formatCount(qint64(log.size()))));
    m_log->showLog(std::move(log));
}

void SplitDetails::setEditable(bool on)
{
    m_browser->setEditable(on);
    m_log->setEditable(on);
}

void SplitDetails::showLengthText()
{
    if (!m_data || !m_lengths) {
        m_lengthText->setText(tr("Measuring lengths…"));
        return;
    }
    const LongerShares shares = longerShares(*m_data, *m_lengths, m_threshold, m_rule.absolute, m_rule.contradictory);
    const auto share = [](double value) { return std::isnan(value) ? QStringLiteral("–") : formatShare(value); };
    const QString correlation
        = std::isnan(m_lengths->correlation) ? QStringLiteral("–") : QString::number(m_lengths->correlation, 'f', 2);
    m_lengthText->setText(
        tr("Chosen response is the longer one\n%1 of the easy pairs\n%2 of the hard pairs\n%3 of all pairs\n\n"
           "Correlation of gap and length difference: %4\nFar from 0, the reward model pays for length.")
            .arg(share(shares.easy), share(shares.hard), share(shares.all), correlation));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_details.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/models/pair_search.h"
#include "ui/models/scored_pair_model.h"
#include "ui/pages/split_calibration_view.h"
#include "ui/pages/split_length_view.h"
#include "ui/pair_view.h"
#include "ui/style.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSplitter>
#include <QTabBar>
#include <QTableView>
#include <QTextBrowser>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr std::int64_t kPairs = 60;
constexpr std::size_t kMostFound = 1000; ///< pairs that a search lists

} // namespace

SplitDetails::SplitDetails(const Project& project, QWidget* parent)
    : QTabWidget(parent)
    , m_project(project)
    , m_pairs(new ScoredPairModel(project, this))
    , m_search(new PairSearch(this))
    , m_note(new QLabel)
{
    setDocumentMode(true);
    tabBar()->setDrawBase(false);
    setRole(m_note, "hint");
    m_note->setObjectName(QStringLiteral("pairNote"));
    addTab(makePairs(), tr("Pairs"));
    addTab(makeLength(), tr("Length"));
    addTab(makeCalibration(), tr("Calibration"));
    m_note->setMinimumHeight(tabBar()->sizeHint().height()); // on the line of the tabs
    setCornerWidget(m_note);
    m_timer.setSingleShot(true);
    m_timer.setInterval(40);
    connect(&m_timer, &QTimer::timeout, this, &SplitDetails::showPairs);
    m_searchTimer.setSingleShot(true);
    m_searchTimer.setInterval(150);
    connect(&m_searchTimer, &QTimer::timeout, this, &SplitDetails::search);
    connect(m_searchText, &QLineEdit::textChanged, &m_searchTimer, qOverload<>(&QTimer::start));
    connect(m_search, &PairSearch::progress, this,
        [this](const std::vector<std::int64_t>& found, qint64 looked, qint64 total) {
            for (const std::int64_t pair : found)
                if (m_found.size() < kMostFound && !std::isnan(m_data->gaps[std::size_t(pair)]))
                    m_found.push_back(pair);
            if (m_found.size() == kMostFound)
                m_search->stop();
            else if (looked < total && found.empty())
                return;
            const int row = m_table->currentIndex().row();
            list(m_found, row >= 0 && row < m_pairs->rowCount() ? m_pairs->pairNumber(row) : -1);
            setTabText(0,
                m_search->active() ? tr("Searching… %1 found").arg(formatCount(qint64(m_found.size())))
                    : m_found.size() == kMostFound
                    ? tr("The first %1 pairs with this text").arg(formatCount(qint64(kMostFound)))
                    : tr("%1 pairs with this text").arg(formatCount(qint64(m_found.size()))));
        });
    connect(this, &QTabWidget::currentChanged, m_note, [this](int tab) { m_note->setVisible(tab == 0); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &SplitDetails::showPair);
}

QWidget* SplitDetails::makePairs()
{
    m_table = new QTableView;
    m_table->setObjectName(QStringLiteral("examples"));
    m_table->setModel(m_pairs);
    setTableLook(m_table);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->horizontalHeader()->setSectionResizeMode(ScoredPairModel::Prompt, QHeaderView::Stretch);
    m_table->setColumnWidth(ScoredPairModel::Number, 60);
    m_table->setColumnWidth(ScoredPairModel::Gap, 72);
    m_table->setColumnWidth(ScoredPairModel::BucketName, 64);
    m_table->hideColumn(ScoredPairModel::ChosenScore); // the note above the texts has both scores
    m_table->hideColumn(ScoredPairModel::RejectedScore);
    m_pairView = new PairView;
    for (auto* reader : m_pairView->findChildren<QTextBrowser*>())
        reader->setMinimumHeight(36); // they scroll: the page must fit 720 pixels

    m_searchText = new QLineEdit;
    m_searchText->setPlaceholderText(tr("Search in all pairs"));
    m_searchText->setAccessibleName(tr("Search in prompts and responses"));
    m_searchText->setClearButtonEnabled(true);
    auto* list = new QWidget;
    auto* listLayout = new QVBoxLayout(list);
    listLayout->setContentsMargins(0, 0, 0, 0);
    listLayout->setSpacing(kSpace / 2);
    listLayout->addWidget(m_searchText);
    listLayout->addWidget(m_table, 1);

    auto* reading = new QSplitter(Qt::Horizontal);
    reading->setContentsMargins(0, kSpace, 0, 0);
    reading->addWidget(list);
    reading->addWidget(m_pairView);
    reading->setStretchFactor(0, 2);
    reading->setStretchFactor(1, 3);
    reading->setChildrenCollapsible(false);
    reading->setHandleWidth(kSpace + kSpace / 2);
    reading->setSizes({320, 430});
    return reading;
}

QWidget* SplitDetails::makeLength()
{
    auto* page = new QWidget;
    m_lengthView = new SplitLengthView;
    m_lengthText = makeHint({});
    m_lengthText->setObjectName(QStringLiteral("lengthText"));
    m_lengthText->setFixedWidth(220);
    auto* layout = new QHBoxLayout(page);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_lengthView, 1);
    layout->addWidget(m_lengthText, 0, Qt::AlignTop);
    return page;
}

QWidget* SplitDetails::makeCalibration()
{
    auto* page = new QWidget;
    m_calibrationView = new SplitCalibrationView;
    m_calibrationText = makeHint({});
    m_calibrationText->setObjectName(QStringLiteral("calibrationText"));
    m_calibrationText->setFixedWidth(220);
    auto* layout = new QHBoxLayout(page);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_calibrationView, 1);
    layout->addWidget(m_calibrationText, 0, Qt::AlignTop);
    return page;
}

void SplitDetails::setData(std::shared_ptr<const SplitData> data)
{
    m_search->stop();
    m_data = std::move(data);
    m_lengths.reset();
    m_timer.stop();
    m_pairs->setData(m_data);
    m_lengthView->setData(m_data, nullptr);
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
    m_pairView->clear(m_data ? QString() : tr("Loading…"));
    m_note->clear();
    showLengthText();
    if (m_data && !m_searchText->text().trimmed().isEmpty())
        m_searchTimer.start();
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
    m_table->setColumnWidth(ScoredPairModel::BucketName, rule.contradictory ? 116 : 64);
    m_pairs->setBuckets([data = m_data, threshold, rule](std::int64_t pair) {
        return data->bucketOf(pair, threshold, rule.absolute, rule.contradictory);
    });
    m_lengthView->setThreshold(threshold);
    showLengthText();
}

void SplitDetails::leaveSearch()
{
    const QSignalBlocker blocker(m_searchText);
    m_searchText->clear();
    m_search->stop();
}

void SplitDetails::search()
{
    const QString text = m_searchText->text().trimmed();
    m_found.clear();
    if (text.isEmpty() || !m_data) {
        m_search->stop();
        showPairs();
    } else {
        m_search->start(m_project, m_data->dataset, m_data->total(), text);
    }
}

void SplitDetails::showNear(double gap, bool isThreshold)
{
    m_gap = gap;
    m_atThreshold = isThreshold;
    if (!m_timer.isActive())
        m_timer.start();
}

void SplitDetails::showPairs()
{
    if (!m_data || !m_searchText->text().trimmed().isEmpty())
        return;
    std::vector<std::int64_t> numbers = m_data->index.nearest(m_gap, kPairs);
    const std::int64_t nearest = numbers.empty() ? -1 : numbers.front();
    list(std::move(numbers), nearest);
    setTabText(
        0, m_atThreshold ? tr("Pairs around the threshold") : tr("Pairs nearest to %1").arg(m_pairs->gapText(m_gap)));
}

/// By falling gap, with one of them chosen.
void SplitDetails::list(std::vector<std::int64_t> numbers, std::int64_t chosen)
{
    std::stable_sort(numbers.begin(), numbers.end(),
        [&](std::int64_t a, std::int64_t b) { return m_data->gaps[std::size_t(a)] > m_data->gaps[std::size_t(b)]; });
    m_pairs->setPairs(std::move(numbers));
    if (const int row = m_pairs->rowOf(chosen); row >= 0) {
        m_table->selectRow(row);
        m_table->scrollTo(m_pairs->index(row, 0), QAbstractItemView::PositionAtCenter);
    }
    showPair();
}

void SplitDetails::showPair()
{
    const int row = m_table->currentIndex().row();
    if (!m_data || row < 0 || row >= m_pairs->rowCount()) {
        m_pairView->clear(m_searchText->text().trimmed().isEmpty() ? tr("No pair has a score") : tr("Nothing found"));
        m_note->clear();
        return;
    }
    const PairScore score = m_pairs->score(row);
    m_pairView->setPair(m_pairs->pair(row));
    m_note->setToolTip(tr("Reward gap: score of the chosen response minus score of the rejected one"));
    m_note->setText(tr("Pair %1  ·  gap %2 = %3 − %4")
                        .arg(formatCount(m_pairs->pairNumber(row) + 1), m_pairs->gapText(score.gap()),
                            m_pairs->gapText(score.chosen), m_pairs->gapText(score.rejected)));
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

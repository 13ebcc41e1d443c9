// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_pair_browser.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/models/pair_search.h"
#include "ui/models/scored_pair_model.h"
#include "ui/pages/split_drag.h"
#include "ui/pair_view.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QShortcut>
#include <QSplitter>
#include <QTableView>
#include <QTextBrowser>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr std::int64_t kPairs = 60;
constexpr std::size_t kMostListed = 1000; ///< pairs that a search or a choice lists

} // namespace

SplitPairBrowser::SplitPairBrowser(const Project& project, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_pairs(new ScoredPairModel(project, this))
    , m_search(new PairSearch(this))
{
    m_pairView = new PairView;
    for (auto* reader : m_pairView->findChildren<QTextBrowser*>())
        reader->setMinimumHeight(36); // they scroll: the page must fit 720 pixels
    m_pairView->setTools(makeTools());

    auto* reading = new QSplitter(Qt::Horizontal);
    reading->addWidget(makeList());
    reading->addWidget(m_pairView);
    reading->setStretchFactor(0, 2);
    reading->setStretchFactor(1, 3);
    reading->setChildrenCollapsible(false);
    reading->setHandleWidth(kSpace + kSpace / 2);
    reading->setSizes({330, 420});
    keepState(reading, "pairs");
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->addWidget(reading);

    m_timer.setSingleShot(true);
    m_timer.setInterval(kFollowMilliseconds);
    connect(&m_timer, &QTimer::timeout, this, &SplitPairBrowser::listNear);
    m_readTimer.setSingleShot(true);
    m_readTimer.setInterval(kRestMilliseconds);
    connect(&m_readTimer, &QTimer::timeout, this, &SplitPairBrowser::showPair);
    m_searchTimer.setSingleShot(true);
    m_searchTimer.setInterval(150);
    connect(&m_searchTimer, &QTimer::timeout, this, &SplitPairBrowser::search);
    connect(m_searchText, &QLineEdit::textChanged, &m_searchTimer, qOverload<>(&QTimer::start));
    connect(m_search, &PairSearch::progress, this, &SplitPairBrowser::found);
    connect(m_listing, &QComboBox::activated, this,
        [this](int index) { choose(Listing(m_listing->itemData(index).toInt())); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &SplitPairBrowser::showPair);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &SplitPairBrowser::updateTools);
    updateTools();
}

QWidget* SplitPairBrowser::makeList()
{
    m_table = new QTableView;
    m_table->setAccessibleName(tr("Pairs"));
    m_table->setObjectName(QStringLiteral("examples"));
    m_table->setModel(m_pairs);
    setTableLook(m_table);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->horizontalHeader()->setSectionResizeMode(ScoredPairModel::Prompt, QHeaderView::Stretch);
    m_table->setColumnWidth(ScoredPairModel::Number, 60);
    m_table->setColumnWidth(ScoredPairModel::Gap, 72);
    m_table->setColumnWidth(ScoredPairModel::SecondGap, 72);
    m_table->hideColumn(ScoredPairModel::ChosenScore); // the note above the texts has both scores
    m_table->hideColumn(ScoredPairModel::RejectedScore);
    m_table->hideColumn(ScoredPairModel::SecondGap);

    m_searchText = new QLineEdit;
    m_searchText->setPlaceholderText(tr("Search in all pairs"));
    m_searchText->setAccessibleName(tr("Search in prompts and responses"));
    m_searchText->setClearButtonEnabled(true);
    m_listing = new QComboBox;
    m_listing->setObjectName(QStringLiteral("pairListing"));
    m_listing->setAccessibleName(tr("Which pairs are listed"));
    m_listing->addItem(tr("By gap"), int(Listing::Near));
    m_listing->addItem(tr("Edited by hand"), int(Listing::Edited));
    m_listing->setToolTip(tr("Pairs around the threshold or near the bar that was clicked, those that were flipped or\n"
                             "dropped by hand, or those that two scorings order differently"));
    auto* choice = new QHBoxLayout;
    choice->setSpacing(kSpace / 2);
    choice->addWidget(m_searchText, 1);
    choice->addWidget(m_listing);
    auto* list = new QWidget;
    auto* layout = new QVBoxLayout(list);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addLayout(choice);
    layout->addWidget(m_table, 1);
    return list;
}

QWidget* SplitPairBrowser::makeTools()
{
    auto* tools = new QWidget;
    auto* layout = new QHBoxLayout(tools);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    const auto add = [&](PairEdit edit, const char* name, Qt::Key key, const QString& text, const QString& toolTip) {
        auto* button = new QPushButton(text);
        button->setObjectName(QLatin1String(name));
        button->setFocusPolicy(Qt::TabFocus); // a click leaves the focus in the table
        button->setToolTip(toolTip);
        setRole(button, "quiet");
        button->setStyleSheet(QStringLiteral("padding: 1px 8px")); // no higher than the heading that they stand beside
        connect(button, &QPushButton::clicked, this, [this, edit] { askEdit(edit); });
        auto* shortcut = new QShortcut(key, this);
        shortcut->setContext(Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, button, &QPushButton::click);
        layout->addWidget(button);
        m_tools[int(edit)] = button;
    };
    add(PairEdit::Flip, "flipPairs", Qt::Key_F, tr("Flip [F]"),
        tr("The label is wrong: exchange chosen and rejected of the selected pairs.\n"
           "Splits saved from now on train on them so; the data set stays as it is."));
    add(PairEdit::Drop, "dropPairs", Qt::Key_D, tr("Drop [D]"),
        tr("Leave the selected pairs out of both parts of a split"));
    add(PairEdit::Keep, "keepPairs", Qt::Key_K, tr("Keep [K]"),
        tr("Bring the selected pairs back as the data set has them"));
    return tools;
}

// ---- what is listed

void SplitPairBrowser::setData(std::shared_ptr<const SplitData> data)
{
    m_search->stop();
    m_data = std::move(data);
    m_timer.stop();
    m_readTimer.stop();
    m_pairs->setData(m_data);
    m_pairView->clear(m_data ? QString() : tr("Loading…"));
    Q_EMIT noteChanged({}, {});
    if (m_data && searches())
        m_searchTimer.start();
    updateTools();
}

void SplitPairBrowser::setEdited(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_pairs->setEdited(m_data);
    showPair();
    updateTools();
}

void SplitPairBrowser::setSecond(std::shared_ptr<const std::vector<double>> gaps, std::vector<std::int64_t> disagreeing)
{
    const int known = m_listing->findData(int(Listing::Disagreeing));
    if (gaps && known < 0)
        m_listing->addItem(tr("Models disagree"), int(Listing::Disagreeing));
    else if (!gaps && known >= 0)
        m_listing->removeItem(known);
    m_table->setColumnHidden(ScoredPairModel::SecondGap, !gaps);
    fitColumns();
    m_pairs->setSecondGaps(std::move(gaps));
    m_disagreeing = std::move(disagreeing);
    if (m_listed == Listing::Disagreeing)
        choose(known >= 0 ? Listing::Disagreeing : Listing::Near);
}

void SplitPairBrowser::showRule(double threshold, const SplitRule& rule)
{
    m_table->setColumnWidth(ScoredPairModel::BucketName, rule.contradictory ? 116 : 76);
    m_pairs->setBuckets([data = m_data, threshold, rule](std::int64_t pair) {
        return data->bucketOf(pair, threshold, rule.absolute, rule.contradictory);
    });
}

void SplitPairBrowser::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitColumns();
}

/// A prompt of a few letters is worth nothing: where two gaps leave no room it stands beside the list only.
void SplitPairBrowser::fitColumns()
{
    constexpr int kRoom = 420;
    m_table->setColumnHidden(
        ScoredPairModel::Prompt, !m_table->isColumnHidden(ScoredPairModel::SecondGap) && m_table->width() < kRoom);
}

bool SplitPairBrowser::searches() const { return !m_searchText->text().trimmed().isEmpty(); }

void SplitPairBrowser::leaveSearch()
{
    const QSignalBlocker blocker(m_searchText);
    m_searchText->clear();
    m_search->stop();
    m_listed = Listing::Near;
    m_listing->setCurrentIndex(0);
}

void SplitPairBrowser::search()
{
    m_found.clear();
    if (!m_data || !searches()) {
        m_search->stop();
        choose(m_listed);
    } else {
        m_search->start(m_project, m_data->dataset, m_data->total(), m_searchText->text().trimmed());
    }
}

void SplitPairBrowser::found(const std::vector<std::int64_t>& numbers, qint64 looked, qint64 total)
{
    for (const std::int64_t pair : numbers)
        if (m_found.size() < kMostListed && !std::isnan(m_data->gaps[std::size_t(pair)]))
            m_found.push_back(pair);
    if (m_found.size() == kMostListed)
        m_search->stop();
    else if (looked < total && numbers.empty())
        return;
    list(m_found, currentPair());
    Q_EMIT titleChanged(m_search->active() ? tr("Searching… %1 found").arg(formatCount(qint64(m_found.size())))
            : m_found.size() == kMostListed
            ? tr("The first %1 pairs with this text").arg(formatCount(qint64(kMostListed)))
            : tr("%1 pairs with this text").arg(formatCount(qint64(m_found.size()))));
}

void SplitPairBrowser::choose(Listing listing)
{
    m_listed = listing;
    m_listing->setCurrentIndex(std::max(0, m_listing->findData(int(listing))));
    if (!m_data || searches())
        return;
    switch (listing) {
    case Listing::Near:
        listNear();
        break;
    case Listing::Edited:
        listEdited();
        break;
    case Listing::Disagreeing: {
        std::vector<std::int64_t> first = m_disagreeing;
        first.resize(std::min(first.size(), kMostListed));
        const std::int64_t chosen = first.empty() ? -1 : first.front();
        list(std::move(first), chosen);
        Q_EMIT titleChanged(m_disagreeing.size() > kMostListed
                ? tr("%1 of %2 ordered differently")
                      .arg(formatCount(qint64(kMostListed)), formatCount(qint64(m_disagreeing.size())))
                : tr("%1 ordered differently").arg(formatCount(qint64(m_disagreeing.size()))));
        break;
    }
    case Listing::Given:
        break;
    }
}

void SplitPairBrowser::showNear(double gap, bool isThreshold)
{
    m_gap = gap;
    m_atThreshold = isThreshold;
    if (m_listed == Listing::Given)
        choose(Listing::Near);
    if (!m_timer.isActive())
        m_timer.start();
}

void SplitPairBrowser::listNear()
{
    if (!m_data || searches() || m_listed != Listing::Near)
        return;
    std::vector<std::int64_t> numbers = m_data->index.nearest(m_gap, kPairs);
    const std::int64_t nearest = numbers.empty() ? -1 : numbers.front();
    fill(std::move(numbers), nearest);
    m_readTimer.start();
    Q_EMIT titleChanged(m_atThreshold ? tr("Around the threshold") : tr("Nearest to %1").arg(m_pairs->gapText(m_gap)));
}

void SplitPairBrowser::listEdited()
{
    std::vector<std::int64_t> numbers = m_data->edits.flipped;
    numbers.insert(numbers.end(), m_data->edits.dropped.begin(), m_data->edits.dropped.end());
    const std::size_t all = numbers.size();
    numbers.resize(std::min(all, kMostListed));
    list(std::move(numbers), currentPair());
    Q_EMIT titleChanged(all == 0 ? tr("No pair was edited by hand")
            : all == 1           ? tr("1 pair edited by hand")
                                 : tr("%1 pairs edited by hand").arg(formatCount(qint64(all))));
}

void SplitPairBrowser::showPairs(std::vector<std::int64_t> numbers, const QString& title)
{
    leaveSearch();
    if (!m_data)
        return;
    m_timer.stop();
    m_listed = Listing::Given;
    std::erase_if(numbers, [this](std::int64_t pair) { return pair >= m_data->total(); });
    numbers.resize(std::min(numbers.size(), kMostListed));
    const std::int64_t chosen = numbers.empty() ? -1 : numbers.front();
    list(std::move(numbers), chosen);
    Q_EMIT titleChanged(title);
}

void SplitPairBrowser::showDisagreeing()
{
    leaveSearch();
    choose(Listing::Disagreeing);
}

/// By falling gap, with one of them chosen. What was selected and is still there stays so.
void SplitPairBrowser::fill(std::vector<std::int64_t> numbers, std::int64_t chosen)
{
    const auto gapOf = [&](std::int64_t pair) {
        const double gap = m_data->gaps[std::size_t(pair)];
        return std::isnan(gap) ? -HUGE_VAL : gap;
    };
    if (m_listed != Listing::Disagreeing || searches()) // those come by how much the two differ
        std::stable_sort(
            numbers.begin(), numbers.end(), [&](std::int64_t a, std::int64_t b) { return gapOf(a) > gapOf(b); });
    const QScopedValueRollback filling(m_filling, true); // a pair is read once, not at each of these
    m_pairs->setPairs(std::move(numbers));
    if (const int row = m_pairs->rowOf(chosen); row >= 0) {
        m_table->selectRow(row);
        m_table->scrollTo(m_pairs->index(row, 0), QAbstractItemView::PositionAtCenter);
    } else if (m_pairs->rowCount() > 0) {
        m_table->selectRow(0);
    }
}

void SplitPairBrowser::list(std::vector<std::int64_t> numbers, std::int64_t chosen)
{
    fill(std::move(numbers), chosen);
    showPair();
}

// ---- the pair that is read

std::int64_t SplitPairBrowser::currentPair() const
{
    const int row = m_table->currentIndex().row();
    return row >= 0 && row < m_pairs->rowCount() ? m_pairs->pairNumber(row) : -1;
}

void SplitPairBrowser::showPair()
{
    if (m_filling)
        return;
    m_readTimer.stop();
    const int row = m_table->currentIndex().row();
    if (row < 0 || row >= m_pairs->rowCount()) {
        m_pairView->clear(
            m_data && m_pairs->rowCount() == 0 ? tr("No pairs to show.") : tr("Choose a pair to read it."));
        Q_EMIT noteChanged({}, {});
        return;
    }
    const PairScore score = m_pairs->score(row);
    m_pairView->setPair(m_pairs->pair(row));
    const PairEdit edit = m_data->edits.of(m_pairs->pairNumber(row));
    const QString number = formatCount(m_pairs->pairNumber(row) + 1), gap = m_pairs->gapText(score.gap());
    Q_EMIT noteChanged(edit == PairEdit::Flip ? tr("Pair %1, flipped  ·  gap %2").arg(number, gap)
            : edit == PairEdit::Drop          ? tr("Pair %1, dropped  ·  gap %2").arg(number, gap)
                                              : tr("Pair %1  ·  gap %2").arg(number, gap),
        tr("Reward gap %1: score of the chosen response, %2, minus score of the rejected one, %3")
            .arg(gap, m_pairs->gapText(score.chosen), m_pairs->gapText(score.rejected)));
}

// ---- edits

void SplitPairBrowser::setEditable(bool on)
{
    m_editable = on;
    updateTools();
}

void SplitPairBrowser::updateTools()
{
    bool can[3] {};
    if (m_data && m_editable)
        for (const QModelIndex& index : m_table->selectionModel()->selectedRows())
            if (index.row() < m_pairs->rowCount()) {
                const PairEdit edit = m_data->edits.of(m_pairs->pairNumber(index.row()));
                for (int tool = 0; tool < 3; ++tool)
                    can[tool] = can[tool] || int(edit) != tool;
            }
    for (int tool = 0; tool < 3; ++tool)
        m_tools[tool]->setEnabled(can[tool]);
}

void SplitPairBrowser::askEdit(PairEdit edit)
{
    std::vector<std::int64_t> pairs;
    for (const QModelIndex& index : m_table->selectionModel()->selectedRows())
        pairs.push_back(m_pairs->pairNumber(index.row()));
    if (!pairs.empty())
        Q_EMIT editRequested(edit, pairs);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_page.h"

#include "core/store/project.h"
#include "ui/charts/reward_gap_histogram.h"
#include "ui/find_key.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/pages/split_details.h"
#include "ui/pages/split_editor.h"
#include "ui/pages/split_empty_state.h"
#include "ui/pages/split_histogram_card.h"
#include "ui/pages/split_loader.h"
#include "ui/pages/split_pair_browser.h"
#include "ui/pages/split_rule_panel.h"
#include "ui/pages/split_rule_state.h"
#include "ui/pages/split_save_panel.h"
#include "ui/pages/split_saving.h"
#include "ui/pages/split_score_panel.h"
#include "ui/pages/split_statistics.h"
#include "ui/pages/split_work.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QApplication>
#include <QComboBox>
#include <QJsonArray>
#include <QLabel>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace mpo {

SplitPage::SplitPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_loader(new SplitLoader(selection.project(), this))
    , m_editor(new SplitEditor(selection.project(), this))
    , m_work(new SplitWork(bridge, this))
    , m_scoreSets(new ItemPicker)
    , m_saved(new QComboBox)
    , m_scoreButton(new QPushButton(tr("Score pairs…")))
    , m_stack(new QStackedWidget)
    , m_empty(new SplitEmptyState)
    , m_scorePanel(new SplitScorePanel)
{
    m_scoreSets->setObjectName(QStringLiteral("scoreSets"));
    m_scoreSets->setAccessibleName(tr("Scores"));
    m_scoreSets->setPlaceholder(tr("No scores yet"));
    m_saved->setObjectName(QStringLiteral("savedSplits"));
    m_saved->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_saved->setMaximumWidth(25 * kSpace);
    m_saved->setAccessibleName(tr("Saved splits"));
    m_saved->setToolTip(tr("Take the rule of a split that was saved for this data"));
    m_scoreButton->setObjectName(QStringLiteral("scorePairs"));
    m_scoreSets->setMaximumWidth(360); // a reward model from outside of the project is named by its path

    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addWidget(makeTitle(tr("Split")));
    head->addStretch();
    head->addWidget(m_saved);
    head->addWidget(m_scoreSets);
    head->addWidget(m_scoreButton);

    m_mainPage = makeMain();
    auto* scorePage = new QWidget;
    auto* centred = new QHBoxLayout(scorePage);
    centred->setContentsMargins(0, 0, 0, 0);
    centred->addStretch(1);
    m_scorePanel->setMaximumWidth(600);
    m_scorePanel->setMinimumWidth(520);
    centred->addWidget(m_scorePanel, 0, Qt::AlignTop);
    centred->addStretch(1);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_mainPage);
    m_stack->addWidget(scorePage);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(m_stack, 1);

    connectAll();
    refresh();
}

SplitPage::~SplitPage() = default;

// ---- building

QWidget* SplitPage::makeRuleCard()
{
    auto* card = makeCard();
    m_rulePanel = new SplitRulePanel;
    m_savePanel = new SplitSavePanel;
    m_saving = new SplitSaving(m_bridge, *m_loader, *m_work, *m_savePanel, this);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace + kSpace / 2, kSpace + kSpace / 2);
    layout->setSpacing(kSpace);
    layout->addWidget(makeHeading(tr("Rule")));
    layout->addWidget(m_rulePanel);
    layout->addSpacing(kSpace);
    layout->addWidget(m_savePanel, 1);
    card->setFixedWidth(272);
    return card;
}

QWidget* SplitPage::makeMain()
{
    m_statistics = new SplitStatistics;
    m_details = new SplitDetails(project());
    m_card = new SplitHistogramCard;
    m_histogram = &m_card->histogram();
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(m_card);
    splitter->addWidget(m_details);
    splitter->setChildrenCollapsible(false);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({220, 320});
    keepState(splitter, "histogram");
    m_details->setObjectName(QStringLiteral("details"));
    keepState(m_details, "details");
    connect(m_details->roomButton(), &QPushButton::toggled, m_card, &QWidget::setHidden);
    setFindKey(this, m_details->browser().searchField());

    auto* body = new QHBoxLayout;
    body->setSpacing(kSpace + kSpace / 2);
    body->addWidget(splitter, 1);
    body->addWidget(makeRuleCard());
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(m_statistics);
    layout->addLayout(body, 1);
    return page;
}

void SplitPage::connectAll()
{
    connect(m_scoreSets, &ItemPicker::changed, this, [this](const QString& name) {
        if (m_refreshing)
            return;
        choose(name);
        for (const ScoreSetRow& row : project().scoreSets())
            if (row.name == name.toStdString())
                m_selection.setDataset(toQString(row.dataset));
    });
    const auto openScore = [this] {
        m_scoreWanted = true;
        refresh();
    };
    connect(m_scoreButton, &QPushButton::clicked, this, openScore);
    connect(m_empty, &SplitEmptyState::scoreRequested, this, openScore);
    connect(m_empty, &SplitEmptyState::openPage, this, &SplitPage::openPage);
    connect(m_scorePanel, &SplitScorePanel::closed, this, [this] {
        m_scoreWanted = false;
        refresh();
    });
    connect(m_saved, &QComboBox::activated, this, [this](int index) {
        const QString name = m_saved->itemData(index).toString();
        m_saved->setCurrentIndex(0);
        if (name.isEmpty())
            return;
        setRule(project().loadSplit(name.toStdString()).split.rule);
        m_savePanel->setName(name);
    });

    connect(m_loader, &SplitLoader::loaded, this, [this](const std::shared_ptr<const SplitData>& data) {
        if (data->scoreSet == m_chosen)
            showData(data);
    });
    connect(m_loader, &SplitLoader::lengthsMeasured, this, [this](const std::shared_ptr<const PairLengths>& lengths) {
        if (!m_data || lengths->scoreSet != m_data->scoreSet)
            return;
        // Measured of the pairs as the data have them; edits may have been made meanwhile.
        showLengths(measureLengths(*m_data, lengths->measured));
    });
    connect(m_loader, &SplitLoader::confidenceRead, this,
        [this](const QString& scoreSet, const std::shared_ptr<const std::vector<float>>& confidence) {
            if (!m_data || scoreSet != toQString(m_data->scoreSet))
                return;
            m_card->setConfidence(confidence);
        });
    connect(m_loader, &SplitLoader::secondLoaded, this, [this](const std::shared_ptr<const SecondScores>& scores) {
        if (m_data && scores->first == m_data && scores->scoreSet == m_second)
            m_details->setSecond(scores);
    });
    connect(m_details, &SplitDetails::secondChosen, this, [this](const QString& scoreSet) {
        m_second = scoreSet.toStdString();
        loadSecond();
    });
    connect(m_loader, &SplitLoader::failed, this, [this](const QString& sentence) {
        if (!m_data)
            m_chosen.clear(); // the next refresh tries again
        m_card->say(sentence);
        Q_EMIT message(sentence);
    });

    connect(m_histogram, &RewardGapHistogram::thresholdMoved, this, &SplitPage::moveThreshold);
    connect(m_histogram, &RewardGapHistogram::contradictoryMoved, this, [this](double threshold) {
        SplitRule rule = m_threshold.rule();
        rule.contradictory = threshold;
        setRule(rule);
    });
    connect(m_histogram, &RewardGapHistogram::clicked, this, [this](double gap) {
        m_exampleGap = gap;
        m_histogram->setMarked(gap);
        m_details->browser().leaveSearch();
        m_details->browser().showNear(gap, false);
    });

    // What was typed keeps the rest of the rule.
    const auto edit = [this](const auto& change) {
        SplitRule rule = m_threshold.rule();
        change(rule);
        setRule(rule);
    };
    connect(m_rulePanel, &SplitRulePanel::valueEdited, this, [this, edit](SplitRule::By by, double value) {
        m_exampleGap.reset();
        edit([&](SplitRule& rule) { rule.by = by, rule.value = value; });
    });
    connect(m_rulePanel, &SplitRulePanel::byChanged, this,
        [this](SplitRule::By by) { setRule(m_threshold.saidBy(by, m_histogram->resolution())); });
    connect(m_rulePanel, &SplitRulePanel::absoluteChanged, this,
        [edit](bool absolute) { edit([&](SplitRule& rule) { rule.absolute = absolute; }); });
    connect(m_rulePanel, &SplitRulePanel::contradictoryChanged, this, [this, edit](bool on, double threshold) {
        if (on)
            setRule(m_threshold.withContradictory(threshold, m_histogram->resolution()));
        else
            edit([](SplitRule& rule) { rule.contradictory.reset(); });
    });
    connect(m_rulePanel, &SplitRulePanel::actionChanged, this,
        [edit](ContradictoryAction action) { edit([&](SplitRule& rule) { rule.action = action; }); });
    connect(m_saving, &SplitSaving::message, this, &SplitPage::message);
    connect(m_saving, &SplitSaving::savedChanged, this, &SplitPage::fillSaved);
    connectEdits();

    connect(&m_selection, &Selection::datasetChanged, this, [this] { refresh(); });
    connectWork();
}

void SplitPage::connectWork()
{
    connect(m_scorePanel, &SplitScorePanel::scoreRequested, m_work, &SplitWork::score);
    connect(m_work, &SplitWork::scoring, m_scorePanel, &SplitScorePanel::showProgress);
    connect(m_work, &SplitWork::scored, this, [this](const QString& scoreSet) {
        const bool here = m_scorePanel->isAncestorOf(QApplication::focusWidget());
        m_scoreWanted = false;
        choose(scoreSet);
        refresh();
        if (here) // else the focus would go to whatever comes next
            m_histogram->setFocus(Qt::OtherFocusReason);
    });
    connect(m_work, &SplitWork::ended, this, [this](SplitWork::Kind kind, const QString& problem) {
        m_scorePanel->showIdle(kind == SplitWork::Kind::Scores ? problem : QString());
        refresh();
    });
}

// ---- state

void SplitPage::refresh()
{
    const std::vector<ScoreSetRow> sets = project().scoreSets();
    const QScopedValueRollback<bool> refreshing(m_refreshing, true);
    m_scoreSets->setItems(scoreSetItems(project()));
    m_scorePanel->refresh(project(), m_selection.dataset());
    m_scoreSets->setVisible(!sets.empty() && !m_scoreWanted);
    m_saved->setVisible(!sets.empty() && !m_scoreWanted);
    m_scoreButton->setVisible(!sets.empty() && !m_scoreWanted);

    const auto find = [&](const auto& matches) -> const ScoreSetRow* {
        const ScoreSetRow* newest = nullptr;
        for (const ScoreSetRow& row : sets)
            if (matches(row) && (!newest || row.id > newest->id))
                newest = &row;
        return newest;
    };
    const ScoreSetRow* shown = find([&](const ScoreSetRow& row) { return row.name == m_chosen; });
    const std::string selected = m_selection.dataset().toStdString();
    if (!shown || (!selected.empty() && shown->dataset != selected)) {
        const ScoreSetRow* ofData = find([&](const ScoreSetRow& row) { return row.dataset == selected; });
        shown = ofData ? ofData : shown ? shown : find([](const ScoreSetRow&) { return true; });
    }
    if (m_scoreWanted) {
        m_stack->setCurrentIndex(2);
    } else if (!shown) {
        m_empty->refresh(project());
        m_stack->setCurrentWidget(m_empty);
    } else {
        m_stack->setCurrentWidget(m_mainPage);
    }
    if (!shown)
        return;
    m_scoreSets->setValue(toQString(shown->name));
    choose(toQString(shown->name));
    fillSaved();
    fillSecond();
    m_details->setEditable(project().access() == Project::Access::ReadWrite);
    if (m_data && project().pairEditLog(m_data->dataset).size() != std::size_t(m_data->edits.revision))
        takeEdits(); // another program has made some
}

void SplitPage::choose(const QString& scoreSet)
{
    const std::string name = scoreSet.toStdString();
    if (name.empty() || name == m_chosen)
        return;
    const std::vector<ScoreSetRow> sets = project().scoreSets();
    const auto row = std::find_if(sets.begin(), sets.end(), [&](const ScoreSetRow& set) { return set.name == name; });
    if (row == sets.end())
        return;
    m_chosen = name;
    m_data.reset();
    m_editor->setDataset({});
    m_exampleGap.reset();
    m_card->setData(nullptr);
    m_details->setData(nullptr);
    m_threshold.setData(nullptr);
    m_saving->show(nullptr, m_threshold.rule());
    m_card->say(tr("Loading %1 scores…").arg(formatCount(row->pairs)));
    m_loader->load(name, row->dataset);
}

void SplitPage::showData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_threshold.setData(m_data);
    m_editor->setDataset(m_data->dataset);
    m_card->setData(m_data);
    if (m_view)
        m_histogram->setView(m_view->first, m_view->second);
    m_view.reset();
    m_details->setData(m_data);
    m_rulePanel->setGapDecimals(gapDecimals(*m_data));
    showLengths(nullptr);
    fillSecond();
    loadSecond();
    m_details->showLog(project().pairEditLog(m_data->dataset));
    showRule();
}

void SplitPage::setRule(const SplitRule& rule)
{
    m_threshold.setRule(rule);
    if (m_data)
        showRule();
}

void SplitPage::moveThreshold(double gap)
{
    SplitRule rule = m_threshold.rule();
    rule.by = SplitRule::By::Gap;
    rule.value = gap;
    m_exampleGap.reset();
    setRule(rule);
}

void SplitPage::showRule()
{
    const SplitRule& rule = m_threshold.rule();
    const double gap = m_threshold.gap();
    m_histogram->setThreshold(gap);
    m_histogram->setContradictory(rule.contradictory);
    m_histogram->setAbsolute(rule.absolute);
    m_histogram->setMarked(m_exampleGap);
    m_rulePanel->showRule(rule, gap, rule.by == SplitRule::By::EasyShare ? rule.value : m_threshold.easyShare());
    m_saving->show(m_data, rule);
    m_statistics->showCounts(*m_data, counts(), rule.contradictory.has_value());
    m_details->showRule(gap, rule);
    m_details->browser().showNear(m_exampleGap.value_or(gap), !m_exampleGap);
}

void SplitPage::fillSaved()
{
    m_saved->clear();
    m_saved->addItem(tr("Saved splits"));
    m_saving->refresh();
    const std::vector<ScoreSetRow> sets = project().scoreSets();
    const auto shown
        = std::find_if(sets.begin(), sets.end(), [&](const ScoreSetRow& row) { return row.name == m_chosen; });
    for (const SplitRow& row : m_saving->splits())
        if (shown != sets.end() && row.dataset == shown->dataset)
            m_saved->addItem(toQString(row.name), toQString(row.name));
    m_saved->setEnabled(m_saved->count() > 1);
}

// ---- edits by hand

void SplitPage::connectEdits()
{
    connect(m_details, &SplitDetails::editRequested, m_editor, &SplitEditor::edit);
    connect(m_details, &SplitDetails::undoRequested, m_editor, &SplitEditor::undo);
    connect(m_details, &SplitDetails::redoRequested, m_editor, &SplitEditor::redo);
    connect(m_editor, &SplitEditor::changed, this, &SplitPage::takeEdits);
    connect(m_editor, &SplitEditor::message, this, &SplitPage::message);
}

void SplitPage::takeEdits()
{
    const std::vector<PairChange> log = project().pairEditLog(m_data->dataset);
    m_data = m_data->withEdits(editsAfter(log));
    m_threshold.setData(m_data);
    m_card->setEdited(m_data);
    m_details->setEdited(m_data);
    m_details->showLog(log);
    if (m_lengths)
        showLengths(measureLengths(*m_data, m_lengths->measured));
    if (!m_second.empty())
        m_loader->loadSecond(m_data, m_second); // what is shown stays until it has come
    showRule();
}

void SplitPage::showLengths(std::shared_ptr<const PairLengths> lengths)
{
    m_lengths = std::move(lengths);
    m_statistics->showLengths(m_lengths.get());
    if (m_lengths)
        m_details->setLengths(m_lengths);
    m_card->setLengths(m_lengths);
}

// ---- another scoring

void SplitPage::fillSecond()
{
    QStringList others;
    for (const ScoreSetRow& row : project().scoreSets())
        if (m_data && row.dataset == m_data->dataset && row.name != m_data->scoreSet)
            others << toQString(row.name);
    if (!others.contains(toQString(m_second)))
        m_second.clear();
    m_details->setOtherScores(others, toQString(m_second));
}

void SplitPage::loadSecond()
{
    m_details->setSecond(nullptr);
    if (m_data && !m_second.empty())
        m_loader->loadSecond(m_data, m_second);
}

QString SplitPage::commandLine() const { return m_saving->commandLine(); }

void SplitPage::exportTo(const QString& easyFile, const QString& hardFile) { m_saving->exportTo(easyFile, hardFile); }

void SplitPage::exportScoresTo(const QString& file) { m_saving->exportScoresTo(file); }

// ---- what comes back at the next start

QJsonObject SplitPage::choices() const
{
    QJsonObject choices {{QStringLiteral("scores"), toQString(m_chosen)},
        {QStringLiteral("second"), toQString(m_second)}, {QStringLiteral("rule"), stateOfRule(m_threshold.rule())},
        {QStringLiteral("name"), m_savePanel->name()}, {QStringLiteral("stack"), int(m_card->stackBy())}};
    if (const auto view = m_histogram->view())
        choices[QStringLiteral("view")] = QJsonArray {view->first, view->second};
    return choices;
}

void SplitPage::restoreChoices(const QJsonObject& choices)
{
    if (const auto rule = ruleOfState(choices[QStringLiteral("rule")].toObject()))
        setRule(*rule);
    m_savePanel->setName(choices[QStringLiteral("name")].toString());
    m_card->setStackBy(StackBy(choices[QStringLiteral("stack")].toInt()));
    m_second = choices[QStringLiteral("second")].toString().toStdString();
    if (const QJsonArray view = choices[QStringLiteral("view")].toArray(); view.size() == 2)
        m_view = {view[0].toDouble(), view[1].toDouble()};
    choose(choices[QStringLiteral("scores")].toString());
}

} // namespace mpo

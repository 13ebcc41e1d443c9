// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_page.h"

#include "core/store/project.h"
#include "ui/charts/reward_gap_histogram.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/models/scored_pair_model.h"
#include "ui/pages/split_command_line.h"
#include "ui/pages/split_length_view.h"
#include "ui/pages/split_loader.h"
#include "ui/pages/split_rule_panel.h"
#include "ui/pages/split_score_panel.h"
#include "ui/pair_view.h"
#include "ui/style.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTableView>
#include <QTextBrowser>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr std::int64_t kExamples = 60;

QString countAndShare(std::int64_t count, std::int64_t total)
{
    return total == 0 ? formatCount(count)
                      : QStringLiteral("%1  ·  %2").arg(formatCount(count), formatShare(double(count) / double(total)));
}

} // namespace

SplitPage::SplitPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_loader(new SplitLoader(selection.project(), this))
    , m_scoreSets(new ItemPicker)
    , m_saved(new QComboBox)
    , m_scoreButton(new QPushButton(tr("Score pairs…")))
    , m_stack(new QStackedWidget)
    , m_scorePanel(new SplitScorePanel)
{
    m_scoreSets->setObjectName(QStringLiteral("scoreSets"));
    m_scoreSets->setPlaceholder(tr("No scores yet"));
    m_saved->setObjectName(QStringLiteral("savedSplits"));
    m_saved->setToolTip(tr("Take the rule of a split that was saved for this data"));
    m_scoreButton->setObjectName(QStringLiteral("scorePairs"));

    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addWidget(makeTitle(tr("Split")));
    head->addStretch();
    head->addWidget(m_saved);
    head->addWidget(m_scoreSets);
    head->addWidget(m_scoreButton);

    m_emptyPage = makeEmpty();
    m_mainPage = makeMain();
    auto* scorePage = new QWidget;
    auto* centred = new QHBoxLayout(scorePage);
    centred->setContentsMargins(0, 0, 0, 0);
    centred->addStretch(1);
    m_scorePanel->setMaximumWidth(560);
    m_scorePanel->setMinimumWidth(460);
    centred->addWidget(m_scorePanel, 0, Qt::AlignTop);
    centred->addStretch(1);
    m_stack->addWidget(m_emptyPage);
    m_stack->addWidget(m_mainPage);
    m_stack->addWidget(scorePage);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(m_stack, 1);

    m_examplesTimer.setSingleShot(true);
    m_examplesTimer.setInterval(40); // texts need not follow every pixel of a drag
    connectAll();
    refresh();
}

SplitPage::~SplitPage() = default;

// ---- building

QWidget* SplitPage::makeEmpty()
{
    auto* page = new QWidget;
    m_emptyTitle = makeHeading({});
    m_emptyText = makeHint({});
    m_emptyButton = new QPushButton;
    m_emptySecond = new QPushButton(tr("Score pairs…"));
    m_emptyTitle->setObjectName(QStringLiteral("emptyTitle"));
    m_emptyButton->setObjectName(QStringLiteral("emptyButton"));
    setRole(m_emptyButton, "primary");
    m_emptyTitle->setAlignment(Qt::AlignCenter);
    m_emptyText->setAlignment(Qt::AlignCenter);
    m_emptyText->setFixedWidth(440);
    auto* buttons = new QHBoxLayout;
    buttons->addStretch();
    buttons->addWidget(m_emptyButton);
    buttons->addWidget(m_emptySecond);
    buttons->addStretch();
    auto* layout = new QVBoxLayout(page);
    layout->addStretch(2);
    layout->addWidget(m_emptyTitle, 0, Qt::AlignHCenter);
    layout->addWidget(m_emptyText, 0, Qt::AlignHCenter);
    layout->addSpacing(kSpace);
    layout->addLayout(buttons);
    layout->addStretch(3);
    return page;
}

QWidget* SplitPage::makeStatistics()
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(3 * kSpace);
    const auto add = [&](Statistic& statistic, const char* name, const QString& text, const QString& toolTip) {
        statistic.box = new QWidget;
        statistic.value = new QLabel;
        statistic.name = new QLabel(text);
        statistic.value->setObjectName(QLatin1String(name));
        statistic.value->setFont(fontOfSize(kFontHeading, QFont::DemiBold));
        setRole(statistic.name, "hint");
        statistic.box->setToolTip(toolTip);
        auto* column = new QVBoxLayout(statistic.box);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(statistic.value);
        column->addWidget(statistic.name);
        layout->addWidget(statistic.box);
    };
    add(m_easy, "easyCount", tr("Easy → DPO"), tr("Stage 1 trains on these pairs with DPO"));
    add(m_hard, "hardCount", tr("Hard → PPO"),
        tr("Stage 2 trains on the prompts of these pairs with PPO; pairs without a score are among them"));
    add(m_contradictory, "contradictoryCount", tr("Contradictory"),
        tr("The reward model ranks these strongly against their label"));
    layout->addStretch();
    add(m_accuracy, "accuracy", tr("Reward-model accuracy"),
        tr("Share of pairs with a positive gap; a gap of 0 counts half"));
    add(m_longer, "longerBaseline", tr("“Longer wins” accuracy"),
        tr("How often the longer response is the chosen one: what a ruler would score. A reward model should do "
           "better."));
    return row;
}

QWidget* SplitPage::makeHistogramCard()
{
    auto* card = makeCard();
    m_readout = makeHint({});
    m_readout->setObjectName(QStringLiteral("readout"));
    m_readout->setToolTip(
        tr("For the bar under the pointer: how often the reward model agrees with the label among pairs "
           "whose gap has this size in either direction, and what Bradley–Terry, σ(|gap|), expects"));
    m_readout->setWordWrap(false);
    m_readout->setTextInteractionFlags(Qt::NoTextInteraction);
    m_readout->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* logScale = new QCheckBox(tr("Log scale"));
    logScale->setObjectName(QStringLiteral("logScale"));
    m_histogram = new RewardGapHistogram;
    m_histogram->setObjectName(QStringLiteral("histogram"));
    connect(logScale, &QCheckBox::toggled, m_histogram, &RewardGapHistogram::setLogScale);
    auto* top = new QHBoxLayout;
    top->addWidget(m_readout, 1);
    top->addWidget(logScale);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace, kSpace / 2);
    layout->setSpacing(kSpace / 2);
    layout->addLayout(top);
    layout->addWidget(m_histogram, 1);
    return card;
}

QWidget* SplitPage::makeRuleCard()
{
    auto* card = makeCard();
    m_rulePanel = new SplitRulePanel;
    m_name = new QLineEdit;
    m_name->setObjectName(QStringLiteral("splitName"));
    m_name->setPlaceholderText(tr("Name of the split"));
    m_save = new QPushButton(tr("Save split"));
    m_save->setObjectName(QStringLiteral("saveSplit"));
    setRole(m_save, "primary");
    m_save->setEnabled(false);
    m_export = new QPushButton(tr("Export…"));
    m_export->setObjectName(QStringLiteral("exportSplit"));
    m_export->setEnabled(false);
    m_export->setToolTip(tr("Write easy and hard pairs to two JSON-lines files (prompt, chosen, rejected)"));
    m_note = makeHint({});
    m_note->setObjectName(QStringLiteral("splitNote"));
    m_note->hide();
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_save, 1);
    buttons->addWidget(m_export);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace + kSpace / 2, kSpace + kSpace / 2);
    layout->setSpacing(kSpace);
    layout->addWidget(makeHeading(tr("Rule")));
    layout->addWidget(m_rulePanel);
    layout->addStretch();
    layout->addWidget(m_note);
    layout->addWidget(m_name);
    layout->addLayout(buttons);
    card->setFixedWidth(272);
    return card;
}

QWidget* SplitPage::makeExamples()
{
    m_examples = new ScoredPairModel(project(), this);
    m_table = new QTableView;
    m_table->setObjectName(QStringLiteral("examples"));
    m_table->setModel(m_examples);
    setTableLook(m_table);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->setColumnWidth(ScoredPairModel::Number, 60);
    m_table->setColumnWidth(ScoredPairModel::Gap, 64);
    m_table->setColumnWidth(ScoredPairModel::BucketName, 96);
    m_table->hideColumn(ScoredPairModel::ChosenScore); // the reading panel shows both scores
    m_table->hideColumn(ScoredPairModel::RejectedScore);
    m_pairView = new PairView;
    for (auto* reader : m_pairView->findChildren<QTextBrowser*>())
        reader->setMinimumHeight(36); // they scroll: the page must fit 720 pixels with the rule beside the histogram
    m_examplesTitle = makeHint({});
    m_examplesTitle->setObjectName(QStringLiteral("examplesTitle"));
    m_examplesTitle->setWordWrap(false);

    auto* list = new QWidget;
    auto* listLayout = new QVBoxLayout(list);
    listLayout->setContentsMargins(0, kSpace / 2, 0, 0);
    listLayout->setSpacing(kSpace / 2);
    listLayout->addWidget(m_examplesTitle);
    listLayout->addWidget(m_table, 1);
    auto* reading = new QSplitter(Qt::Horizontal);
    reading->addWidget(list);
    reading->addWidget(m_pairView);
    reading->setStretchFactor(0, 2);
    reading->setStretchFactor(1, 3);
    reading->setChildrenCollapsible(false);
    reading->setHandleWidth(kSpace + kSpace / 2);
    reading->setSizes({400, 620});

    auto* length = new QWidget;
    m_lengthView = new SplitLengthView;
    m_lengthText = makeHint({});
    m_lengthText->setObjectName(QStringLiteral("lengthText"));
    m_lengthText->setFixedWidth(300);
    auto* lengthLayout = new QHBoxLayout(length);
    lengthLayout->setContentsMargins(0, kSpace, 0, 0);
    lengthLayout->setSpacing(2 * kSpace);
    lengthLayout->addWidget(m_lengthView, 1);
    lengthLayout->addWidget(m_lengthText, 0, Qt::AlignTop);

    auto* tabs = new QTabWidget;
    tabs->setDocumentMode(true);
    tabs->addTab(reading, tr("Pairs"));
    tabs->addTab(length, tr("Length"));
    return tabs;
}

QWidget* SplitPage::makeCommandRow()
{
    auto* row = new QWidget;
    m_command = new QLineEdit;
    m_command->setObjectName(QStringLiteral("commandLine"));
    m_command->setReadOnly(true);
    m_command->setFont(monospaceFont());
    m_command->setAccessibleName(tr("Command line that makes the same split"));
    auto* copy = new QPushButton(tr("Copy"));
    copy->setObjectName(QStringLiteral("copyCommand"));
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(commandLine());
        Q_EMIT message(tr("Command line copied"));
    });
    auto* label = makeHint(tr("The same from a shell"));
    label->setWordWrap(false);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(label);
    layout->addWidget(m_command, 1);
    layout->addWidget(copy);
    return row;
}

QWidget* SplitPage::makeMain()
{
    auto* upper = new QWidget;
    auto* upperLayout = new QHBoxLayout(upper);
    upperLayout->setContentsMargins(0, 0, 0, 0);
    upperLayout->setSpacing(kSpace + kSpace / 2);
    upperLayout->addWidget(makeHistogramCard(), 1);
    upperLayout->addWidget(makeRuleCard());

    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(upper);
    splitter->addWidget(makeExamples());
    splitter->setChildrenCollapsible(false);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({300, 260});

    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(makeStatistics());
    layout->addWidget(splitter, 1);
    layout->addWidget(makeCommandRow());
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
    connect(m_emptySecond, &QPushButton::clicked, this, openScore);
    connect(m_emptyButton, &QPushButton::clicked, this, [this] { Q_EMIT openPage(m_emptyTarget); });
    connect(m_scorePanel, &SplitScorePanel::closed, this, [this] {
        m_scoreWanted = false;
        refresh();
    });
    connect(m_scorePanel, &SplitScorePanel::scoreRequested, this, [this](const ScorePairs& command) {
        m_waiting = Waiting::Scores;
        m_answered = false;
        m_scorePanel->showProgress(m_bridge.busy() ? tr("Waiting for the running command") : tr("Starting"), -1.0, {});
        m_bridge.post(command);
    });
    connect(m_saved, &QComboBox::activated, this, [this](int index) {
        const QString name = m_saved->itemData(index).toString();
        m_saved->setCurrentIndex(0);
        if (name.isEmpty())
            return;
        setRule(project().loadSplit(name.toStdString()).split.rule);
        m_name->setText(name);
    });

    connect(m_loader, &SplitLoader::loaded, this, [this](const std::shared_ptr<const SplitData>& data) {
        if (data->scoreSet == m_chosen)
            showData(data);
    });
    connect(m_loader, &SplitLoader::lengthsMeasured, this, [this](const std::shared_ptr<const PairLengths>& lengths) {
        if (!m_data || lengths->scoreSet != m_data->scoreSet)
            return;
        m_lengths = lengths;
        m_lengthView->setData(m_data, m_lengths);
        showStatistics();
    });
    connect(m_loader, &SplitLoader::failed, this, [this](const QString& sentence) {
        m_export->setEnabled(m_data != nullptr);
        if (!m_data)
            m_chosen.clear(); // the next refresh tries again
        m_readout->setText(sentence);
        Q_EMIT message(sentence);
    });
    connect(m_loader, &SplitLoader::exported, this, [this](const QString& sentence) {
        m_export->setEnabled(true);
        Q_EMIT message(sentence);
    });

    connect(m_histogram, &RewardGapHistogram::thresholdMoved, this, &SplitPage::moveThreshold);
    connect(m_histogram, &RewardGapHistogram::contradictoryMoved, this, [this](double threshold) {
        SplitRule rule = m_rule;
        rule.contradictory = threshold;
        setRule(rule);
    });
    connect(m_histogram, &RewardGapHistogram::pointed, this, &SplitPage::showPointed);
    connect(m_histogram, &RewardGapHistogram::clicked, this, [this](double gap) {
        m_exampleGap = gap;
        m_examplesTimer.start();
    });

    connect(m_rulePanel, &SplitRulePanel::valueEdited, this, [this](SplitRule::By by, double value) {
        SplitRule rule = m_rule;
        rule.by = by;
        rule.value = value;
        m_exampleGap.reset();
        setRule(rule);
    });
    connect(m_rulePanel, &SplitRulePanel::byChanged, this, &SplitPage::say);
    connect(m_rulePanel, &SplitRulePanel::absoluteChanged, this, [this](bool absolute) {
        SplitRule rule = m_rule;
        rule.absolute = absolute;
        setRule(rule);
    });
    connect(m_rulePanel, &SplitRulePanel::contradictoryChanged, this, [this](bool on, double threshold) {
        SplitRule rule = m_rule;
        rule.contradictory.reset();
        if (on) {
            // At first the twentieth part of the pairs that contradict their label the most.
            const bool first = !m_rule.contradictory && threshold == 0.0 && m_data;
            const double proposed
                = first ? roundedTo(-m_data->index.thresholdForEasyShare(0.95), m_histogram->resolution()) : threshold;
            rule.contradictory = std::max(0.0, proposed);
        }
        setRule(rule);
    });
    connect(m_rulePanel, &SplitRulePanel::actionChanged, this, [this](ContradictoryAction action) {
        SplitRule rule = m_rule;
        rule.action = action;
        setRule(rule);
    });
    connect(&m_examplesTimer, &QTimer::timeout, this, &SplitPage::showExamples);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &SplitPage::showPair);
    connect(m_name, &QLineEdit::textChanged, this, [this] { m_command->setText(commandLine()); });
    connect(m_name, &QLineEdit::returnPressed, this, &SplitPage::save);
    connect(m_save, &QPushButton::clicked, this, &SplitPage::save);
    connect(m_export, &QPushButton::clicked, this, &SplitPage::askExport);

    connect(&m_selection, &Selection::datasetChanged, this, [this] { refresh(); });
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_waiting == Waiting::Scores)
            m_scorePanel->showProgress(toQString(event.what), event.share, toQString(event.detail));
    });
    connect(&m_bridge, &EngineBridge::pairsScored, this, [this](const PairsScored& event) {
        if (m_waiting != Waiting::Scores)
            return;
        m_answered = true;
        m_scoreWanted = false;
        choose(toQString(event.scoreSet));
        refresh();
    });
    connect(&m_bridge, &EngineBridge::splitSaved, this, [this](const SplitSaved& event) {
        m_answered = m_answered || m_waiting == Waiting::Split;
        Q_EMIT message(tr("Saved %1: %2 easy, %3 hard pairs")
                           .arg(toQString(event.name), formatCount(event.counts.easy), formatCount(event.counts.hard)));
        m_note->setText(tr("Saved as %1. Next: DPO on the easy pairs.").arg(toQString(event.name)));
        m_note->setVisible(true);
        fillSaved();
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        const Waiting waited = m_waiting;
        if (waited == Waiting::Nothing || (!m_answered && m_bridge.busy()))
            return; // the end of a command before ours
        m_waiting = Waiting::Nothing;
        const QString problem
            = event.outcome == CommandFinished::Outcome::Succeeded ? QString() : toQString(event.message);
        m_save->setEnabled(m_data != nullptr);
        m_scorePanel->showIdle(waited == Waiting::Scores ? problem : QString());
        if (waited == Waiting::Split && !problem.isEmpty()) {
            m_note->setText(problem);
            m_note->setVisible(true);
        }
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
        showEmptyState();
        m_stack->setCurrentWidget(m_emptyPage);
    } else {
        m_stack->setCurrentWidget(m_mainPage);
    }
    if (!shown)
        return;
    m_scoreSets->setValue(toQString(shown->name));
    choose(toQString(shown->name));
    fillSaved();
}

void SplitPage::showEmptyState()
{
    const std::vector<DatasetRow> datasets = project().datasets();
    const bool pairs = std::any_of(
        datasets.begin(), datasets.end(), [](const DatasetRow& row) { return row.kind == DatasetKind::Pairs; });
    const std::vector<ModelRow> models = project().models();
    const bool reward
        = std::any_of(models.begin(), models.end(), [](const ModelRow& row) { return row.kind == "reward"; });
    m_emptySecond->setVisible(pairs && !models.empty());
    m_emptyButton->setVisible(!pairs || !reward);
    setRole(m_emptySecond, reward ? "primary" : "");
    if (!pairs) {
        m_emptyTitle->setText(tr("Import preference pairs first"));
        m_emptyText->setText(
            tr("The split divides preference pairs by how clearly a reward model tells chosen from rejected."));
        m_emptyButton->setText(tr("Go to Data"));
        m_emptyTarget = PageId::Data;
    } else if (!reward) {
        m_emptyTitle->setText(tr("Train a reward model first"));
        m_emptyText->setText(
            models.empty() ? tr(
                "Its scores of both responses give every pair its reward gap, and the gaps are what the split goes by.")
                           : tr("Its scores of both responses give every pair its reward gap. Or let k-fold scoring "
                                "train one for each part of the pairs."));
        m_emptyButton->setText(tr("Go to Reward model"));
        m_emptyTarget = PageId::RewardModel;
    } else {
        m_emptyTitle->setText(tr("Score the pairs"));
        m_emptyText->setText(tr(
            "The reward model scores both responses of every pair; the differences are the reward gaps to split by."));
    }
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
    m_lengths.reset();
    m_exampleGap.reset();
    m_histogram->setData(nullptr);
    m_examples->setData(nullptr);
    m_lengthView->setData(nullptr, nullptr);
    m_pairView->clear({});
    m_save->setEnabled(false);
    m_export->setEnabled(false);
    m_readout->setText(tr("Loading %1 scores…").arg(formatCount(row->pairs)));
    m_examplesTitle->setText(tr("Loading…"));
    m_loader->load(name, row->dataset);
}

void SplitPage::showData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_examples->setData(m_data);
    m_histogram->setData(m_data);
    m_lengthView->setData(m_data, nullptr);
    m_save->setEnabled(true);
    m_export->setEnabled(true);
    m_name->setPlaceholderText(toQString(project().freeName(m_data->dataset + "-split")));
    showPointed(std::nullopt);
    setRule(m_rule);
}

SplitCounts SplitPage::counts() const
{
    return m_data ? m_data->count(m_threshold, m_rule.absolute, m_rule.contradictory) : SplitCounts {};
}

void SplitPage::setRule(const SplitRule& rule)
{
    m_rule = rule;
    if (!m_data)
        return;
    switch (rule.by) {
    case SplitRule::By::Gap:
        m_threshold = rule.value;
        break;
    case SplitRule::By::Confidence:
        m_rule.value = std::clamp(rule.value, 1e-4, 1.0 - 1e-4);
        m_threshold = gapOfConfidence(m_rule.value);
        break;
    case SplitRule::By::EasyShare:
        m_threshold = m_data->thresholdForEasyShare(rule.value, rule.absolute);
        break;
    }
    showRule();
}

void SplitPage::moveThreshold(double gap)
{
    SplitRule rule = m_rule;
    rule.by = SplitRule::By::Gap;
    rule.value = gap;
    m_exampleGap.reset();
    setRule(rule);
}

double SplitPage::easyShare() const
{
    if (!m_data || m_data->index.size() == 0)
        return 0.0;
    return double(m_data->count(m_threshold, m_rule.absolute, std::nullopt).easy) / double(m_data->index.size());
}

void SplitPage::say(SplitRule::By by)
{
    SplitRule rule = m_rule;
    rule.by = by;
    // Rounded, so that the saved rule and the command line hold a number that a person can repeat.
    rule.value = by == SplitRule::By::Gap ? roundedTo(m_threshold, m_histogram->resolution())
        : by == SplitRule::By::Confidence ? roundedTo(confidenceOfGap(m_threshold), 1e-4)
                                          : roundedTo(easyShare(), 1e-3);
    setRule(rule);
}

void SplitPage::showRule()
{
    m_histogram->setThreshold(m_threshold);
    m_histogram->setContradictory(m_rule.contradictory);
    m_histogram->setAbsolute(m_rule.absolute);
    m_lengthView->setThreshold(m_threshold);
    m_rulePanel->showRule(m_rule, m_threshold, m_rule.by == SplitRule::By::EasyShare ? m_rule.value : easyShare());
    m_command->setText(commandLine());
    m_command->setCursorPosition(0);
    m_note->hide();
    showStatistics();
    const auto data = m_data;
    m_examples->setBuckets([data, threshold = m_threshold, rule = m_rule](std::int64_t pair) {
        return data->bucketOf(pair, threshold, rule.absolute, rule.contradictory);
    });
    if (!m_examplesTimer.isActive())
        m_examplesTimer.start();
}

void SplitPage::showStatistics()
{
    if (!m_data)
        return;
    const SplitCounts now = counts();
    const std::int64_t total = m_data->total();
    m_easy.value->setText(countAndShare(now.easy, total));
    m_hard.value->setText(countAndShare(now.hard, total));
    m_contradictory.value->setText(countAndShare(now.contradictory, total));
    m_contradictory.box->setVisible(m_rule.contradictory.has_value());
    const auto tint = [](QLabel* label, const QColor& colour) {
        QPalette palette = label->palette();
        if (palette.color(QPalette::WindowText) == colour)
            return;
        palette.setColor(QPalette::WindowText, colour);
        label->setPalette(palette);
    };
    tint(m_easy.value, colours().easy);
    tint(m_hard.value, colours().hard);
    tint(m_contradictory.value, colours().contradictory);
    m_accuracy.value->setText(m_data->index.size() > 0 ? formatShare(m_data->index.accuracy()) : QStringLiteral("–"));
    m_longer.value->setText(m_lengths ? formatShare(m_lengths->baselineAccuracy()) : QStringLiteral("…"));
    showLengths();
}

void SplitPage::showLengths()
{
    if (!m_lengths) {
        m_lengthText->setText(tr("Measuring lengths…"));
        return;
    }
    // Buckets are ranges of the pairs in order of their gap, so sums up to each position give every share.
    const GapIndex& index = m_data->index;
    const std::int64_t n = index.size();
    const auto longer = [&](std::int64_t from, std::int64_t to) {
        return from >= to ? 0 : m_lengths->longerBefore[std::size_t(to)] - m_lengths->longerBefore[std::size_t(from)];
    };
    const std::int64_t contradictory = m_rule.contradictory ? index.countBelow(-*m_rule.contradictory) : 0;
    const std::int64_t upper = std::max(contradictory, n - index.countAbove(m_threshold));
    const std::int64_t lower
        = m_rule.absolute ? std::max(contradictory, index.countBelow(-m_threshold)) : contradictory;
    const bool all = m_rule.absolute && m_threshold < 0.0;
    const std::int64_t easyLonger = all ? longer(contradictory, n) : longer(upper, n) + longer(contradictory, lower);
    const std::int64_t easy = all ? n - contradictory : (n - upper) + (lower - contradictory);
    const std::int64_t hardLonger = longer(contradictory, n) - easyLonger, hard = n - contradictory - easy;
    const auto share = [](std::int64_t part, std::int64_t whole) {
        return whole == 0 ? QStringLiteral("–") : formatShare(double(part) / double(whole));
    };
    const QString correlation
        = std::isnan(m_lengths->correlation) ? QStringLiteral("–") : QString::number(m_lengths->correlation, 'f', 2);
    m_lengthText->setText(
        tr("The chosen response is the longer one in\n%1 of the easy pairs\n%2 of the hard pairs\n%3 of all pairs\n\n"
           "Correlation of gap and length difference: %4. Far from 0, the reward model pays for length.")
            .arg(share(easyLonger, easy), share(hardLonger, hard), share(longer(0, n), n), correlation));
}

void SplitPage::showPointed(std::optional<double> gap)
{
    if (!m_data)
        return;
    const auto bin = gap ? m_histogram->binAt(*gap) : std::nullopt;
    if (!bin) {
        const QString unscored = m_data->unscored() > 0
            ? tr(" %1 pairs have no score (too long) and are hard.").arg(formatCount(m_data->unscored()))
            : QString();
        m_readout->setText(
            tr("Drag the threshold. Point at a bar for its numbers, click it for its pairs.") + unscored);
        return;
    }
    const double low = bin->low >= 0.0 ? bin->low : -bin->high, high = bin->low >= 0.0 ? bin->high : -bin->low;
    const double accuracy = m_data->accuracyForSize(low, high);
    QString text = tr("Gap %1 to %2  ·  %3")
                       .arg(formatNumber(bin->low, 3), formatNumber(bin->high, 3),
                           bin->count == 1 ? tr("1 pair") : tr("%1 pairs").arg(formatCount(bin->count)));
    if (!std::isnan(accuracy))
        text += tr("  ·  model agrees with the label in %1 at this |gap| (expected %2)")
                    .arg(formatShare(accuracy), formatShare(confidenceOfGap(0.5 * (low + high))));
    m_readout->setText(text);
}

void SplitPage::showExamples()
{
    if (!m_data)
        return;
    const double gap = m_exampleGap.value_or(m_threshold);
    std::vector<std::int64_t> numbers = m_data->index.nearest(gap, kExamples);
    const std::int64_t nearest = numbers.empty() ? -1 : numbers.front();
    std::stable_sort(numbers.begin(), numbers.end(),
        [&](std::int64_t a, std::int64_t b) { return m_data->gaps[std::size_t(a)] > m_data->gaps[std::size_t(b)]; });
    m_examples->setPairs(std::move(numbers));
    m_histogram->setMarked(m_exampleGap);
    m_examplesTitle->setText(
        m_exampleGap ? tr("Pairs nearest to gap %1").arg(formatNumber(gap, 3)) : tr("Pairs around the threshold"));
    if (const int row = m_examples->rowOf(nearest); row >= 0) {
        m_table->selectRow(row);
        m_table->scrollTo(m_examples->index(row, 0), QAbstractItemView::PositionAtCenter);
    }
    showPair();
}

void SplitPage::showPair()
{
    const int row = m_table->currentIndex().row();
    if (!m_data || row < 0 || row >= m_examples->rowCount()) {
        m_pairView->clear(tr("No pair has a score"));
        return;
    }
    const PairScore score = m_examples->score(row);
    m_pairView->setPair(m_examples->pair(row));
    m_pairView->setNote(tr("Pair %1  ·  gap %2  ·  score of chosen %3, rejected %4")
                            .arg(formatCount(m_examples->pairNumber(row) + 1), formatNumber(score.gap(), 3),
                                formatNumber(score.chosen, 3), formatNumber(score.rejected, 3)));
}

void SplitPage::fillSaved()
{
    m_saved->clear();
    m_saved->addItem(tr("Saved splits"));
    const std::vector<ScoreSetRow> sets = project().scoreSets();
    const auto shown
        = std::find_if(sets.begin(), sets.end(), [&](const ScoreSetRow& row) { return row.name == m_chosen; });
    for (const SplitRow& row : project().splits())
        if (shown != sets.end() && row.dataset == shown->dataset)
            m_saved->addItem(toQString(row.name), toQString(row.name));
    m_saved->setEnabled(m_saved->count() > 1);
}

// ---- what leaves the page

SplitPairs SplitPage::command() const
{
    SplitPairs command;
    command.data = m_data->dataset;
    command.scoreSet = m_data->scoreSet;
    command.rule = m_rule;
    command.name = m_name->text().trimmed().toStdString();
    return command;
}

QString SplitPage::commandLine() const { return m_data ? splitCommandLine(command(), project().folder()) : QString(); }

void SplitPage::save()
{
    if (!m_data || !m_save->isEnabled())
        return;
    m_waiting = Waiting::Split;
    m_answered = false;
    m_save->setEnabled(false);
    if (m_bridge.busy()) {
        m_note->setText(tr("The split is saved as soon as the running command has finished."));
        m_note->setVisible(true);
    }
    m_bridge.post(command());
}

void SplitPage::askExport()
{
    const QString proposed
        = (m_name->text().trimmed().isEmpty() ? m_name->placeholderText() : m_name->text().trimmed());
    const QString file = QFileDialog::getSaveFileName(this, tr("Export the easy pairs; the hard ones go beside them"),
        proposed + QStringLiteral("-easy.jsonl"), tr("JSON lines (*.jsonl)"));
    if (file.isEmpty())
        return;
    QString base = file;
    if (base.endsWith(QLatin1String(".jsonl")))
        base.chop(6);
    if (base.endsWith(QLatin1String("-easy")))
        base.chop(5);
    exportTo(base + QStringLiteral("-easy.jsonl"), base + QStringLiteral("-hard.jsonl"));
}

void SplitPage::exportTo(const QString& easyFile, const QString& hardFile)
{
    if (!m_data)
        return;
    m_export->setEnabled(false);
    m_loader->exportSplit(m_data, m_rule, easyFile, hardFile);
}

} // namespace mpo

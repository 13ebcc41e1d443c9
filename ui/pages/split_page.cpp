// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_page.h"

#include "core/store/project.h"
#include "ui/charts/reward_gap_histogram.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/split_command_line.h"
#include "ui/pages/split_details.h"
#include "ui/pages/split_loader.h"
#include "ui/pages/split_rule_panel.h"
#include "ui/pages/split_score_panel.h"
#include "ui/pages/split_statistics.h"
#include "ui/style.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
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
    , m_scoreSets(new ItemPicker)
    , m_saved(new QComboBox)
    , m_scoreButton(new QPushButton(tr("Score pairs…")))
    , m_stack(new QStackedWidget)
    , m_empty(new EmptyState)
    , m_emptyButton(m_empty->addButton({}))
    , m_emptySecond(m_empty->addButton(tr("Score pairs…")))
    , m_scorePanel(new SplitScorePanel)
{
    m_scoreSets->setObjectName(QStringLiteral("scoreSets"));
    m_scoreSets->setPlaceholder(tr("No scores yet"));
    m_saved->setObjectName(QStringLiteral("savedSplits"));
    m_saved->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_saved->setMaximumWidth(25 * kSpace);
    m_saved->setToolTip(tr("Take the rule of a split that was saved for this data"));
    m_scoreButton->setObjectName(QStringLiteral("scorePairs"));
    m_scoreSets->setMaximumWidth(360); // a reward model from outside of the project is named by its path
    m_empty->title()->setObjectName(QStringLiteral("emptyTitle"));
    m_emptyButton->setObjectName(QStringLiteral("emptyButton"));
    setRole(m_emptyButton, "primary");

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
    auto* nameRow = new QHBoxLayout;
    auto* nameLabel = new QLabel(tr("Name"));
    nameLabel->setBuddy(m_name);
    nameRow->setSpacing(kSpace);
    nameRow->addWidget(nameLabel);
    nameRow->addWidget(m_name, 1);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(kSpace);
    buttons->addWidget(m_save, 1);
    buttons->addWidget(m_export);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(kSpace + kSpace / 2, kSpace, kSpace + kSpace / 2, kSpace + kSpace / 2);
    layout->setSpacing(kSpace);
    layout->addWidget(makeHeading(tr("Rule")));
    layout->addWidget(m_rulePanel);
    layout->addSpacing(kSpace);
    layout->addLayout(nameRow);
    layout->addLayout(buttons);
    layout->addWidget(m_note);
    layout->addStretch(1);
    layout->addWidget(makeCommand());
    card->setFixedWidth(272);
    return card;
}

QWidget* SplitPage::makeCommand()
{
    auto* box = new QWidget;
    m_command = new QPlainTextEdit;
    m_command->setObjectName(QStringLiteral("commandLine"));
    m_command->setReadOnly(true);
    m_command->setTabChangesFocus(true);
    m_command->setFont(monospaceFont());
    m_command->setWordWrapMode(QTextOption::WrapAnywhere); // as a terminal does
    m_command->setAccessibleName(tr("Command line that makes the same split"));
    m_command->setFixedHeight(9 * QFontMetrics(monospaceFont()).lineSpacing() + 2 * kSpace);
    auto* copy = new QPushButton(tr("Copy"));
    copy->setObjectName(QStringLiteral("copyCommand"));
    setRole(copy, "quiet");
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(commandLine());
        Q_EMIT message(tr("Command line copied"));
    });
    auto* label = new QLabel(tr("The same from a shell"));
    setRole(label, "group");
    label->setToolTip(tr("Run it while this window is closed: a project has one program that writes"));
    auto* head = new QHBoxLayout;
    head->addWidget(label, 1);
    head->addWidget(copy);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addLayout(head);
    layout->addWidget(m_command);
    return box;
}

QWidget* SplitPage::makeMain()
{
    m_statistics = new SplitStatistics;
    m_details = new SplitDetails(project());
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(makeHistogramCard());
    splitter->addWidget(m_details);
    splitter->setChildrenCollapsible(false);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({250, 270});

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
        m_statistics->showLengths(lengths.get());
        m_details->setLengths(lengths);
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
        m_histogram->setMarked(gap);
        m_details->leaveSearch();
        m_details->showNear(gap, false);
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
    connect(m_name, &QLineEdit::textChanged, this, [this] { showCommand(); });
    connect(m_name, &QLineEdit::returnPressed, this, &SplitPage::save);
    connect(m_save, &QPushButton::clicked, this, &SplitPage::save);
    connect(m_export, &QPushButton::clicked, this, &SplitPage::askExport);

    connect(&m_selection, &Selection::datasetChanged, this, [this] { refresh(); });
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_waiting == Waiting::Scores)
            m_scorePanel->showProgress(toQString(event.what), event.share, toQString(event.detail));
    });
    connect(&m_bridge, &EngineBridge::runStarted, this, [this](const RunStarted& event) {
        const std::optional<RunRow> run = project().run(event.run);
        m_part = tr("Training a reward model on the other parts");
        if (run && run->config.contains("fold"))
            m_part = tr("Part %1 of %2: training a reward model on the other parts")
                         .arg(run->config.value("fold", 1))
                         .arg(run->config.value("folds", 1));
    });
    connect(&m_bridge, &EngineBridge::metricsLogged, this, [this](const std::vector<MetricsLogged>& batch) {
        if (m_waiting != Waiting::Scores || batch.empty() || batch.back().totalSteps == 0)
            return;
        const MetricsLogged& last = batch.back();
        m_scorePanel->showProgress(m_part, double(last.step) / double(last.totalSteps),
            tr("step %1 of %2").arg(formatCount(last.step), formatCount(last.totalSteps)));
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
        m_stack->setCurrentWidget(m_empty);
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
        m_empty->setTexts(tr("Import preference pairs first"),
            tr("The split divides preference pairs by how clearly a reward model tells chosen from rejected."));
        m_emptyButton->setText(tr("Go to Data"));
        m_emptyTarget = PageId::Data;
    } else if (!reward) {
        m_empty->setTexts(tr("Train a reward model first"),
            models.empty() ? tr(
                "Its scores of both responses give every pair its reward gap, and the gaps are what the split goes by.")
                           : tr("Its scores of both responses give every pair its reward gap. Or let k-fold scoring "
                                "train one for each part of the pairs."));
        m_emptyButton->setText(tr("Go to Reward model"));
        m_emptyTarget = PageId::RewardModel;
    } else {
        m_empty->setTexts(tr("Score the pairs"),
            tr("The reward model scores both responses of every pair; the differences are the reward gaps to split "
               "by."));
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
    m_exampleGap.reset();
    m_histogram->setData(nullptr);
    m_details->setData(nullptr);
    m_save->setEnabled(false);
    m_export->setEnabled(false);
    m_readout->setText(tr("Loading %1 scores…").arg(formatCount(row->pairs)));
    m_loader->load(name, row->dataset);
}

void SplitPage::showData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_histogram->setData(m_data);
    m_details->setData(m_data);
    m_rulePanel->setGapDecimals(gapDecimals(*m_data));
    m_statistics->showLengths(nullptr);
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
    m_histogram->setMarked(m_exampleGap);
    m_rulePanel->showRule(m_rule, m_threshold, m_rule.by == SplitRule::By::EasyShare ? m_rule.value : easyShare());
    showCommand();
    m_note->hide();
    m_statistics->showCounts(*m_data, counts(), m_rule.contradictory.has_value());
    m_details->showRule(m_threshold, m_rule);
    m_details->showNear(m_exampleGap.value_or(m_threshold), !m_exampleGap);
}

void SplitPage::showPointed(std::optional<double> gap)
{
    if (!m_data)
        return;
    const auto bin = gap ? m_histogram->binAt(*gap) : std::nullopt;
    if (!bin) {
        m_readout->setText(m_data->unscored() > 0
                ? (m_data->unscored() == 1
                        ? tr("Drag the threshold, click a bar. One pair without a score (too long) is hard.")
                        : tr("Drag the threshold, click a bar. %1 pairs without a score (too long) are hard.")
                              .arg(formatCount(m_data->unscored())))
                : tr("Drag the threshold. Point at a bar for its numbers, click it for its pairs."));
        return;
    }
    const double low = bin->low >= 0.0 ? bin->low : -bin->high, high = bin->low >= 0.0 ? bin->high : -bin->low;
    const double accuracy = m_data->accuracyForSize(low, high);
    QString text = tr("Gap %1 to %2  ·  %3")
                       .arg(formatNumber(bin->low, 3), formatNumber(bin->high, 3),
                           bin->count == 1 ? tr("1 pair") : tr("%1 pairs").arg(formatCount(bin->count)));
    if (!std::isnan(accuracy))
        text += tr("  ·  model agrees with the label in %1 (expected %2)")
                    .arg(formatShare(accuracy), formatShare(confidenceOfGap(0.5 * (low + high))));
    m_readout->setText(text);
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

void SplitPage::showCommand()
{
    m_command->setPlainText(m_data ? splitCommandLine(command(), project().folder(), true) : QString());
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

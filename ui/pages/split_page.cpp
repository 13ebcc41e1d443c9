// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_page.h"

#include "core/store/project.h"
#include "core/support/login_name.h"
#include "ui/charts/reward_gap_histogram.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/pages/split_command_line.h"
#include "ui/pages/split_details.h"
#include "ui/pages/split_empty_state.h"
#include "ui/pages/split_histogram_card.h"
#include "ui/pages/split_loader.h"
#include "ui/pages/split_pair_browser.h"
#include "ui/pages/split_rule_panel.h"
#include "ui/pages/split_save_panel.h"
#include "ui/pages/split_score_panel.h"
#include "ui/pages/split_statistics.h"
#include "ui/style.h"

#include <QComboBox>
#include <QFileDialog>
#include <QLabel>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QShortcut>
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
    , m_empty(new SplitEmptyState)
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
    connect(m_empty, &SplitEmptyState::scoreRequested, this, openScore);
    connect(m_empty, &SplitEmptyState::openPage, this, &SplitPage::openPage);
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
        m_savePanel->setExportEnabled(m_data != nullptr);
        if (!m_data)
            m_chosen.clear(); // the next refresh tries again
        m_card->say(sentence);
        Q_EMIT message(sentence);
    });
    connect(m_loader, &SplitLoader::exported, this, [this](const QString& sentence) {
        m_savePanel->setExportEnabled(true);
        Q_EMIT message(sentence);
    });

    connect(m_histogram, &RewardGapHistogram::thresholdMoved, this, &SplitPage::moveThreshold);
    connect(m_histogram, &RewardGapHistogram::contradictoryMoved, this, [this](double threshold) {
        SplitRule rule = m_rule;
        rule.contradictory = threshold;
        setRule(rule);
    });
    connect(m_histogram, &RewardGapHistogram::clicked, this, [this](double gap) {
        m_exampleGap = gap;
        m_histogram->setMarked(gap);
        m_details->browser().leaveSearch();
        m_details->browser().showNear(gap, false);
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
    connect(m_savePanel, &SplitSavePanel::nameChanged, this, &SplitPage::showCommand);
    connect(m_savePanel, &SplitSavePanel::saveRequested, this, &SplitPage::save);
    connect(m_savePanel, &SplitSavePanel::exportRequested, this, &SplitPage::askExport);
    connect(m_savePanel, &SplitSavePanel::copied, this, [this] { Q_EMIT message(tr("Command line copied")); });
    connectEdits();

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
        m_savePanel->say(tr("Saved as %1. Next: DPO on the easy pairs.").arg(toQString(event.name)));
        fillSaved();
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        const Waiting waited = m_waiting;
        if (waited == Waiting::Nothing || (!m_answered && m_bridge.busy()))
            return; // the end of a command before ours
        m_waiting = Waiting::Nothing;
        const QString problem
            = event.outcome == CommandFinished::Outcome::Succeeded ? QString() : toQString(event.message);
        m_savePanel->setSaveEnabled(m_data != nullptr);
        m_scorePanel->showIdle(waited == Waiting::Scores ? problem : QString());
        if (waited == Waiting::Split && !problem.isEmpty())
            m_savePanel->say(problem);
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
    m_exampleGap.reset();
    m_card->setData(nullptr);
    m_details->setData(nullptr);
    m_savePanel->setSaveEnabled(false);
    m_savePanel->setExportEnabled(false);
    m_card->say(tr("Loading %1 scores…").arg(formatCount(row->pairs)));
    m_loader->load(name, row->dataset);
}

void SplitPage::showData(std::shared_ptr<const SplitData> data)
{
    m_data = std::move(data);
    m_card->setData(m_data);
    m_details->setData(m_data);
    m_rulePanel->setGapDecimals(gapDecimals(*m_data));
    showLengths(nullptr);
    fillSecond();
    loadSecond();
    m_savePanel->setSaveEnabled(true);
    m_savePanel->setExportEnabled(true);
    m_savePanel->setProposal(toQString(project().freeName(m_data->dataset + "-split")));
    m_details->showLog(project().pairEditLog(m_data->dataset));
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
    m_savePanel->say({});
    m_statistics->showCounts(*m_data, counts(), m_rule.contradictory.has_value());
    m_details->showRule(m_threshold, m_rule);
    m_details->browser().showNear(m_exampleGap.value_or(m_threshold), !m_exampleGap);
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

// ---- edits by hand

void SplitPage::connectEdits()
{
    connect(
        m_details, &SplitDetails::editRequested, this, [this](PairEdit edit, const std::vector<std::int64_t>& pairs) {
            changePairs([&] { return project().editPairs(m_data->dataset, edit, pairs, loginName()); });
        });
    const auto undo = [this] { changePairs([this] { return project().undoPairEdit(m_data->dataset, loginName()); }); };
    const auto redo = [this] { changePairs([this] { return project().redoPairEdit(m_data->dataset, loginName()); }); };
    connect(m_details, &SplitDetails::undoRequested, this, undo);
    connect(m_details, &SplitDetails::redoRequested, this, redo);
    for (const auto& [keys, slot] : {std::pair<QKeySequence, std::function<void()>>(Qt::CTRL | Qt::Key_Z, undo),
             std::pair<QKeySequence, std::function<void()>>(Qt::CTRL | Qt::SHIFT | Qt::Key_Z, redo)}) {
        auto* shortcut = new QShortcut(keys, this);
        shortcut->setContext(Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, this, slot);
    }
}

void SplitPage::changePairs(const std::function<std::optional<PairChange>()>& change)
{
    if (!m_data || project().access() != Project::Access::ReadWrite)
        return;
    try {
        const std::optional<PairChange> made = change();
        if (!made)
            return;
        takeEdits();
        const QString what = made->edit == PairEdit::Flip ? tr("flipped")
            : made->edit == PairEdit::Drop                ? tr("dropped")
                                                          : tr("as in the data again");
        const QString pairs = made->pairs.size() == 1 ? tr("Pair %1").arg(formatCount(made->pairs.front() + 1))
                                                      : tr("%1 pairs").arg(formatCount(qint64(made->pairs.size())));
        Q_EMIT message(made->kind == PairChange::Kind::Undo ? tr("Taken back: %1 %2").arg(pairs, what)
                : made->kind == PairChange::Kind::Redo      ? tr("Made again: %1 %2").arg(pairs, what)
                                                            : tr("%1 %2. Ctrl+Z takes it back.").arg(pairs, what));
    } catch (const std::exception& error) {
        Q_EMIT message(toQString(error.what()));
    }
}

void SplitPage::takeEdits()
{
    const std::vector<PairChange> log = project().pairEditLog(m_data->dataset);
    m_data = m_data->withEdits(editsAfter(log));
    m_card->setEdited(m_data);
    m_details->setEdited(m_data);
    m_details->showLog(log);
    if (m_lengths)
        showLengths(measureLengths(*m_data, m_lengths->measured));
    if (!m_second.empty())
        m_loader->loadSecond(m_data, m_second); // what is shown stays until it has come
    setRule(m_rule);
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

// ---- what leaves the page

SplitPairs SplitPage::command() const
{
    SplitPairs command;
    command.data = m_data->dataset;
    command.scoreSet = m_data->scoreSet;
    command.rule = m_rule;
    command.name = m_savePanel->name().toStdString();
    command.edits = m_data->edits.revision;
    return command;
}

void SplitPage::showCommand()
{
    m_savePanel->showCommand(m_data ? splitCommandLine(command(), project().folder(), true) : QString(), commandLine());
}

QString SplitPage::commandLine() const { return m_data ? splitCommandLine(command(), project().folder()) : QString(); }

void SplitPage::save()
{
    if (!m_data || !m_savePanel->saveEnabled())
        return;
    m_waiting = Waiting::Split;
    m_answered = false;
    m_savePanel->setSaveEnabled(false);
    if (m_bridge.busy())
        m_savePanel->say(tr("The split is saved as soon as the running command has finished."));
    m_bridge.post(command());
}

void SplitPage::askExport()
{
    const QString file = QFileDialog::getSaveFileName(this, tr("Export the easy pairs; the hard ones go beside them"),
        m_savePanel->nameOrProposal() + QStringLiteral("-easy.jsonl"), tr("JSON lines (*.jsonl)"));
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
    m_savePanel->setExportEnabled(false);
    m_loader->exportSplit(m_data, m_rule, easyFile, hardFile);
}

} // namespace mpo

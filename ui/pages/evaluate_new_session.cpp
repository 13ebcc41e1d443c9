// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_new_session.h"

#include "core/data/criteria.h"
#include "core/evaluation/blind_session.h"
#include "core/store/project.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/notice.h"
#include "ui/pages/work_progress.h"
#include "ui/style.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>

namespace mpo {

namespace {

bool isFile(const QString& source) { return source.contains(QLatin1Char('/')) && QFileInfo(source).isFile(); }

} // namespace

EvaluateNewSession::EvaluateNewSession(QWidget* parent)
    : QFrame(parent)
    , m_modelA(new ItemPicker(ItemPicker::Browse::FolderOrFile))
    , m_modelB(new ItemPicker(ItemPicker::Browse::FolderOrFile))
    , m_withoutLeaks(new QCheckBox(tr("Leave out responses that may tell their source")))
    , m_data(new ItemPicker)
    , m_prompts(new QSpinBox)
    , m_maxTokens(new QSpinBox)
    , m_temperature(new QDoubleSpinBox)
    , m_seed(new QSpinBox)
    , m_annotators(new QSpinBox)
    , m_overlap(new QSpinBox)
    , m_repeats(new QSpinBox)
    , m_strata(new QSpinBox)
    , m_gold(new ItemPicker)
    , m_goldItems(new QSpinBox)
    , m_reward(new ItemPicker)
    , m_criteria(new QComboBox)
    , m_ownCriteria(new QLineEdit)
    , m_strength(new QCheckBox(tr("Ask how much better")))
    , m_name(new QLineEdit)
    , m_hint(makeHint({}))
    , m_error(new Notice)
    , m_progress(new WorkProgress)
    , m_create(new QPushButton(tr("Sample and start")))
    , m_close(new QPushButton)
{
    setRole(this, "card");
    const CreateEvaluation defaults;
    m_modelA->setObjectName(QStringLiteral("modelA"));
    m_modelB->setObjectName(QStringLiteral("modelB"));
    m_data->setObjectName(QStringLiteral("evaluationData"));
    m_prompts->setObjectName(QStringLiteral("evaluationPrompts"));
    m_maxTokens->setObjectName(QStringLiteral("evaluationMaxTokens"));
    m_temperature->setObjectName(QStringLiteral("evaluationTemperature"));
    m_seed->setObjectName(QStringLiteral("evaluationSeed"));
    m_name->setObjectName(QStringLiteral("evaluationName"));
    m_create->setObjectName(QStringLiteral("createEvaluation"));
    m_modelA->setOptional(tr("None: the pairs of the data set are judged"));
    m_modelB->setOptional(tr("None: the file holds several"));
    m_data->setOptional(tr("Those that the files answer"));
    for (ItemPicker* picker : {m_modelA, m_modelB})
        picker->setToolTip(tr("A model of the project, a folder with one, or a file with responses: AlpacaEval, "
                              "MT-bench, Arena, LLM Comparator, any layout of completions"));
    m_withoutLeaks->setObjectName(QStringLiteral("evaluationWithoutLeaks"));
    m_withoutLeaks->setToolTip(
        tr("A model's or maker's name, \"as an AI language model\", a marker of a chat "
           "template. Otherwise they stay in, are counted and stand in the queue of the result."));
    m_prompts->setRange(1, 100'000);
    m_prompts->setValue(int(defaults.prompts));
    m_maxTokens->setRange(1, 8192);
    m_maxTokens->setValue(int(defaults.maxNewTokens));
    m_maxTokens->setSuffix(tr(" tokens"));
    m_temperature->setRange(0.01, 5.0);
    m_temperature->setSingleStep(0.1);
    m_temperature->setValue(defaults.temperature);
    m_seed->setRange(0, INT_MAX);
    m_seed->setValue(int(defaults.seed));
    m_seed->setToolTip(tr("Of prompts, responses and sides"));
    m_name->setPlaceholderText(tr("session"));
    m_name->setToolTip(tr("A name without those of the models: it is visible while judging"));
    setRole(m_create, "primary");
    setUpJudging(defaults);

    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    grid->setHorizontalSpacing(2 * kSpace);
    grid->setVerticalSpacing(kSpace);
    auto* head = new QHBoxLayout;
    head->addWidget(makeHeading(tr("New session")));
    head->addStretch();
    m_addSource = new QPushButton(tr("Add a source"));
    m_addSource->setObjectName(QStringLiteral("addSource"));
    m_addSource->setToolTip(tr("Three or more sources: a session for every two of them, on the same responses"));
    setRole(m_addSource, "quiet");
    head->addWidget(m_addSource);
    grid->addLayout(head, 0, 0, 1, 4);
    const auto wide = [&](int row, const QString& text, QWidget* field) {
        auto* label = new QLabel(text);
        label->setBuddy(field);
        grid->addWidget(label, row, 0);
        grid->addWidget(field, row, 1, 1, 3);
    };
    const auto two = [&](int row, int column, const QString& text, QWidget* field) {
        auto* label = new QLabel(text);
        label->setBuddy(field);
        grid->addWidget(label, row, column);
        grid->addWidget(field, row, column + 1);
    };
    wide(1, tr("One source"), m_modelA);
    wide(2, tr("The other"), m_modelB);
    grid->addWidget(makeMoreSources(), 3, 1, 1, 3);
    wide(4, tr("Prompts of"), m_data);
    two(5, 0, tr("Number"), m_prompts);
    two(5, 2, tr("Longest response"), m_maxTokens);
    two(6, 0, tr("Temperature"), m_temperature);
    two(6, 2, tr("Seed"), m_seed);
    two(7, 0, tr("Gap strata"), m_strata);
    two(7, 2, tr("Hidden repeats"), m_repeats);
    two(8, 0, tr("Annotators"), m_annotators);
    two(8, 2, tr("Judges of an item"), m_overlap);
    two(9, 0, tr("Gold items"), m_goldItems);
    two(9, 2, tr("of the pairs in"), m_gold);
    wide(10, tr("Reward model"), m_reward);
    wide(11, tr("Criteria"), makeCriteria());
    wide(12, tr("Name"), m_name);
    grid->addWidget(m_withoutLeaks, 13, 1, 1, 3);
    grid->addWidget(m_hint, 14, 0, 1, 4);
    grid->addWidget(m_progress, 15, 0, 1, 4);
    grid->addWidget(m_error, 16, 0, 1, 4);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(kSpace);
    m_close->setObjectName(QStringLiteral("cancelNewEvaluation"));
    buttons->addStretch();
    buttons->addWidget(m_close);
    buttons->addWidget(m_create);
    grid->addLayout(buttons, 17, 0, 1, 4);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(3, 1);

    for (ItemPicker* picker : {m_modelA, m_modelB, m_moreSources[0], m_moreSources[1], m_data, m_gold})
        connect(picker, &ItemPicker::changed, this, &EvaluateNewSession::updateState);
    for (QSpinBox* box : {m_prompts, m_annotators, m_overlap, m_repeats})
        connect(box, &QSpinBox::valueChanged, this, &EvaluateNewSession::updateState);
    connect(m_create, &QPushButton::clicked, this, &EvaluateNewSession::create);
    connect(m_close, &QPushButton::clicked, this, &EvaluateNewSession::closed);
    updateState();
}

void EvaluateNewSession::setUpJudging(const CreateEvaluation& defaults)
{
    m_annotators->setObjectName(QStringLiteral("evaluationAnnotators"));
    m_overlap->setObjectName(QStringLiteral("evaluationOverlap"));
    m_repeats->setObjectName(QStringLiteral("evaluationRepeats"));
    m_strata->setObjectName(QStringLiteral("evaluationStrata"));
    m_gold->setObjectName(QStringLiteral("evaluationGold"));
    m_goldItems->setObjectName(QStringLiteral("evaluationGoldItems"));
    m_reward->setObjectName(QStringLiteral("evaluationReward"));
    m_annotators->setRange(1, kMostAnnotators);
    m_annotators->setValue(defaults.annotators);
    m_annotators->setToolTip(tr("How many people will judge. Each has an order and sides of their own."));
    m_overlap->setRange(1, defaults.annotators);
    m_overlap->setToolTip(tr("Overlap: how many of the annotators judge each item. With fewer than all, the items are "
                             "divided among them; agreement needs two at least."));
    m_repeats->setRange(0, 100);
    m_repeats->setSuffix(tr(" % of the prompts"));
    m_repeats->setToolTip(tr("Items that come again later with sides exchanged, to see whether a judge says the same "
                             "twice. They count in no result."));
    m_strata->setRange(1, 20);
    m_strata->setSpecialValueText(tr("None"));
    m_strata->setToolTip(tr("Draws equally many prompts from each of so many groups by the reward gap of their pairs"));
    m_goldItems->setRange(1, 1000);
    m_goldItems->setValue(int(defaults.goldItems));
    m_gold->setOptional(tr("No gold items"));
    m_gold->setToolTip(tr("Pairs of which the chosen response is known to be better. Put among the items, they show "
                          "whether a judge pays attention, and count in no result."));
    m_reward->setOptional(tr("No scores"));
    m_reward->setToolTip(tr("Scores the responses, to compare its choices with those of people"));
}

QWidget* EvaluateNewSession::makeCriteria()
{
    m_criteria->setObjectName(QStringLiteral("evaluationCriteria"));
    m_ownCriteria->setObjectName(QStringLiteral("evaluationOwnCriteria"));
    m_strength->setObjectName(QStringLiteral("evaluationStrength"));
    m_criteria->setToolTip(tr("What can be voted on for each item beside the verdict, which is the overall one"));
    for (const CriteriaPreset& preset : criteriaPresets()) {
        QStringList names;
        for (const std::string& criterion : preset.criteria)
            names << toQString(criterion);
        m_criteria->addItem(
            names.isEmpty() ? tr("Verdict only") : names.join(QStringLiteral(", ")), toQString(preset.name));
    }
    m_criteria->addItem(tr("Own list"));
    m_ownCriteria->setPlaceholderText(tr("clear, correct, to the point"));
    m_ownCriteria->setAccessibleName(tr("Own criteria, with commas between them"));
    m_strength->setToolTip(tr("Left or right can be said to be slightly, clearly or much better"));
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(m_criteria, 1);
    layout->addWidget(m_ownCriteria, 1);
    layout->addWidget(m_strength);
    connect(m_criteria, &QComboBox::currentIndexChanged, this, &EvaluateNewSession::updateState);
    return row;
}

QWidget* EvaluateNewSession::makeMoreSources()
{
    auto* box = new QWidget;
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    int number = 2;
    for (ItemPicker*& picker : m_moreSources) {
        picker = new ItemPicker(ItemPicker::Browse::FolderOrFile);
        picker->setObjectName(QStringLiteral("source%1").arg(++number));
        picker->setOptional(tr("None"));
        picker->hide();
        layout->addWidget(picker);
    }
    box->hide();
    connect(m_addSource, &QPushButton::clicked, this, [this, box] {
        box->show();
        const auto next = std::ranges::find_if(m_moreSources, [](const ItemPicker* one) { return one->isHidden(); });
        if (next != m_moreSources.end()) {
            (*next)->show();
            (*next)->setFocus();
        }
        m_addSource->setEnabled(m_moreSources.back()->isHidden());
    });
    return box;
}

bool EvaluateNewSession::judgesPairs() const { return m_modelA->value().isEmpty(); }

std::vector<QString> EvaluateNewSession::sources() const
{
    std::vector<QString> chosen;
    if (judgesPairs())
        return chosen;
    for (const ItemPicker* picker : {m_modelA, m_modelB, m_moreSources[0], m_moreSources[1]})
        if (!picker->value().isEmpty() && !picker->isHidden())
            chosen.push_back(picker->value());
    return chosen;
}

void EvaluateNewSession::refresh(const Project& project, const QString& dataset)
{
    const std::vector<PickerItem> models = modelItems(project, QStringLiteral("policy"));
    for (ItemPicker* picker : {m_modelA, m_modelB, m_moreSources[0], m_moreSources[1]})
        picker->setItems(models);
    m_data->setItems(datasetItems(project));
    constexpr std::array kPairs {DatasetKind::Pairs};
    m_gold->setItems(datasetItems(project, kPairs));
    m_reward->setItems(modelItems(project, QStringLiteral("reward")));
    m_pairs.clear();
    for (const PickerItem& item : datasetItems(project, kPairs))
        m_pairs.insert(item.value.toStdString());
    m_scored.clear();
    for (const ScoreSetRow& row : project.scoreSets())
        m_scored.insert(row.dataset);
    if (!m_filled && models.size() >= 2) {
        chooseFirst(project, dataset);
        m_filled = true;
    }
    updateState();
}

void EvaluateNewSession::chooseFirst(const Project& project, const QString& dataset)
{
    // The newest model against the first one that was trained: what all the work has brought over SFT.
    std::vector<std::string> policies;
    std::string trained;
    for (const ModelRow& row : project.models()) {
        if (row.kind != "policy")
            continue;
        policies.push_back(row.name);
        if (trained.empty() && row.run)
            trained = row.name;
    }
    const std::string& newest = policies.back();
    m_modelA->setValue(toQString(newest));
    m_modelB->setValue(toQString(trained.empty() || trained == newest ? policies.front() : trained));

    // Prompts that are only prompts were no training data.
    for (const DatasetRow& row : project.datasets())
        if (row.kind == DatasetKind::Prompts) {
            m_data->setValue(toQString(row.name));
            return;
        }
    if (!dataset.isEmpty())
        m_data->setValue(dataset);
}

void EvaluateNewSession::showProgress(const QString& what, double share, const QString& detail)
{
    m_busy = true;
    if (m_create->hasFocus())
        m_close->setFocus(); // the button that had it is being disabled
    m_progress->showProgress(what, share, detail);
    m_error->clear();
    updateState();
}

void EvaluateNewSession::showIdle(const QString& error)
{
    m_busy = false;
    m_progress->hide();
    m_error->say(error, true);
    updateState();
}

void EvaluateNewSession::updateState()
{
    m_close->setText(m_busy ? tr("Close") : tr("Cancel")); // closing the form stops nothing
    const bool all = m_overlap->value() == m_overlap->maximum(); // stays so as annotators come and go
    m_overlap->setRange(1, m_annotators->value());
    if (all)
        m_overlap->setValue(m_annotators->value());
    m_overlap->setEnabled(m_annotators->value() > 1);
    m_goldItems->setEnabled(!m_gold->value().isEmpty());
    m_ownCriteria->setVisible(!m_criteria->currentData().isValid());
    const bool scored = m_scored.contains(m_data->value().toStdString());
    m_strata->setEnabled(scored);
    if (!scored)
        m_strata->setValue(1);
    std::vector<QString> chosen = sources();
    const auto files = std::ranges::count_if(chosen, isFile);
    const bool models = files < std::ssize(chosen);
    const bool pairs = judgesPairs(), havePairs = m_pairs.contains(m_data->value().toStdString());
    m_modelB->setEnabled(!pairs);
    m_addSource->setEnabled(!pairs && m_moreSources.back()->isHidden());
    std::ranges::sort(chosen);
    const bool same = std::ranges::adjacent_find(chosen) != chosen.end();
    m_maxTokens->setEnabled(models);
    m_temperature->setEnabled(models);
    m_create->setText(models ? tr("Sample and start") : tr("Make and start"));
    m_hint->setText(same ? tr("Choose different sources.")
            : pairs && !havePairs
            ? tr("Without a source the pairs of a data set are judged; choose one with pairs, or a model or file.")
            : !models
            ? tr(
                "Sides are drawn at random and stay hidden. To tell a true win rate of 60 % from chance takes about %1 "
                "decisive prompts, 70 % about %2.")
                  .arg(formatCount(requiredPrompts(0.6)), formatCount(requiredPrompts(0.7)))
            : tr("Responses are sampled now, sides are drawn at random and stay hidden. To tell a true win rate of "
                 "60 % from chance takes about %1 decisive prompts, 70 % about %2.")
                  .arg(formatCount(requiredPrompts(0.6)), formatCount(requiredPrompts(0.7))));
    m_create->setEnabled(!m_busy && (pairs ? havePairs : !same && (chosen.size() >= 2 || files == 1))
        && (files > 0 || !m_data->value().isEmpty()));
}

void EvaluateNewSession::create()
{
    CreateEvaluation command;
    for (const QString& source : sources())
        command.sources.push_back(source.toStdString());
    command.withoutLeaks = m_withoutLeaks->isChecked();
    command.data = m_data->value().toStdString();
    command.name = m_name->text().trimmed().isEmpty() ? "session" : m_name->text().trimmed().toStdString();
    command.prompts = m_prompts->value();
    command.maxNewTokens = m_maxTokens->value();
    command.temperature = m_temperature->value();
    command.seed = std::uint64_t(m_seed->value());
    command.annotators = m_annotators->value();
    command.overlap = m_overlap->value();
    command.repeats = std::int64_t(std::llround(double(m_prompts->value()) * double(m_repeats->value()) / 100.0));
    command.gapStrata = m_strata->value() > 1 ? m_strata->value() : 0;
    command.gold = m_gold->value().toStdString();
    command.goldItems = m_goldItems->value();
    command.rewardModel = m_reward->value().toStdString();
    command.strength = m_strength->isChecked();
    try {
        const QVariant preset = m_criteria->currentData();
        command.criteria = criteriaFrom((preset.isValid() ? preset.toString() : m_ownCriteria->text()).toStdString());
    } catch (const std::exception& error) {
        return showIdle(toQString(error.what()));
    }
    Q_EMIT createRequested(command);
}

} // namespace mpo

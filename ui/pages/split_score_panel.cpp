// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_score_panel.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/notice.h"
#include "ui/pages/work_progress.h"
#include "ui/style.h"

#include <QButtonGroup>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>

namespace mpo {

namespace {

enum How { ByFolds = 0, ByModel = 1 };

} // namespace

SplitScorePanel::SplitScorePanel(QWidget* parent)
    : QFrame(parent)
    , m_data(new ItemPicker)
    , m_how(new QButtonGroup(this))
    , m_rewardModel(new ItemPicker(ItemPicker::Browse::Folder))
    , m_base(new ItemPicker(ItemPicker::Browse::Folder))
    , m_folds(new QSpinBox)
    , m_name(new QLineEdit)
    , m_hint(makeHint({}))
    , m_error(new Notice)
    , m_progress(new WorkProgress)
    , m_start(new QPushButton(tr("Score pairs")))
    , m_close(new QPushButton)
{
    setRole(this, "card");
    m_data->setObjectName(QStringLiteral("scoreData"));
    m_rewardModel->setObjectName(QStringLiteral("scoreRewardModel"));
    m_base->setObjectName(QStringLiteral("scoreBase"));
    m_start->setObjectName(QStringLiteral("scoreStart"));
    m_data->setPlaceholder(tr("No preference pairs yet"));
    m_rewardModel->setPlaceholder(tr("No reward model yet"));
    m_base->setPlaceholder(tr("No model yet"));
    m_name->setObjectName(QStringLiteral("scoreName"));
    m_name->setPlaceholderText(tr("Chosen for you"));
    m_folds->setObjectName(QStringLiteral("scoreFolds"));
    m_folds->setAccessibleName(tr("Parts"));
    m_folds->setRange(2, 20);
    m_folds->setValue(2);
    m_folds->setSuffix(tr(" folds"));
    setRole(m_start, "primary");

    auto* folds = new QRadioButton(tr("k-fold, from"));
    auto* model = new QRadioButton(tr("Reward model"));
    folds->setObjectName(QStringLiteral("scoreByFolds"));
    model->setObjectName(QStringLiteral("scoreByModel"));
    m_how->addButton(folds, ByFolds);
    m_how->addButton(model, ByModel);
    folds->setChecked(true);

    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    grid->setHorizontalSpacing(2 * kSpace);
    grid->setVerticalSpacing(kSpace);
    grid->addWidget(makeHeading(tr("Score pairs")), 0, 0, 1, 2);
    const auto label = [&](int row, const QString& text, QWidget* buddy) {
        auto* shown = new QLabel(text);
        shown->setBuddy(buddy);
        grid->addWidget(shown, row, 0);
        grid->addWidget(buddy, row, 1);
    };
    label(1, tr("Pairs"), m_data);
    grid->addWidget(folds, 2, 0);
    auto* foldRow = new QHBoxLayout;
    foldRow->addWidget(m_base, 1);
    foldRow->addWidget(m_folds);
    grid->addLayout(foldRow, 2, 1);
    grid->addWidget(model, 3, 0);
    grid->addWidget(m_rewardModel, 3, 1);
    label(4, tr("Name"), m_name);
    grid->addWidget(m_hint, 5, 0, 1, 2);
    grid->addWidget(m_progress, 6, 0, 1, 2);
    grid->addWidget(m_error, 7, 0, 1, 2);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(kSpace);
    m_close->setObjectName(QStringLiteral("scoreClose"));
    buttons->addStretch();
    buttons->addWidget(m_close);
    buttons->addWidget(m_start);
    grid->addLayout(buttons, 8, 0, 1, 2);
    grid->setColumnStretch(1, 1);

    connect(m_how, &QButtonGroup::idClicked, this, [this] {
        m_touched = true;
        updateState();
    });
    for (ItemPicker* picker : {m_data, m_rewardModel, m_base})
        connect(picker, &ItemPicker::changed, this, &SplitScorePanel::updateState);
    connect(m_start, &QPushButton::clicked, this, &SplitScorePanel::start);
    connect(m_close, &QPushButton::clicked, this, &SplitScorePanel::closed);
    updateState();
}

void SplitScorePanel::refresh(const Project& project, const QString& dataset)
{
    std::vector<PickerItem> pairs;
    for (const PickerItem& item : datasetItems(project)) {
        const auto row = project.dataset(item.value.toStdString());
        if (row && row->kind == DatasetKind::Pairs)
            pairs.push_back(item);
    }
    m_data->setItems(pairs);
    if (!dataset.isEmpty() && !m_touched)
        for (const PickerItem& item : pairs)
            if (item.value == dataset)
                m_data->setValue(dataset);
    m_rewardModel->setItems(modelItems(project, QStringLiteral("reward")));
    m_base->setItems(modelItems(project, QStringLiteral("policy")));
    if (m_base->value().isEmpty()) { // a model from elsewhere: what the newest reward model was made from
        const std::vector<RunRow> runs = project.runs();
        const auto reward
            = std::find_if(runs.begin(), runs.end(), [](const RunRow& run) { return run.stage == "reward"; });
        if (reward != runs.end())
            m_base->setValue(toQString(reward->config.value("model", std::string())));
    }
    updateState();
}

void SplitScorePanel::showProgress(const QString& what, double share, const QString& detail)
{
    m_busy = true;
    if (m_start->hasFocus())
        m_close->setFocus(); // the button that had it is being disabled
    m_progress->showProgress(what, share, detail);
    m_error->clear();
    updateState();
}

void SplitScorePanel::showIdle(const QString& error)
{
    m_busy = false;
    m_progress->hide();
    m_error->say(error, true);
    updateState();
}

void SplitScorePanel::updateState()
{
    m_close->setText(m_busy ? tr("Close") : tr("Cancel")); // closing the form stops nothing
    const bool folds = m_how->checkedId() == ByFolds;
    m_base->setEnabled(folds);
    m_folds->setEnabled(folds);
    m_rewardModel->setEnabled(!folds);
    m_hint->setText(folds
            ? tr("Each part of the pairs is scored by a reward model trained on the other parts, so that no "
                 "score comes from a model that memorised the pair.")
            : tr("Use a reward model that was not trained on these pairs: one that memorised them makes every "
                 "gap look larger than it is."));
    m_start->setEnabled(!m_busy && !m_data->value().isEmpty() && !(folds ? m_base : m_rewardModel)->value().isEmpty());
}

void SplitScorePanel::start()
{
    ScorePairs command;
    command.data = m_data->value().toStdString();
    command.name = m_name->text().trimmed().toStdString();
    if (m_how->checkedId() == ByFolds) {
        command.folds = m_folds->value();
        command.model = m_base->value().toStdString();
    } else {
        command.rewardModel = m_rewardModel->value().toStdString();
    }
    Q_EMIT scoreRequested(command);
}

} // namespace mpo

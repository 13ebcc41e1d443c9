// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_empty_state.h"

#include "core/store/project.h"
#include "ui/style.h"

#include <QLabel>
#include <QPushButton>

#include <algorithm>

namespace mpo {

SplitEmptyState::SplitEmptyState(QWidget* parent)
    : EmptyState(parent)
    , m_first(addButton({}))
    , m_score(addButton(tr("Score pairs…")))
{
    title()->setObjectName(QStringLiteral("emptyTitle"));
    m_first->setObjectName(QStringLiteral("emptyButton"));
    setRole(m_first, "primary");
    connect(m_first, &QPushButton::clicked, this, [this] { Q_EMIT openPage(m_target); });
    connect(m_score, &QPushButton::clicked, this, &SplitEmptyState::scoreRequested);
}

void SplitEmptyState::refresh(const Project& project)
{
    const std::vector<DatasetRow> datasets = project.datasets();
    const bool pairs = std::any_of(
        datasets.begin(), datasets.end(), [](const DatasetRow& row) { return row.kind == DatasetKind::Pairs; });
    const std::vector<ModelRow> models = project.models();
    const bool reward
        = std::any_of(models.begin(), models.end(), [](const ModelRow& row) { return row.kind == "reward"; });
    m_score->setVisible(pairs && !models.empty());
    m_first->setVisible(!pairs || !reward);
    setRole(m_score, reward ? "primary" : "");
    if (!pairs) {
        setTexts(tr("Import preference pairs first"),
            tr("The split divides preference pairs by how clearly a reward model tells chosen from rejected."));
        m_first->setText(tr("Go to Data"));
        m_target = PageId::Data;
    } else if (!reward) {
        setTexts(tr("Train a reward model first"),
            models.empty() ? tr(
                "Its scores of both responses give every pair its reward gap, and the gaps are what the split goes by.")
                           : tr("Its scores of both responses give every pair its reward gap. Or let k-fold scoring "
                                "train one for each part of the pairs."));
        m_first->setText(tr("Go to Reward model"));
        m_target = PageId::RewardModel;
    } else {
        setTexts(tr("Score the pairs"),
            tr("The reward model scores both responses of every pair; the differences are the reward gaps to split "
               "by."));
    }
}

} // namespace mpo

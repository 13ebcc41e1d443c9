// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/dpo_page.h"

#include "ui/pages/training_page.h"
#include "ui/view_state.h"

#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace mpo {

DpoPage::DpoPage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_stack(new QStackedWidget(this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    for (const StageKind stage : {StageKind::Dpo, StageKind::Sft}) {
        auto* page = new TrainingPage(stage, bridge, selection, this);
        connect(page, &Page::message, this, &Page::message);
        connect(page, &Page::openPage, this, &Page::openPage);
        m_stack->addWidget(page);
        const bool dpo = stage == StageKind::Dpo;
        QPushButton* other = page->addHeadButton(dpo ? tr("Supervised fine-tuning") : tr("Back to DPO"));
        other->setToolTip(dpo ? tr("A base model learns to answer first") : QString());
        connect(other, &QPushButton::clicked, this, [this, dpo] { showStage(dpo ? "sft" : "dpo"); });
    }
}

void DpoPage::refresh() { static_cast<TrainingPage*>(m_stack->currentWidget())->refresh(); }

QJsonObject DpoPage::choices() const
{
    return {{QStringLiteral("stage"), m_stack->currentIndex()},
        {QStringLiteral("dpo"), viewState(*static_cast<TrainingPage*>(m_stack->widget(0)))},
        {QStringLiteral("sft"), viewState(*static_cast<TrainingPage*>(m_stack->widget(1)))}};
}

void DpoPage::restoreChoices(const QJsonObject& choices)
{
    restoreViewState(*static_cast<TrainingPage*>(m_stack->widget(0)), choices[QStringLiteral("dpo")].toObject());
    restoreViewState(*static_cast<TrainingPage*>(m_stack->widget(1)), choices[QStringLiteral("sft")].toObject());
    m_stack->setCurrentIndex(choices[QStringLiteral("stage")].toInt() == 1 ? 1 : 0);
}

void DpoPage::showStage(const std::string& stage)
{
    m_stack->setCurrentIndex(stage == "sft" ? 1 : 0);
    refresh();
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/dpo_page.h"

#include "ui/pages/training_page.h"

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

void DpoPage::showStage(const std::string& stage)
{
    m_stack->setCurrentIndex(stage == "sft" ? 1 : 0);
    refresh();
}

} // namespace mpo

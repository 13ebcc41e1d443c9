// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/empty_state.h"

#include "ui/style.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace mpo {

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent)
    , m_title(makeHeading({}))
    , m_text(makeHint({}))
    , m_buttons(new QHBoxLayout)
{
    m_title->setAlignment(Qt::AlignCenter);
    m_text->setAlignment(Qt::AlignCenter);
    m_text->setFixedWidth(440);
    m_text->setTextFormat(Qt::PlainText);
    // Between stretches and not by alignment: a layout asks an aligned label for its height at the width of the page.
    auto* centred = new QHBoxLayout;
    centred->addStretch();
    centred->addWidget(m_text);
    centred->addStretch();
    m_buttons->setSpacing(kSpace);
    m_buttons->addStretch();
    m_buttons->addStretch();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addStretch(2);
    layout->addWidget(m_title);
    layout->addLayout(centred);
    layout->addSpacing(kSpace);
    layout->addLayout(m_buttons);
    layout->addStretch(3);
}

void EmptyState::setTexts(const QString& title, const QString& text)
{
    m_title->setText(title);
    m_text->setText(text);
}

QPushButton* EmptyState::addButton(const QString& text)
{
    auto* button = new QPushButton(text);
    m_buttons->insertWidget(m_buttons->count() - 1, button);
    return button;
}

} // namespace mpo

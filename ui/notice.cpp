// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/notice.h"

#include "ui/style.h"

#include <QHBoxLayout>
#include <QHideEvent>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QTimer>

namespace mpo {

Notice::Notice(QWidget* parent)
    : QFrame(parent)
    , m_text(new QLabel)
    , m_close(new QPushButton)
{
    setRole(this, "card");
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_close->setObjectName(QStringLiteral("dismiss"));
    m_close->setIcon(themedIcon(QStringLiteral("close")));
    m_close->setAccessibleName(tr("Dismiss"));
    m_close->setToolTip(tr("Dismiss"));
    setRole(m_close, "quiet");
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2 * kSpace, kSpace / 2, kSpace, kSpace / 2);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_close, 0, Qt::AlignTop);
    connect(m_close, &QPushButton::clicked, this, &Notice::clear);
    hide();
}

void Notice::say(const QString& sentence, bool isError)
{
    setRole(m_text, isError ? "error" : "hint");
    m_text->setText(sentence);
    setVisible(!sentence.isEmpty());
}

void Notice::clear() { say({}); }

void Notice::showEvent(QShowEvent* event)
{
    QFrame::showEvent(event);
    QTimer::singleShot(0, this, [this] { // when the scroll area that it may stand in knows the new size
        for (QWidget* widget = parentWidget(); widget; widget = widget->parentWidget())
            if (auto* area = qobject_cast<QScrollArea*>(widget))
                area->ensureWidgetVisible(this);
    });
}

void Notice::hideEvent(QHideEvent* event)
{
    QFrame::hideEvent(event);
    if (!event->spontaneous() && !m_text->text().isEmpty()) // a window that is minimised has not been left
        clear();
}

void Notice::changeEvent(QEvent* event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_close)
        m_close->setIcon(themedIcon(QStringLiteral("close")));
}

} // namespace mpo

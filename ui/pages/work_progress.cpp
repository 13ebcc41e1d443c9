// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/work_progress.h"

#include "ui/style.h"

#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

namespace mpo {

WorkProgress::WorkProgress(QWidget* parent)
    : QWidget(parent)
    , m_text(makeHint({}))
    , m_bar(new QProgressBar)
{
    m_text->setObjectName(QStringLiteral("progressText"));
    m_text->setTextFormat(Qt::PlainText);
    m_bar->setTextVisible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addWidget(m_text);
    layout->addWidget(m_bar);
    hide();
}

void WorkProgress::showProgress(const QString& what, double share, const QString& detail)
{
    m_text->setText(detail.isEmpty() ? what : what + QStringLiteral(": ") + detail);
    m_bar->setRange(0, share < 0.0 ? 0 : 1000);
    m_bar->setValue(int(share * 1000.0));
    show();
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/find_key.h"

#include <QLineEdit>
#include <QShortcut>

namespace mpo {

void setFindKey(QWidget* page, QLineEdit* edit)
{
    edit->setToolTip(QKeySequence(QKeySequence::Find).toString(QKeySequence::NativeText));
    auto* shortcut = new QShortcut(QKeySequence::Find, page);
    shortcut->setContext(Qt::WidgetWithChildrenShortcut);
    QObject::connect(shortcut, &QShortcut::activated, edit, [edit] {
        edit->setFocus(Qt::ShortcutFocusReason);
        edit->selectAll();
    });
}

} // namespace mpo

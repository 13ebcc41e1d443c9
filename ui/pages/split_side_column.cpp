// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_side_column.h"

#include "ui/style.h"

#include <QHBoxLayout>
#include <QVBoxLayout>
#include <QWidget>

namespace mpo {

namespace {

constexpr int kSideWidth = 256;

} // namespace

void layOutWithSideColumn(
    QWidget* tab, QWidget* view, std::initializer_list<QWidget*> explanation, std::initializer_list<QWidget*> buttons)
{
    auto* side = new QWidget;
    side->setFixedWidth(kSideWidth);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(kSpace);
    for (QWidget* widget : explanation)
        column->addWidget(widget);
    column->addStretch(1);
    for (QWidget* button : buttons)
        column->addWidget(button);
    auto* layout = new QHBoxLayout(tab);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(view, 1);
    layout->addWidget(side);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/form_combo_box.h"

#include <QAbstractItemView>
#include <QStylePainter>
#include <QStyledItemDelegate>
#include <QWheelEvent>

namespace mpo {

FormComboBox::FormComboBox(QWidget* parent)
    : QComboBox(parent)
{
    setItemDelegate(new QStyledItemDelegate(this)); // the one that follows the style sheet
}

QSize FormComboBox::sizeHint() const
{
    // The style counts a few pixels too few for the longest text.
    return QComboBox::sizeHint() + QSize(8, 0);
}

void FormComboBox::showPopup()
{
    QComboBox::showPopup();
    // The style sheet draws the frame of the list.
    if (auto* frame = qobject_cast<QFrame*>(view()->parentWidget()))
        frame->setFrameShape(QFrame::NoFrame);
}

void FormComboBox::wheelEvent(QWheelEvent* event) { event->ignore(); }

void FormComboBox::paintEvent(QPaintEvent*)
{
    QStylePainter painter(this);
    QStyleOptionComboBox option;
    initStyleOption(&option);
    if (currentIndex() < 0) {
        option.palette.setBrush(QPalette::ButtonText, option.palette.placeholderText());
        option.currentText = placeholderText();
    }
    const QRect room = style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, this);
    option.currentText = fontMetrics().elidedText(option.currentText, Qt::ElideRight, room.width() - 2);
    painter.drawComplexControl(QStyle::CC_ComboBox, option);
    painter.drawControl(QStyle::CE_ComboBoxLabel, option);
}

} // namespace mpo

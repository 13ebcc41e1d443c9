// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

namespace mpo {

/// A combo box for a form that scrolls: the wheel scrolls the form and never changes the choice, and a chosen text
/// that does not fit ends in "…" instead of half a letter.
class FormComboBox : public QComboBox
{
public:
    explicit FormComboBox(QWidget* parent = nullptr);

    QSize sizeHint() const override;
    void showPopup() override;

protected:
    void wheelEvent(QWheelEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
};

} // namespace mpo

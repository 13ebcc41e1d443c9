// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QPointer>

namespace mpo {

/// The keys of the program on a card over the window; Esc, F1 or a click closes it.
class CheatSheet : public QFrame
{
    Q_OBJECT
public:
    explicit CheatSheet(QWidget* parent);
    void toggle();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void place();
    void putAway();

    QPointer<QWidget> m_before; ///< had the focus
};

} // namespace mpo

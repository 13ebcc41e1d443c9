// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/engine_bridge.h"

#include <QTimer>
#include <QWidget>

class QLabel;
class QPushButton;

namespace mpo {

/// Above the page of a project that is only read: why, by whom it is written, and a way to write once that has ended.
class WriterBanner : public QWidget
{
    Q_OBJECT
public:
    explicit WriterBanner(EngineBridge& bridge, QWidget* parent = nullptr);

    QString text() const;

Q_SIGNALS:
    void writingRequested(); ///< nobody else writes now

private:
    void showState();

    EngineBridge& m_bridge;
    QLabel* m_text = nullptr;
    QPushButton* m_write = nullptr;
    QTimer m_timer; ///< a program that has no engine tells nothing but that it is there
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/event.h"

#include <QWidget>

class QLabel;
class QTableWidget;

namespace mpo {

/// The table that a demo or recipe ends with, and the way to its report.
class ResultPage : public QWidget
{
    Q_OBJECT
public:
    explicit ResultPage(QWidget* parent = nullptr);

    void showReport(const ReportWritten& report);

Q_SIGNALS:
    void runsRequested();

private:
    QTableWidget* m_table = nullptr;
    QLabel* m_folder = nullptr;
};

} // namespace mpo

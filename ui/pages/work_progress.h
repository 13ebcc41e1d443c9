// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;

namespace mpo {

/// How far the command of a form is: a sentence above a thin bar.
class WorkProgress : public QWidget
{
    Q_OBJECT
public:
    explicit WorkProgress(QWidget* parent = nullptr);

    void showProgress(const QString& what, double share, const QString& detail); ///< share < 0: unknown

private:
    QLabel* m_text = nullptr;
    QProgressBar* m_bar = nullptr;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"

#include <QFrame>

class QButtonGroup;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace mpo {

class ItemPicker;
class Notice;
class Project;
class WorkProgress;

/// What "Score pairs" needs: data, and either a reward model that has not seen them or k folds that each score the
/// others.
class SplitScorePanel : public QFrame
{
    Q_OBJECT
public:
    explicit SplitScorePanel(QWidget* parent = nullptr);

    void refresh(const Project& project, const QString& dataset);
    void showProgress(const QString& what, double share, const QString& detail); ///< share < 0: unknown
    void showIdle(const QString& error = {});

Q_SIGNALS:
    void scoreRequested(const mpo::ScorePairs& command);
    void closed();

private:
    void updateState();
    void start();

    ItemPicker* m_data = nullptr;
    QButtonGroup* m_how = nullptr;
    ItemPicker* m_rewardModel = nullptr;
    ItemPicker* m_base = nullptr;
    QSpinBox* m_folds = nullptr;
    QLineEdit* m_name = nullptr;
    QLabel* m_hint = nullptr;
    Notice* m_error = nullptr;
    WorkProgress* m_progress = nullptr;
    QPushButton* m_start = nullptr;
    QPushButton* m_close = nullptr;
    bool m_busy = false;
    bool m_touched = false; ///< the user has chosen how to score
};

} // namespace mpo

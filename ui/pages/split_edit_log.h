// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/pair_edits.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QStandardItemModel;
class QTableView;

namespace mpo {

/// Who flipped, dropped and brought back which pairs of a data set, oldest first, with undo and redo.
class SplitEditLog : public QWidget
{
    Q_OBJECT
public:
    explicit SplitEditLog(QWidget* parent = nullptr);

    void showLog(std::vector<PairChange> log);
    void setEditable(bool on);

Q_SIGNALS:
    void undoRequested();
    void redoRequested();
    void pairsRequested(const std::vector<std::int64_t>& pairs, const QString& title); ///< to be listed

private:
    void updateState();

    std::vector<PairChange> m_log;
    bool m_editable = true;
    QStandardItemModel* m_model = nullptr;
    QTableView* m_table = nullptr;
    QLabel* m_text = nullptr;
    QPushButton* m_undo = nullptr;
    QPushButton* m_redo = nullptr;
};

} // namespace mpo

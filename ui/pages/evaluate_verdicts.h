// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QComboBox;
class QLabel;
class QTableWidget;

namespace mpo {

class EvaluateItemView;
struct EvaluationContent;
struct SessionReport;

/// Every item of a session that is no longer blind, with what each judge said of it, and its texts. The adjudication
/// queue can be listed alone: items on which people named different winners, or that somebody flagged.
class EvaluateVerdicts : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateVerdicts(QWidget* parent = nullptr);

    void setContent(const EvaluationContent& content, const SessionReport& report);

private:
    enum Filter { Ordinary, Queue, Undecided, Tests };
    void fill();
    void showItem();

    const EvaluationContent* m_content = nullptr; ///< the caller's
    const SessionReport* m_report = nullptr;
    QComboBox* m_filter = nullptr;
    QLabel* m_count = nullptr;
    QTableWidget* m_table = nullptr;
    EvaluateItemView* m_item = nullptr;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/evaluate_result.h"

#include <QWidget>

class QGridLayout;
class QLabel;
class QTableWidget;

namespace mpo {

class WinRateChart;

/// A closed session: who won, how sure that is, and every verdict with its models.
class EvaluateResults : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateResults(Project& project, QWidget* parent = nullptr);

    void open(const EvaluationRow& row); ///< REQUIRES row.closed
    const EvaluationResult& result() const { return m_result; }

    /// Decisive verdicts as preference pairs (prompt, chosen, rejected), one JSON object a line. Throws Error.
    void exportPairs(const QString& file) const;

Q_SIGNALS:
    void left(); ///< back to the list
    void message(const QString& sentence);

private:
    void askExport();
    void addNumber(const QString& name, const QString& value, const QString& toolTip = {});
    void addWinsByGap();
    void fillTable();

    Project& m_project;
    EvaluationRow m_row;
    std::vector<EvaluationItemRow> m_items;
    std::vector<EvaluationItemInput> m_key;
    EvaluationResult m_result;
    QLabel* m_title = nullptr;
    QLabel* m_headline = nullptr;
    QLabel* m_verdict = nullptr;
    WinRateChart* m_chart = nullptr;
    QWidget* m_numbers = nullptr;
    QGridLayout* m_grid = nullptr;
    QTableWidget* m_table = nullptr;
};

} // namespace mpo

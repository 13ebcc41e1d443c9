// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"
#include "core/engine/evaluation_report.h"
#include "core/engine/judgment_export.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTabWidget;
class QTableWidget;
class QVBoxLayout;

namespace mpo {

class EvaluateRanking;
class EvaluateVerdicts;
class WinRateChart;

/// A session that is closed, or was opened early: who won and how sure that is, how its judges agree and can be relied
/// on, every verdict with its models, and where it stands among other sessions. Shows the report of `mpo evaluate
/// report` and computes nothing itself.
class EvaluateResults : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateResults(Project& project, QWidget* parent = nullptr);

    void open(const EvaluationRow& row, Early early); ///< throws Error, as openEvaluation()
    const SessionReport& report() const { return m_report; }

    /// As `mpo evaluate export`. Throws Error.
    ExportedJudgments exportVerdicts(JudgmentFormat format, const QString& file) const;
    void exportSession(const QString& file) const;
    void exportChart(const QString& file) const; ///< .svg or .png
    void takeIntoProject(); ///< asks for a new data set of the project with the pairs that have a winner

Q_SIGNALS:
    void importRequested(const mpo::ImportDataset& command); ///< the verdicts as a data set of the project
    void left(); ///< back to the list
    void message(const QString& sentence);

private:
    QWidget* makeHead();
    QWidget* makeOutcome();
    QWidget* makeJudges();
    void showLog();

    Project& m_project;
    EvaluationContent m_content;
    SessionReport m_report;
    QLabel* m_title = nullptr;
    QLabel* m_headline = nullptr;
    QLabel* m_verdict = nullptr;
    QLabel* m_warning = nullptr;
    QTabWidget* m_tabs = nullptr;
    WinRateChart* m_chart = nullptr;
    QTableWidget* m_outcome = nullptr;
    QTableWidget* m_gaps = nullptr;
    QLabel* m_gapsHeading = nullptr;
    QTableWidget* m_criteria = nullptr;
    QLabel* m_criteriaHeading = nullptr;
    QTableWidget* m_judges = nullptr;
    QTableWidget* m_agreement = nullptr;
    QLabel* m_alpha = nullptr;
    QTableWidget* m_models = nullptr;
    QTableWidget* m_log = nullptr;
    EvaluateVerdicts* m_verdicts = nullptr;
    EvaluateRanking* m_ranking = nullptr;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_ranking.h"

#include "core/engine/evaluation_report.h"
#include "core/evaluation/report_tables.h"
#include "ui/format.h"
#include "ui/forms/report_table.h"
#include "ui/pages/evaluate_result.h"
#include "ui/style.h"

#include <QLabel>
#include <QListWidget>
#include <QSignalBlocker>
#include <QTableWidget>
#include <QVBoxLayout>

#include <set>

namespace mpo {

EvaluateRanking::EvaluateRanking(Project& project, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_sessions(new QListWidget)
    , m_note(makeHint({}))
    , m_ratings(makeReportTable(tr("Ratings")))
    , m_tests(makeReportTable(tr("Tests")))
{
    m_sessions->setObjectName(QStringLiteral("rankedSessions"));
    m_sessions->setAccessibleName(tr("Sessions that are ranked"));
    m_sessions->setFixedWidth(240);
    m_ratings->setObjectName(QStringLiteral("ratings"));
    m_tests->setObjectName(QStringLiteral("tests"));
    auto* tables = new QVBoxLayout;
    tables->setSpacing(kSpace);
    tables->addWidget(m_ratings);
    tables->addWidget(makeHint(tr("Ratings: Bradley-Terry on the scale of Elo, ties as half a win, and Davidson, with "
                                  "95 % intervals over prompts.")));
    tables->addSpacing(kSpace);
    tables->addWidget(m_tests);
    tables->addWidget(makeHint(tr("After Holm: with all of these sessions tested at once, values below 0.05 are "
                                  "differences.")));
    tables->addWidget(m_note);
    tables->addStretch();
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_sessions);
    layout->addLayout(tables, 1);
    connect(m_sessions, &QListWidget::itemChanged, this, &EvaluateRanking::rank);
}

int EvaluateRanking::sessions() const { return m_sessions->count(); }

void EvaluateRanking::refresh()
{
    {
        const QSignalBlocker blocker(m_sessions);
        std::set<QString> left;
        for (int i = 0; i < m_sessions->count(); ++i)
            if (m_sessions->item(i)->checkState() == Qt::Unchecked)
                left.insert(m_sessions->item(i)->text());
        m_sessions->clear();
        for (const EvaluationRow& row : m_project.evaluations()) {
            if (!row.closed)
                continue;
            auto* item = new QListWidgetItem(toQString(row.name), m_sessions);
            item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable | Qt::ItemIsSelectable);
            item->setCheckState(left.contains(item->text()) ? Qt::Unchecked : Qt::Checked);
            item->setToolTip(tr("%1 against %2").arg(sourceNames(row).a, sourceNames(row).b));
        }
    }
    rank();
}

void EvaluateRanking::rank()
{
    std::vector<RankedSession> sessions;
    QString problem;
    for (int i = 0; i < m_sessions->count(); ++i)
        if (m_sessions->item(i)->checkState() == Qt::Checked)
            try {
                sessions.push_back(rankedSession(openEvaluation(m_project, m_sessions->item(i)->text().toStdString())));
            } catch (const std::exception& error) {
                problem = toQString(error.what());
            }
    const SourceRanking ranking = rankSources(sessions);
    showReportTable(m_ratings, ratingTable(ranking));
    showReportTable(m_tests, testTable(ranking));
    if (problem.isEmpty() && sessions.empty())
        problem = tr("Choose the sessions that are to be ranked.");
    else if (problem.isEmpty() && !ranking.bradleyTerry.fit.linked)
        problem = tr("Not every source was compared with every other, directly or through others: their ratings cannot "
                     "be compared either.");
    m_note->setText(problem);
}

} // namespace mpo

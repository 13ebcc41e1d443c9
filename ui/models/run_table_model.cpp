// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_table_model.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QDateTime>

#include <algorithm>
#include <array>

namespace mpo {

namespace {

struct Judge
{
    std::string_view stage, metric;
};
/// The first one that the run has.
constexpr std::array kJudges {Judge {"sft", "eval_loss"}, Judge {"sft", "loss"}, Judge {"reward", "eval_accuracy"},
    Judge {"reward", "accuracy"}, Judge {"dpo", "rewards/accuracies"}, Judge {"ppo", "objective/scores"}};

QDateTime timeOf(const std::string& utc) { return QDateTime::fromString(toQString(utc), Qt::ISODate); }

QColor colourOf(RunState state)
{
    const Colours& c = colours();
    switch (state) {
    case RunState::Running:
        return c.accent;
    case RunState::Finished:
        return c.good;
    case RunState::Failed:
        return c.bad;
    default:
        return c.warning;
    }
}

} // namespace

void RunTableModel::setRuns(const Project* project, std::vector<RunRow> runs)
{
    beginResetModel();
    m_project = project;
    m_runs = std::move(runs);
    endResetModel();
}

int RunTableModel::rowOf(std::int64_t run) const
{
    const auto found = std::find_if(m_runs.begin(), m_runs.end(), [&](const RunRow& row) { return row.id == run; });
    return found == m_runs.end() ? -1 : int(found - m_runs.begin());
}

void RunTableModel::setProgress(std::int64_t run, std::int64_t step, std::int64_t total)
{
    const int row = rowOf(run);
    if (row < 0)
        return;
    m_runs[std::size_t(row)].steps = step;
    m_runs[std::size_t(row)].totalSteps = total;
    Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

int RunTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_runs.size()); }

int RunTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QString RunTableModel::result(const RunRow& run) const
{
    if (const auto known = m_results.constFind({run.id, run.steps}); known != m_results.constEnd())
        return *known;
    QString text;
    const std::vector<MetricSeries> all = m_project->metrics(run.id);
    for (const Judge& judge : kJudges) {
        const auto found = std::find_if(all.begin(), all.end(),
            [&](const MetricSeries& series) { return run.stage == judge.stage && series.name == judge.metric; });
        if (found != all.end() && !found->points.empty()) {
            text = QStringLiteral("%1 %2").arg(toQString(judge.metric), formatNumber(found->points.back().value, 3));
            break;
        }
    }
    m_results.insert({run.id, run.steps}, text);
    return text;
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RunRow& row = m_runs[std::size_t(index.row())];
    if (role == Qt::ForegroundRole && index.column() == State)
        return colourOf(row.state);
    if (role == Qt::ToolTipRole && index.column() == State && !row.message.empty())
        return toQString(row.message);
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Id:
        return qint64(row.id);
    case Stage:
        return toQString(row.stage);
    case Name:
        return toQString(row.name);
    case State:
        return toQString(runStateName(row.state));
    case Steps:
        return row.totalSteps > row.steps
            ? QStringLiteral("%1 / %2").arg(formatCount(row.steps), formatCount(row.totalSteps))
            : formatCount(row.steps);
    case Started:
        return formatTime(row.started);
    case Duration: {
        const QDateTime end = row.ended.empty() ? QDateTime::currentDateTimeUtc() : timeOf(row.ended);
        return row.ended.empty() && row.state != RunState::Running
            ? QStringLiteral("–")
            : formatDuration(double(timeOf(row.started).secsTo(end)));
    }
    default:
        return result(row);
    }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    static const std::array<const char*, ColumnCount> titles {
        "Run", "Stage", "Makes", "State", "Steps", "Started", "Took", "Result"};
    return tr(titles[std::size_t(section)]);
}

} // namespace mpo

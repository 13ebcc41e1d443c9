// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_table_model.h"

#include "core/hub/hub_cache.h"
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
    changed(row);
}

void RunTableModel::changed(int row)
{
    if (row >= 0)
        Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

void RunTableModel::setTags(std::int64_t run, const std::vector<std::string>& tags)
{
    const int row = rowOf(run);
    if (row >= 0)
        m_runs[std::size_t(row)].tags = tags;
    changed(row);
}

void RunTableModel::setNote(std::int64_t run, const std::string& note)
{
    const int row = rowOf(run);
    if (row >= 0)
        m_runs[std::size_t(row)].note = note;
    changed(row);
}

void RunTableModel::setDiskUse(std::int64_t run, std::uint64_t bytes)
{
    m_diskUse[run] = bytes;
    changed(rowOf(run));
}

std::optional<std::uint64_t> RunTableModel::diskUse(std::int64_t run) const
{
    const auto found = m_diskUse.constFind(run);
    return found == m_diskUse.constEnd() ? std::nullopt : std::optional<std::uint64_t>(*found);
}

bool RunTableModel::matches(int row, const QStringList& words) const
{
    const RunRow& run = m_runs[std::size_t(row)];
    QStringList texts {QString::number(run.id), toQString(run.stage), toQString(run.name),
        toQString(runStateName(run.state)), toQString(run.note), toQString(toLine(run.config))};
    for (const std::string& tag : run.tags)
        texts << toQString(tag);
    return std::all_of(words.begin(), words.end(), [&](const QString& word) {
        return std::any_of(
            texts.begin(), texts.end(), [&](const QString& text) { return text.contains(word, Qt::CaseInsensitive); });
    });
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

QVariant RunTableModel::sortValue(const RunRow& row, int column) const
{
    switch (column) {
    case Id:
        return qint64(row.id);
    case Steps:
        return qint64(row.steps);
    case Started:
        return timeOf(row.started);
    case Duration:
        return row.ended.empty() ? qint64(-1) : timeOf(row.started).secsTo(timeOf(row.ended));
    case Disk:
        return m_diskUse.value(row.id, 0);
    default:
        return data(index(rowOf(row.id), column));
    }
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RunRow& row = m_runs[std::size_t(index.row())];
    if (role == Qt::ForegroundRole && index.column() == State)
        return colourOf(row.state);
    if (role == kSortRole)
        return sortValue(row, index.column());
    if (role == Qt::TextAlignmentRole && (index.column() == Steps || index.column() == Disk))
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && index.column() == Name)
        return row.note.empty() ? toQString(row.name) : toQString(row.name + "\n\n" + row.note);
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
    case Result:
        return result(row);
    case Tags: {
        QStringList tags;
        for (const std::string& tag : row.tags)
            tags << toQString(tag);
        return tags.join(QStringLiteral(", "));
    }
    default:
        return m_diskUse.contains(row.id) ? toQString(bytesText(m_diskUse[row.id])) : QString();
    }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole && (section == Steps || section == Disk))
        return int(Qt::AlignRight | Qt::AlignVCenter);
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    static const std::array<const char*, ColumnCount> titles {
        "Run", "Stage", "Makes", "State", "Steps", "Started", "Took", "Result", "Tags", "Disk"};
    return tr(titles[std::size_t(section)]);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/import_issue_model.h"

#include "ui/format.h"

namespace mpo {

namespace {

QString kindText(ImportIssue::Kind kind)
{
    switch (kind) {
    case ImportIssue::Kind::Malformed:
        return ImportIssueModel::tr("Malformed");
    case ImportIssue::Kind::EmptyAnswer:
        return ImportIssueModel::tr("Empty response");
    case ImportIssue::Kind::IdenticalResponses:
        return ImportIssueModel::tr("Identical responses");
    case ImportIssue::Kind::Duplicate:
        return ImportIssueModel::tr("Duplicate");
    case ImportIssue::Kind::Tie:
        return ImportIssueModel::tr("Tie");
    case ImportIssue::Kind::Unpaired:
        return ImportIssueModel::tr("Not paired");
    }
    return {};
}

} // namespace

void ImportIssueModel::setIssues(std::vector<ImportIssue> issues)
{
    beginResetModel();
    m_issues = std::move(issues);
    endResetModel();
}

int ImportIssueModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : int(m_issues.size()); }

int ImportIssueModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant ImportIssueModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid) || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    const ImportIssue& issue = m_issues[std::size_t(index.row())];
    switch (index.column()) {
    case Line:
        return formatCount(issue.line);
    case Kind:
        return kindText(issue.kind);
    default:
        return toQString(issue.reason);
    }
}

QVariant ImportIssueModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    return section == Line ? tr("Line") : section == Kind ? tr("What") : tr("Why");
}

} // namespace mpo

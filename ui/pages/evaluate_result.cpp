// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_result.h"

#include "ui/format.h"

#include <QObject>
#include <QRegularExpression>
#include <QStringList>

#include <filesystem>

namespace mpo {

bool isIdentical(const EvaluationItemRow& item) { return item.left == item.right; }

SourceNames sourceNames(const EvaluationRow& row)
{
    const auto last = [](const std::string& source) {
        const std::filesystem::path path(source);
        return toQString((path.has_filename() ? path : path.parent_path()).filename().string());
    };
    const SourceNames names {last(row.sourceA), last(row.sourceB)};
    return names.a != names.b ? names : SourceNames {toQString(row.sourceA), toQString(row.sourceB)};
}

ReportSources reportSources(const EvaluationRow& row)
{
    const SourceNames names = sourceNames(row);
    return {names.a.toStdString(), names.b.toStdString()};
}

QString blindName(const EvaluationRow& row)
{
    const QString name = toQString(row.name);
    if (row.closed)
        return name;
    // Any word of a model's name gives it away; a session hidden without need costs nothing.
    static const QRegularExpression separators(QStringLiteral("[^\\p{L}\\p{N}]+"));
    for (const std::string& source : {row.sourceA, row.sourceB}) {
        const QStringList words = toQString(std::filesystem::path(source).filename().string()).split(separators);
        for (const QString& word : words)
            if (word.size() >= 3 && name.contains(word, Qt::CaseInsensitive))
                return QObject::tr("Session %1").arg(row.id);
    }
    return name;
}

} // namespace mpo

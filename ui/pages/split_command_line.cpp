// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_command_line.h"

#include "ui/format.h"

#include <QLocale>
#include <QStringList>

#include <algorithm>

namespace mpo {

namespace {

QString shellWord(const std::string& word)
{
    const QString text = toQString(word);
    const bool safe = !text.isEmpty() && std::all_of(text.begin(), text.end(), [](QChar c) {
        const char latin = c.toLatin1();
        return (latin >= 'a' && latin <= 'z') || (latin >= 'A' && latin <= 'Z') || (latin >= '0' && latin <= '9')
            || (latin != 0 && QLatin1String("_-./:+,@%").contains(QLatin1Char(latin)));
    });
    const QLatin1Char quote('\'');
    return safe ? text : quote + QString(text).replace(quote, QLatin1String("'\\''")) + quote;
}

/// "--gap 0.5", with the shortest text that reads back as the same number; "--gap=-0.5", or the parser would take the
/// number for an option.
QString option(const char* name, double value)
{
    return QStringLiteral("%1%2%3").arg(QLatin1String(name), value < 0.0 ? QStringLiteral("=") : QStringLiteral(" "),
        QString::number(value, 'g', QLocale::FloatingPointShortest));
}

const char* actionName(ContradictoryAction action)
{
    switch (action) {
    case ContradictoryAction::TreatAsHard:
        return "hard";
    case ContradictoryAction::Drop:
        return "drop";
    case ContradictoryAction::Flip:
        return "flip";
    case ContradictoryAction::Keep:
        return "keep";
    }
    return "hard";
}

const char* thresholdOption(SplitRule::By by)
{
    return by == SplitRule::By::Gap ? "--gap" : by == SplitRule::By::Confidence ? "--confidence" : "--easy-share";
}

} // namespace

QString splitCommandLine(const SplitPairs& split, const std::filesystem::path& project, bool lines)
{
    QStringList parts {QStringLiteral("mpo split"), QStringLiteral("--data ") + shellWord(split.data),
        QStringLiteral("--scores ") + shellWord(split.scoreSet),
        option(thresholdOption(split.rule.by), split.rule.value)};
    if (split.rule.absolute)
        parts << QStringLiteral("--absolute");
    if (split.rule.contradictory)
        parts << option("--contradictory", *split.rule.contradictory)
              << QStringLiteral("--contradictory-action ") + QLatin1String(actionName(split.rule.action));
    if (!split.name.empty())
        parts << QStringLiteral("--name ") + shellWord(split.name);
    parts << QStringLiteral("--project ") + shellWord(project.string());
    return parts.join(lines ? QStringLiteral(" \\\n  ") : QStringLiteral(" "));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_command_line.h"

#include "core/engine/train_config.h"
#include "core/support/shell.h"
#include "ui/format.h"

#include <QStringList>

namespace mpo {

QString splitCommandLine(const SplitPairs& split, const std::filesystem::path& project, bool lines)
{
    std::vector<std::string> words = argumentsOf(split);
    words.insert(words.end(), {"--project", project.string()});
    QStringList parts {QStringLiteral("mpo")}; // each option with its value
    for (const std::string& word : words) {
        const QString text = toQString(shellQuoted(word));
        if (word.starts_with("--"))
            parts << text;
        else
            parts.last() += QLatin1Char(' ') + text;
    }
    return parts.join(lines ? QStringLiteral(" \\\n  ") : QStringLiteral(" "));
}

} // namespace mpo

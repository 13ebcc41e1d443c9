// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/background_run.h"

#include "core/engine/train_config.h"
#include "ui/format.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QProcess>

namespace mpo {

namespace {

/// Beside the program of the window, as it is built and installed. MPO_PROGRAM names another, for tests.
QString commandLineProgram()
{
    const QString named = qEnvironmentVariable("MPO_PROGRAM");
    return named.isEmpty() ? QCoreApplication::applicationDirPath() + QStringLiteral("/mpo") : named;
}

constexpr int kWaitSeconds = 600; // the window may have much to write before it is gone

} // namespace

bool canRunInBackground(const Command& command)
{
    return argumentsOf(command) && QFileInfo(commandLineProgram()).isExecutable();
}

QString startInBackground(
    const Command& command, const std::filesystem::path& project, const std::filesystem::path& log)
{
    Command again = command;
    if (auto* train = std::get_if<TrainStage>(&again))
        train->restart = false;
    const auto words = argumentsOf(again);
    if (!words)
        return QCoreApplication::translate("mpo", "This cannot go on in the background.");
    QStringList arguments {QStringLiteral("--project"), toQString(project.string()), QStringLiteral("--wait"),
        QString::number(kWaitSeconds)};
    for (const std::string& word : *words)
        arguments << toQString(word);
    QProcess process;
    process.setProgram(commandLineProgram());
    process.setArguments(arguments);
    process.setWorkingDirectory(QDir::currentPath()); // models and data may be named from here
    process.setStandardInputFile(QProcess::nullDevice());
    process.setStandardOutputFile(toQString(log.string()), QIODevice::Append);
    process.setStandardErrorFile(toQString(log.string()), QIODevice::Append);
    return process.startDetached() // a session of its own: it outlives window and terminal
        ? QString()
        : QCoreApplication::translate("mpo", "%1 could not be started: %2")
              .arg(commandLineProgram(), process.errorString());
}

} // namespace mpo

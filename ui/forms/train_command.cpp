// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/train_command.h"

#include "core/engine/train_config.h"
#include "core/support/shell.h"
#include "ui/format.h"

#include <QCoreApplication>
#include <QStringList>

namespace mpo {

QString commandLineOf(const TrainStage& command, const std::filesystem::path& project)
{
    QStringList words {QStringLiteral("mpo"), QStringLiteral("--project"), toQString(shellQuoted(project.string()))};
    for (const std::string& word : argumentsOf(command))
        words << toQString(shellQuoted(word));
    return words.join(QLatin1Char(' '));
}

namespace {

/// A folder that was browsed to, but holds no model: most often the one above or below it was meant.
bool isOtherFolder(const std::string& model)
{
    const std::filesystem::path folder = model;
    std::error_code ignored;
    return folder.is_absolute() && std::filesystem::is_directory(folder, ignored) && !isModelFolder(folder);
}

} // namespace

QString missingIn(const TrainStage& command)
{
    const auto say = [](const char* sentence) { return QCoreApplication::translate("mpo", sentence); };
    if (command.model.empty())
        return say("Choose a model to start from, or browse for a Hugging Face folder.");
    if (command.data.empty())
        return say("Choose a data set, or import one on the Data page.");
    if (command.stage == StageKind::Ppo && command.rewardModel.empty())
        return say("PPO needs a reward model. Train one on the Reward model page.");
    if (command.out.empty())
        return say("Give the new model a name.");
    for (const std::string& model : {command.model, command.rewardModel, command.sftModel, command.reference})
        if (isOtherFolder(model))
            return say("There is no model in %1: choose the folder that holds its config.json.")
                .arg(formatFolder(toQString(model)));
    return {};
}

} // namespace mpo

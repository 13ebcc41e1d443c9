// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/train_command.h"

#include "ui/format.h"
#include "ui/forms/settings_form.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

namespace mpo {

namespace {

/// For a POSIX shell.
QString quoted(const std::string& text)
{
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_./:=+,@%-]+$"));
    QString word = toQString(text);
    if (plain.match(word).hasMatch())
        return word;
    return QLatin1Char('\'') + word.replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

} // namespace

QString commandLineOf(const TrainStage& command, const std::filesystem::path& project)
{
    QStringList words {QStringLiteral("mpo"), QStringLiteral("--project"), quoted(project.string()),
        QStringLiteral("train"), toQString(stageName(command.stage))};
    const auto add = [&](const char* option, const std::string& value) {
        if (!value.empty())
            words << QLatin1String(option) << quoted(value);
    };
    add("--model", command.model);
    add("--data", command.data);
    add("--out", command.out);
    add("--reward-model", command.rewardModel);
    add("--reference", command.reference);
    add("--sft-model", command.sftModel);
    add("--split", command.split);
    add("--bucket", command.splitBucket);
    if (command.limit > 0)
        add("--limit", std::to_string(command.limit));
    if (command.restart)
        words << QStringLiteral("--restart");
    for (const SettingInfo& info : settingInfos(command.stage))
        if (!command.settings.isDefault(info.name))
            words << QStringLiteral("--set")
                  << quoted(
                         std::string(info.name) + '=' + settingText(command.settings.value(info.name)).toStdString());
    return words.join(QLatin1Char(' '));
}

TrainStage commandOfRun(StageKind stage, const Json& config)
{
    TrainStage command;
    command.stage = stage;
    const auto text = [&](const char* key) {
        const auto found = config.find(key);
        return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    command.model = text("model");
    command.data = text("data");
    command.out = text("out");
    command.rewardModel = text("reward_model");
    command.reference = text("reference");
    command.sftModel = text("sft_model");
    command.split = text("split");
    command.splitBucket = text("bucket");
    if (const auto limit = config.find("limit"); limit != config.end() && limit->is_number_integer())
        command.limit = limit->get<std::int64_t>();
    const auto settings = config.find("settings");
    command.settings
        = settings != config.end() && settings->is_object() ? Settings::fromJson(stage, *settings) : Settings(stage);
    return command;
}

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
    return {};
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/rank_jobs.h"

#include "core/engine/train_config.h"
#include "core/support/error.h"

namespace mpo {

Json jobOf(const TrainStage& command)
{
    Json job = configOf(command);
    job["train"] = stageName(command.stage);
    return job;
}

Json jobOf(const ScorePairs& command)
{
    return {{"data", command.data}, {"reward_model", command.rewardModel}, {"model", command.model},
        {"folds", command.folds}, {"settings", command.settings.toJson()}, {"adapter", command.adapter},
        {"name", command.name}, {"limit", command.limit}};
}

Command commandOf(const Json& job)
{
    const auto text = [&](const char* key) { return job.at(key).get<std::string>(); };
    if (job.contains("train")) {
        TrainStage command = commandOfRun(stageFromName(text("train")), job);
        command.restart = true; // whether there is something to go on with was rank 0's to find out
        return command;
    }
    ScorePairs command;
    command.data = text("data");
    command.rewardModel = text("reward_model");
    command.model = text("model");
    command.folds = job.at("folds").get<int>();
    command.settings = Settings::fromJson(StageKind::Reward, job.at("settings"));
    command.adapter = text("adapter");
    command.name = text("name");
    command.limit = job.at("limit").get<std::int64_t>();
    return command;
}

} // namespace mpo

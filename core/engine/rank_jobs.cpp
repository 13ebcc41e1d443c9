// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/rank_jobs.h"

#include "core/support/error.h"

namespace mpo {

Json jobOf(const TrainStage& command)
{
    return {{"train", stageName(command.stage)}, {"model", command.model}, {"data", command.data}, {"out", command.out},
        {"settings", command.settings.toJson()}, {"reward_model", command.rewardModel},
        {"reference", command.reference}, {"sft_model", command.sftModel}, {"adapter", command.adapter},
        {"split", command.split}, {"bucket", command.splitBucket}, {"limit", command.limit}};
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
        TrainStage command;
        command.stage = stageFromName(text("train"));
        command.model = text("model");
        command.data = text("data");
        command.out = text("out");
        command.settings = Settings::fromJson(command.stage, job.at("settings"));
        command.rewardModel = text("reward_model");
        command.reference = text("reference");
        command.sftModel = text("sft_model");
        command.adapter = text("adapter");
        command.split = text("split");
        command.splitBucket = text("bucket");
        command.limit = job.at("limit").get<std::int64_t>();
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

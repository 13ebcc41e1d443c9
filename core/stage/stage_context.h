// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"
#include "core/parallel/communicator.h"
#include "core/store/project.h"
#include "core/support/metric_names.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace mpo {

/// What a training loop may touch of the world. Every function may be empty.
struct StageContext
{
    Settings settings {StageKind::Sft};
    std::stop_token stop;
    std::function<void()> breathe; ///< passes the pause gate; called at every micro-batch
    std::function<bool()> paused; ///< for a run of several processes, which wait at the gate together
    std::shared_ptr<Communicator> ranks = aloneCommunicator(); ///< the processes that divide the work
    std::function<void(std::int64_t step, std::int64_t totalSteps, const Metrics&)> metrics;
    std::function<void(const std::string& what, double share, const std::string& detail)> progress;
    std::function<void(const std::string&)> info, warning;
    std::function<void(const std::vector<SampleRow>&)> samples;
    std::function<void(const std::vector<AlarmRow>&)> alarms; ///< that begin with the step whose metrics came last
    std::function<void(std::int64_t step, const std::vector<std::string>& names)> alarmsPassed;
    std::filesystem::path checkpoints; ///< folder for checkpoints; empty: none are written or read
    std::function<bool()> checkpointAsked; ///< true once for each request to write one now
    std::function<void(std::int64_t step, bool requested)> checkpointWritten;
    std::function<bool()> discards; ///< a stop writes no checkpoint: all of them are thrown away

    /// Passes the pause gate, and calls `write` for a checkpoint that is asked for, also while paused. All ranks call
    /// it at the same places and get the same answer.
    bool stopped(const std::function<void()>& write = {}) const;
};

struct StageOutcome
{
    std::int64_t steps = 0, totalSteps = 0;
    bool stopped = false; ///< on request, before the end
    std::int64_t resumedAt = 0; ///< > 0: went on from a checkpoint
    bool endedEarly = false; ///< by early_stop_patience
    std::string note; ///< one sentence on how it ended; may be empty
    std::int64_t bestStep = -1; ///< step of the best weights where settings want them kept; -1: none
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/stage/checkpoint.h"
#include "core/stage/stage_context.h"

#include <chrono>
#include <functional>
#include <optional>

namespace mpo {

/// The checkpoints of one run: when they are written, and which of them may be gone on with.
class CheckpointKeeper
{
public:
    /// Adds what the stage needs to go on, at the moment it is called.
    using Fill = std::function<void(Json& values, NamedTensors& tensors)>;

    /// `identity`: digests by what they are of ("model", "data", "reference", ...); settings and machine are added
    /// here.
    CheckpointKeeper(const StageContext& context, Json identity, Fill fill);

    /// The newest that verifies; every rank gets it. Throws Error when it was made with other settings, models or data;
    /// warns when on another machine, where the same numbers cannot be promised.
    std::optional<Checkpoint> newest() const;

    /// Passes the pause gate and writes a checkpoint that was asked for, `stepsDone` being the last whole step. True:
    /// the run is to stop.
    bool stopped(std::int64_t stepsDone);
    bool due(std::int64_t stepsDone) const; ///< after a step, by steps or by time; on rank 0 only
    bool dueBySteps(std::int64_t stepsDone) const; ///< on every rank, wherever the checkpoints are
    bool dueByTime() const; ///< also between steps; never when checkpoints go by steps
    /// Where there is a folder for them. False, and nothing is written: a weight is not finite. Throws Error when it
    /// cannot be written.
    bool write(std::int64_t stepsDone);
    /// At a stop on request: writes unless the checkpoints are to be thrown away.
    void writeAtStop(std::int64_t stepsDone);

private:
    bool write(std::int64_t stepsDone, bool requested);
    bool active() const { return !m_context.checkpoints.empty(); }

    const StageContext& m_context;
    Json m_identity, m_machine;
    Fill m_fill;
    std::int64_t m_everySteps, m_keep;
    std::chrono::duration<double> m_interval; ///< 0: never by time
    std::chrono::steady_clock::time_point m_next;
};

} // namespace mpo

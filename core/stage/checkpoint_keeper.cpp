// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/checkpoint_keeper.h"

#include "core/stage/optimizer.h"
#include "core/stage/run_identity.h"
#include "core/stage/shared_checkpoint.h"
#include "core/support/error.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace mpo {

namespace {

constexpr int kWriteTimesBetween = 30; // writing costs at most 1/30 of the time

std::string textOf(const Json& value)
{
    return value.is_null() ? "nothing" : value.is_string() ? value.get<std::string>() : value.dump();
}

/// "learning_rate was 0.1 and is 0.2": the first key whose value differs, with `values` false only its name.
std::string difference(const Json& then, const Json& now, bool values)
{
    const auto of
        = [](const Json& object, const std::string& key) { return object.contains(key) ? object.at(key) : Json(); };
    std::vector<std::string> keys;
    for (const Json* object : {&then, &now})
        for (const auto& [key, value] : object->items())
            keys.push_back(key);
    for (const std::string& key : keys)
        if (of(then, key) != of(now, key))
            return values ? fmt::format("{} was {} and is {}", key, textOf(of(then, key)), textOf(of(now, key))) : key;
    return {};
}

} // namespace

CheckpointKeeper::CheckpointKeeper(const StageContext& context, Json identity, Fill fill)
    : m_context(context)
    , m_identity(std::move(identity))
    , m_machine(machineOf(context.settings, context.ranks->size()))
    , m_fill(std::move(fill))
    , m_everySteps(context.settings.integer("checkpoint_every"))
    , m_keep(context.settings.integer("keep_checkpoints"))
    , m_interval(60.0 * context.settings.real("checkpoint_minutes"))
    , m_next(std::chrono::steady_clock::now()
          + std::chrono::duration_cast<std::chrono::steady_clock::duration>(m_interval))
{
}

std::optional<Checkpoint> CheckpointKeeper::newest() const
{
    auto checkpoint = newestCheckpoint(m_context);
    if (!checkpoint || !active()) // rank 0 looks whether it fits
        return checkpoint;
    const Json& values = checkpoint->values;
    if (values.contains("settings"))
        if (const auto other = difference(values["settings"], m_context.settings.resultJson(), true); !other.empty())
            fail(
                "The checkpoint of step {} was made with other settings: {}; set it back, or begin anew with --restart",
                checkpoint->step, other);
    if (values.contains("identity"))
        if (const auto other = difference(values["identity"], m_identity, false); !other.empty())
            fail("The checkpoint of step {} was made with another {} than the one there is now; bring that back, or "
                 "begin anew with --restart",
                checkpoint->step, other);
    if (values.contains("machine") && m_context.warning)
        if (const auto other = difference(values["machine"], m_machine, true); !other.empty())
            m_context.warning(
                fmt::format("The checkpoint of step {} was made on a machine of another kind ({}): the run "
                            "goes on, but its numbers may differ in the last digits from those of a run "
                            "in one go",
                    checkpoint->step, other));
    return checkpoint;
}

bool CheckpointKeeper::stopped(std::int64_t stepsDone)
{
    return m_context.stopped([&] {
        if (active())
            write(stepsDone, true);
    });
}

bool CheckpointKeeper::due(std::int64_t stepsDone) const { return active() && (dueBySteps(stepsDone) || dueByTime()); }

bool CheckpointKeeper::dueBySteps(std::int64_t stepsDone) const
{
    return m_everySteps > 0 && stepsDone % m_everySteps == 0;
}

bool CheckpointKeeper::dueByTime() const
{
    return active() && m_everySteps == 0 && m_interval.count() > 0.0 && std::chrono::steady_clock::now() >= m_next;
}

bool CheckpointKeeper::write(std::int64_t stepsDone) { return write(stepsDone, false); }

void CheckpointKeeper::writeAtStop(std::int64_t stepsDone)
{
    if (active() && !(m_context.discards && m_context.discards()))
        write(stepsDone, false);
}

bool CheckpointKeeper::write(std::int64_t stepsDone, bool requested)
{
    if (!active())
        return true;
    const auto begin = std::chrono::steady_clock::now();
    Json values {{"settings", m_context.settings.resultJson()}, {"identity", m_identity}, {"machine", m_machine}};
    NamedTensors tensors;
    m_fill(values, tensors);
    if (!allFinite(tensors)) {
        if (requested && m_context.warning)
            m_context.warning("No checkpoint is written: a weight is not a finite number any more");
        return false;
    }
    try {
        writeCheckpoint(m_context.checkpoints, stepsDone, values, tensors, m_keep);
    } catch (const Error& error) {
        if (!requested) // the run would go on without what it needs to go on after it
            throw;
        if (m_context.warning)
            m_context.warning(error.what());
        return true;
    }
    const auto end = std::chrono::steady_clock::now();
    m_next = end
        + std::max(std::chrono::duration_cast<std::chrono::steady_clock::duration>(m_interval),
            kWriteTimesBetween * (end - begin));
    if (m_context.checkpointWritten)
        m_context.checkpointWritten(stepsDone, requested);
    return true;
}

} // namespace mpo

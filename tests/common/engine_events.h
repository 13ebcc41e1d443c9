// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/engine.h"
#include "core/store/project.h"
#include "core/support/error.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

/// Carries a command out on an engine of its own; all events of one kind that it sent. Throws Error when it failed.
/// hear: is told of every event, on the engine's thread
template<class Wanted>
std::vector<Wanted> eventsOf(const std::shared_ptr<mpo::Project>& project, const mpo::Command& command,
    const std::function<void(const mpo::Event&)>& hear = {})
{
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<Wanted> events;
    std::optional<mpo::CommandFinished> finished;
    mpo::Engine engine(project, [&](mpo::Event event) {
        const std::lock_guard lock(mutex);
        if (hear)
            hear(event);
        if (auto* wanted = std::get_if<Wanted>(&event))
            events.push_back(std::move(*wanted));
        if (auto* end = std::get_if<mpo::CommandFinished>(&event))
            finished = *end;
        wake.notify_all();
    });
    engine.post(command);
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return finished.has_value(); });
    if (finished->outcome != mpo::CommandFinished::Outcome::Succeeded)
        throw mpo::Error(finished->message);
    return events;
}

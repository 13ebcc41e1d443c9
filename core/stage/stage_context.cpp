// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/stage_context.h"

#include <chrono>
#include <thread>

namespace mpo {

bool StageContext::stopped(const std::function<void()>& write) const
{
    const auto serve = [&] {
        const bool asked = write && checkpointAsked && checkpointAsked();
        if (asked)
            write();
        return asked;
    };
    if (ranks->alone()) {
        do { // waits while paused, but not for a checkpoint that is asked for
            if (breathe)
                breathe();
        } while (!stop.stop_requested() && serve());
        return stop.stop_requested();
    }
    // Nobody waits at the gate alone: the others would take a long silence for the end of that process.
    constexpr std::chrono::milliseconds kPausePoll {100};
    while (true) {
        serve();
        const auto own = stop.stop_requested() ? Communicator::Wish::Stop
            : paused && paused()               ? Communicator::Wish::Wait
                                               : Communicator::Wish::GoOn;
        const Communicator::Wish all = ranks->agree(own);
        if (all != Communicator::Wish::Wait)
            return all == Communicator::Wish::Stop;
        std::this_thread::sleep_for(kPausePoll);
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/parallel/communicator.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mpo {

/// Where a process stands in its run, and where the processes of the run meet.
struct RankPlace
{
    int rank = 0, size = 1;
    std::string address; ///< of the store (a TCPStore of PyTorch) through which they find each other
    std::uint16_t port = 0; ///< 0: any free one, if this rank hosts the store
    bool hostsStore = false;
    bool oneMachine = true; ///< all ranks are on it
    std::string attempt = "0"; ///< of the same launcher: torchrun may start the processes again
};

/// From the variables that torchrun and launchers like it set (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT); empty: they
/// are not set, or there is one process only. Throws Error naming the variable that makes no sense.
std::optional<RankPlace> launchedPlace();

/// While the processes find each other.
struct WhileConnecting
{
    std::function<void(std::uint16_t port)> listening; ///< the store can be reached; called where this rank hosts it
    std::function<void()> waiting; ///< rank 0, now and then until all have come; may throw
};
/// Waits until all ranks have come, five minutes at most.
std::shared_ptr<Communicator> connectRanks(const RankPlace& place, const WhileConnecting& meanwhile = {});

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/rank_team.h"

#include "core/support/log.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdlib>

namespace mpo {

std::unique_ptr<RankTeam> RankTeam::launched()
{
    const auto place = launchedPlace();
    if (!place)
        return nullptr;
    std::unique_ptr<RankTeam> team(new RankTeam);
    team->m_ranks = connectRanks(*place);
    return team;
}

std::unique_ptr<RankTeam> RankTeam::started(int size)
{
    std::unique_ptr<RankTeam> team(new RankTeam);
    const int threads = std::max(1, at::get_num_threads() / size);
    RankPlace place;
    place.size = size;
    place.address = "127.0.0.1";
    place.hostsStore = true;
    WhileConnecting meanwhile;
    meanwhile.listening
        = [&](std::uint16_t port) { team->m_helpers = std::make_unique<HelperProcesses>(size, port, threads); };
    meanwhile.waiting = [&] { team->m_helpers->requireAlive(); };
    team->m_ranks = connectRanks(place, meanwhile);
    if (!std::getenv("OMP_NUM_THREADS")) {
        team->m_threadsBefore = at::get_num_threads();
        at::set_num_threads(threads);
    }
    return team;
}

RankTeam::~RankTeam()
{
    try {
        if (m_ranks && !m_ranks->lost())
            m_ranks->announce({});
    } catch (const std::exception& error) { // they notice that the connection is closed
        log().debug("{}", error.what());
    }
    m_ranks.reset();
    m_helpers.reset();
    if (m_threadsBefore)
        at::set_num_threads(*m_threadsBefore);
}

} // namespace mpo

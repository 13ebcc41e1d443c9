// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/helper_processes.h"
#include "core/parallel/rank_place.h"

#include <memory>
#include <optional>
#include <string>

namespace mpo {

/// The other processes of a run as rank 0 has them: they wait for jobs (serveAsRank) until this object goes.
class RankTeam
{
public:
    /// Those that torchrun or another launcher started together with this process; null: none were.
    static std::unique_ptr<RankTeam> launched();
    /// Starts `size` - 1 of them on this machine; the processors are divided among all.
    static std::unique_ptr<RankTeam> started(int size);
    ~RankTeam();

    const std::shared_ptr<Communicator>& ranks() const { return m_ranks; }
    bool launchedTogether() const { return !m_helpers; }

private:
    RankTeam() = default;

    std::unique_ptr<HelperProcesses> m_helpers; ///< empty: a launcher has them
    std::shared_ptr<Communicator> m_ranks;
    std::optional<int> m_threadsBefore;
};

} // namespace mpo

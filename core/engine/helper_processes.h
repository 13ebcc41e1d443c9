// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace mpo {

/// `mpo` started several times as the other ranks of a run (`mpo rank`), with the variables that torchrun sets. They
/// end with the thread that started them, whatever becomes of it.
class HelperProcesses
{
public:
    /// Ranks 1 to size - 1 of a run whose store listens at `port` of this machine, each with `threads` threads. Throws
    /// Error when the program cannot be found.
    HelperProcesses(int size, std::uint16_t port, int threads);
    ~HelperProcesses(); ///< waits for them a moment, then ends them
    HelperProcesses(const HelperProcesses&) = delete;
    HelperProcesses& operator=(const HelperProcesses&) = delete;

    void requireAlive(); ///< throws Error when one has ended

private:
    std::vector<pid_t> m_processes;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace mpo {

/// What a process of this machine uses, from Linux's /proc. One thread at a time.
class ProcessUsage
{
public:
    explicit ProcessUsage(std::int64_t process);

    struct Sample
    {
        double cpuShare = 0.0; ///< of all processors it may run on, since the sample before; in [0, 1]
        int processors = 0; ///< that it may run on
        std::int64_t residentBytes = 0;
    };
    /// Nothing at the first call, for a process that is gone, and where the system does not tell.
    std::optional<Sample> next();

    std::int64_t process() const { return m_process; }

private:
    std::int64_t m_process;
    double m_cpuSeconds = -1.0; ///< at the sample before; negative: there was none
    std::chrono::steady_clock::time_point m_when;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace mpo {

/// Calls part(begin, end) for ranges that cover 0..count, at least `grain` long but for the last, on the threads that
/// LibTorch computes with. `part` must not throw. (at::parallel_for runs in one thread unless its caller is compiled
/// with OpenMP, and that could bring a second OpenMP library into the program.)
void overThreads(
    std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t begin, std::int64_t end)>& part);

/// Where the threads of a team wait for each other.
class TeamBarrier
{
public:
    explicit TeamBarrier(int threads)
        : m_threads(threads)
    {
    }

    int threads() const { return m_threads; }
    void wait(); ///< until every thread of the team is here; what they wrote before is seen after

private:
    const int m_threads;
    std::atomic<int> m_here {0};
    std::atomic<std::uint32_t> m_round {0};
};

/// Calls part(thread, barrier) once on each of the threads that LibTorch computes with, thread = 0 .. barrier.threads()
/// - 1, and returns when all have. For many short steps that depend on each other: waking threads for each would take
/// longer than the steps. `part` must not throw, and every thread must wait as often as the others.
void inTeam(const std::function<void(int thread, TeamBarrier& barrier)>& part);

/// The share of 0..count of one thread.
struct TeamShare
{
    std::int64_t begin = 0, end = 0;
    TeamShare(std::int64_t count, int thread, int threads)
        : begin(count * thread / threads)
        , end(count * (thread + 1) / threads)
    {
    }
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/thread_team.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <optional>

#include <dlfcn.h>

namespace mpo {

namespace {

// What a compiler makes of "#pragma omp parallel", found in the library that LibTorch has loaded, whatever its file.
using ParallelFunction = void (*)(void (*body)(void*), void* data, unsigned threads, unsigned flags);
using ThreadNumberFunction = int (*)();

struct OpenMp
{
    ParallelFunction parallel = reinterpret_cast<ParallelFunction>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    ThreadNumberFunction number = reinterpret_cast<ThreadNumberFunction>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
    ThreadNumberFunction team = reinterpret_cast<ThreadNumberFunction>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));
    bool isThere() const { return parallel && number && team; }
};

struct Work
{
    const OpenMp& openMp;
    std::int64_t count, grain;
    const std::function<void(std::int64_t, std::int64_t)>& part;
};

void doShare(void* data)
{
    const Work& work = *static_cast<const Work*>(data);
    const std::int64_t threads = work.openMp.team();
    const std::int64_t size = std::max(work.grain, (work.count + threads - 1) / threads);
    const std::int64_t begin = size * work.openMp.number();
    if (begin < work.count)
        work.part(begin, std::min(work.count, begin + size));
}

struct TeamWork
{
    const OpenMp& openMp;
    std::optional<TeamBarrier> barrier; ///< made by the first thread: OpenMP may give fewer than asked for
    std::atomic<bool> ready {false};
    const std::function<void(int, TeamBarrier&)>& part;
};

void doPart(void* data)
{
    TeamWork& work = *static_cast<TeamWork*>(data);
    const int thread = work.openMp.number();
    if (thread == 0) {
        work.barrier.emplace(work.openMp.team());
        work.ready.store(true, std::memory_order_release);
        work.ready.notify_all();
    } else {
        work.ready.wait(false, std::memory_order_acquire);
    }
    work.part(thread, *work.barrier);
}

const OpenMp& openMp()
{
    static const OpenMp found;
    return found;
}

bool usesThreads() { return openMp().isThere() && at::get_num_threads() > 1 && !at::in_parallel_region(); }

} // namespace

void overThreads(
    std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t begin, std::int64_t end)>& part)
{
    if (count <= grain || !usesThreads()) {
        if (count > 0)
            part(0, count);
        return;
    }
    Work work {openMp(), count, grain, part};
    openMp().parallel(doShare, &work, unsigned(at::get_num_threads()), 0);
}

void TeamBarrier::wait()
{
    if (m_threads == 1)
        return;
    // As long as a step takes; longer and another program has the processor, which spinning would keep from it.
    constexpr int kSpins = 2000;
    const std::uint32_t round = m_round.load(std::memory_order_relaxed);
    if (m_here.fetch_add(1, std::memory_order_acq_rel) + 1 == m_threads) {
        m_here.store(0, std::memory_order_relaxed);
        m_round.store(round + 1, std::memory_order_release);
        m_round.notify_all();
        return;
    }
    for (int spin = 0; spin < kSpins; ++spin) {
        if (m_round.load(std::memory_order_acquire) != round)
            return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    m_round.wait(round, std::memory_order_acquire);
}

void inTeam(const std::function<void(int thread, TeamBarrier& barrier)>& part)
{
    if (!usesThreads()) {
        TeamBarrier alone(1);
        part(0, alone);
        return;
    }
    TeamWork work {openMp(), {}, {}, part};
    openMp().parallel(doPart, &work, unsigned(at::get_num_threads()), 0);
}

} // namespace mpo

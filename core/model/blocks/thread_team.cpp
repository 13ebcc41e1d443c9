// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/thread_team.h"

#include <ATen/Parallel.h>

#include <algorithm>

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

} // namespace

void overThreads(
    std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t begin, std::int64_t end)>& part)
{
    static const OpenMp openMp;
    if (count <= grain || !openMp.isThere() || at::get_num_threads() == 1 || at::in_parallel_region()) {
        if (count > 0)
            part(0, count);
        return;
    }
    Work work {openMp, count, grain, part};
    openMp.parallel(doShare, &work, unsigned(at::get_num_threads()), 0);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/memory_need.h"

#include <fmt/format.h>

#include <sys/resource.h>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

namespace mpo {

namespace {

constexpr double kMiB = 1024.0 * 1024.0;

/// The number that stands alone in a file of the kernel; "max" and what is not there give nothing.
std::optional<std::int64_t> numberIn(const char* file)
{
    std::ifstream stream(file);
    std::int64_t value = 0;
    return stream >> value ? std::optional(value) : std::nullopt;
}

} // namespace

std::int64_t availableMemory()
{
    std::int64_t available = 0;
    std::ifstream info("/proc/meminfo");
    for (std::string name; info >> name; info.ignore(256, '\n'))
        if (std::int64_t kilobytes = 0; name == "MemAvailable:" && info >> kilobytes)
            available = kilobytes * 1024;
    const auto limitTo = [&](std::int64_t bytes) {
        available = available > 0 ? std::clamp<std::int64_t>(bytes, 0, available) : std::max<std::int64_t>(bytes, 0);
    };
    // A container has a group of its own, which is the root of what it sees.
    if (const auto most = numberIn("/sys/fs/cgroup/memory.max"))
        limitTo(*most - numberIn("/sys/fs/cgroup/memory.current").value_or(0));
    rlimit limit {};
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        limitTo(std::int64_t(limit.rlim_cur) - residentMemory());
    return available;
}

std::int64_t residentMemory()
{
    std::ifstream file("/proc/self/statm");
    std::int64_t size = 0, resident = 0;
    return file >> size >> resident ? resident * sysconf(_SC_PAGESIZE) : 0;
}

std::string memoryText(std::int64_t bytes)
{
    const double mega = double(bytes) / kMiB;
    return mega >= 1000.0 ? fmt::format("{:.1f} GB", mega / 1024.0) : fmt::format("{:.0f} MB", mega);
}

} // namespace mpo

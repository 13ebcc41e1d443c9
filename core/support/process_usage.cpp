// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/process_usage.h"

#include <algorithm>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>

namespace mpo {

namespace {

/// User and system time of all its threads, in seconds; negative: unknown.
double cpuSecondsOf(std::int64_t process)
{
    std::ifstream in("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    if (!std::getline(in, line))
        return -1.0;
    // The name of the program stands in parentheses and may hold anything; utime and stime are the 12th and 13th field
    // behind it.
    std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
    std::string field;
    double ticks = 0.0;
    for (int i = 1; i <= 13 && fields >> field; ++i)
        if (i >= 12)
            ticks += double(std::strtoull(field.c_str(), nullptr, 10));
    return fields ? ticks / double(sysconf(_SC_CLK_TCK)) : -1.0;
}

std::int64_t residentBytesOf(std::int64_t process)
{
    std::ifstream in("/proc/" + std::to_string(process) + "/statm");
    std::int64_t all = 0, resident = 0;
    return in >> all >> resident ? resident * sysconf(_SC_PAGESIZE) : 0;
}

int processorsOf(std::int64_t process)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(pid_t(process), sizeof set, &set) == 0)
        return std::max(1, CPU_COUNT(&set));
    return std::max(1, int(sysconf(_SC_NPROCESSORS_ONLN)));
}

} // namespace

ProcessUsage::ProcessUsage(std::int64_t process)
    : m_process(process)
{
}

std::optional<ProcessUsage::Sample> ProcessUsage::next()
{
    const auto now = std::chrono::steady_clock::now();
    const double cpu = cpuSecondsOf(m_process);
    const double before = std::exchange(m_cpuSeconds, cpu);
    const double seconds = std::chrono::duration<double>(now - std::exchange(m_when, now)).count();
    if (cpu < 0.0 || before < 0.0 || seconds <= 0.0)
        return std::nullopt;
    Sample sample;
    sample.processors = processorsOf(m_process);
    sample.cpuShare = std::clamp((cpu - before) / seconds / double(sample.processors), 0.0, 1.0);
    sample.residentBytes = residentBytesOf(m_process);
    return sample;
}

} // namespace mpo

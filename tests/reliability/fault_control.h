// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

/// The faults of fault_shim.cpp in this process. A test begins its main with startWithFaults(argv).
namespace faults {

/// Starts the program again with the shim before everything else, unless it is there already.
inline void startWithFaults(char** argv)
{
    if (::dlsym(RTLD_DEFAULT, "mpo_fault_set"))
        return;
    ::setenv("LD_PRELOAD", MPO_FAULT_SHIM, 1);
    if (::access("/dev/shm", W_OK) == 0)
        ::setenv("TMPDIR", "/dev/shm", 1); // thousands of fsyncs, of which only the result counts
    ::execv("/proc/self/exe", argv);
    std::perror("the test cannot be started again");
    std::abort();
}

inline void set(const std::string& path, long at, const char* what, bool lasts)
{
    reinterpret_cast<void (*)(const char*, long, const char*, int)>(::dlsym(RTLD_DEFAULT, "mpo_fault_set"))(
        path.c_str(), at, what, lasts ? 1 : 0);
}
inline void clear() { set("", 0, "", false); }
inline long count() { return reinterpret_cast<long (*)()>(::dlsym(RTLD_DEFAULT, "mpo_fault_count"))(); }

} // namespace faults

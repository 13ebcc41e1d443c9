// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdlib>

#include <unistd.h>

namespace mpo {

/// Begins the program again with OMP_WAIT_POLICY=passive, unless the user has chosen a policy. OpenMP's threads spin
/// while they wait for each other; beside one other busy program, the window for instance, that makes training several
/// times slower. The library reads the variable when it is loaded, before main, hence the new start.
inline void letThreadsWaitPassively(char** argv)
{
    if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT"))
        return;
    ::setenv("OMP_WAIT_POLICY", "passive", 1);
    ::execv("/proc/self/exe", argv); // comes back only when it fails: then it goes on as it is
}

} // namespace mpo

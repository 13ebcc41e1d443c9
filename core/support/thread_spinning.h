// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdlib>

#include <unistd.h>

namespace mpo {

/// Begins the program again with GOMP_SPINCOUNT=2000, unless the user has set that or OMP_WAIT_POLICY. OpenMP's threads
/// spin while they wait for each other; beside other busy programs, the window for instance, long spinning makes
/// training several times slower, and no spinning at all (passive) makes a small model slow on an idle machine.
/// Measured with the demo's model on 2 cores, time against OpenMP's default: 2000 takes 0.9 idle and 0.84 beside one
/// busy process, passive 1.7 and 0.5, 20000 1.0 and 2.6. The library reads the variable when it is loaded, before main,
/// hence the new start.
inline void limitThreadSpinning(char** argv)
{
    if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT"))
        return;
    ::setenv("GOMP_SPINCOUNT", "2000", 1);
    ::execv("/proc/self/exe", argv); // comes back only when it fails: then it goes on as it is
}

} // namespace mpo

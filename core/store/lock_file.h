// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/error.h"

#include <filesystem>
#include <optional>
#include <string>

namespace mpo {

/// Another program writes to the project (or another object of this one).
class ProjectHeld : public Error
{
public:
    ProjectHeld(const std::string& sentence, long holder)
        : Error(sentence)
        , process(holder)
    {
    }

    long process; ///< 0: unknown
};

/// Keeps other processes, and other objects of this one, from writing to a project. The lock is the kernel's (flock),
/// so it ends with the process, however that ends; the process id in the file only serves the message.
class LockFile
{
public:
    /// Throws ProjectHeld when another holds it, and Error when the file cannot be made.
    explicit LockFile(const std::filesystem::path& file);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

    /// Process that holds the lock (0: it has not said so yet); nothing when it is free.
    static std::optional<long> holder(const std::filesystem::path& file);

private:
    int m_descriptor;
};

} // namespace mpo

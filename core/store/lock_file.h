// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace mpo {

/// Keeps other processes, and other objects of this one, from writing to a project. The lock is the kernel's (flock),
/// so it ends with the process, however that ends; the process id in the file only serves the message.
class LockFile
{
public:
    /// Throws Error: held by another process (with its id), or the file cannot be made.
    explicit LockFile(const std::filesystem::path& file);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

private:
    int m_descriptor;
};

} // namespace mpo

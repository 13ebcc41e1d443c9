// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

namespace mpo {

/// The bytes of a plain, gzipped or Zstandard file.
class ByteSource
{
public:
    virtual ~ByteSource() = default;
    /// 0 at the end. Throws Error naming the file when it is cut or damaged.
    virtual std::size_t read(char* into, std::size_t most) = 0;
    virtual double share() const = 0; ///< of the file's bytes that were read, in [0, 1]

    /// Throws Error: no such file, a folder, cannot be read.
    static std::unique_ptr<ByteSource> open(const std::filesystem::path& file);
};

} // namespace mpo

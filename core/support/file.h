// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace mpo {

/// The whole content of a file. Throws Error: "FILE: no such file", "FILE: cannot be read (reason)", "FILE: larger than
/// ...".
std::string readTextFile(const std::filesystem::path& file, std::size_t maxBytes = std::size_t(1) << 30);

/// Writes to a temporary file in the same folder, fsyncs, renames over `file`, fsyncs the folder: afterwards the old or
/// the new content is there, never a mixture. Creates missing parent folders. Throws Error naming the file and the
/// reason
/// ("No space left on device").
void writeFileAtomically(const std::filesystem::path& file, std::string_view content);

/// Puts the names in a folder on disk, after a rename. Returns 0 or errno.
int syncFolder(const std::filesystem::path& folder);

/// Puts the finished folder `complete` in the place of `target`, which need not exist: a reader finds the old folder or
/// the new one, also after a crash. Both lie beside each other. Returns 0 or errno.
int replaceFolder(const std::filesystem::path& complete, const std::filesystem::path& target);

/// Lower-case hexadecimal SHA-256.
std::string sha256(std::string_view bytes);
std::string sha256OfFile(const std::filesystem::path& file);

/// SHA-256 of what is added piece by piece.
class Sha256
{
public:
    Sha256();
    ~Sha256();
    void add(std::string_view bytes);
    std::string hex(); ///< once, after the last add

private:
    struct Context;
    std::unique_ptr<Context> m_context;
};

} // namespace mpo

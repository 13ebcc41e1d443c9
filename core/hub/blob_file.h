// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/file.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mpo {

/// SHA-1 over "blob SIZE\0" and the content: how git names a file.
std::string gitBlobHash(const std::filesystem::path& file);

/// A blob of the cache while it comes in: "BLOB.incomplete", which a later download goes on from.
class BlobFile
{
public:
    /// blob: named after its ETag. size: as announced, if it was. Takes up what an earlier download left.
    BlobFile(std::filesystem::path blob, std::optional<std::uint64_t> size);
    ~BlobFile();
    BlobFile(const BlobFile&) = delete;
    BlobFile& operator=(const BlobFile&) = delete;

    std::uint64_t bytes() const { return m_bytes; } ///< that are there
    bool full() const { return m_size && m_bytes == *m_size; }
    /// Throws Error: more than announced (and begins anew), the disk is full.
    void append(std::string_view bytes);
    void restart(); ///< forgets what is there
    /// On disk, and named as it should be. False: the content is not what its name says; it is gone then.
    bool finish();
    /// The name is a hash that tells whether the content is right.
    bool hasHash() const;

private:
    std::filesystem::path m_blob, m_partial;
    std::optional<std::uint64_t> m_size;
    int m_descriptor = -1;
    std::uint64_t m_bytes = 0;
    std::unique_ptr<Sha256> m_sha256; ///< of what is there, for names that are such
};

/// Keeps a second program, huggingface_hub among them, from fetching the same blob at the same time.
class BlobLock
{
public:
    /// Waits while another program holds it. stopped: asked while waiting. Throws Error when it says so.
    BlobLock(
        const std::filesystem::path& file, const std::function<bool()>& stopped, const std::function<void()>& waits);
    ~BlobLock();
    BlobLock(const BlobLock&) = delete;
    BlobLock& operator=(const BlobLock&) = delete;

private:
    int m_descriptor = -1;
};

} // namespace mpo

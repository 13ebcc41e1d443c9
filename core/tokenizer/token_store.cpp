// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_store.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace mpo {

namespace {

constexpr std::size_t kChunk = std::size_t(16) << 20; // bytes; a multiple of every page size

/// A new file that no folder names.
int namelessFile(std::filesystem::path folder)
{
    std::error_code ignored;
    if (folder.empty())
        folder = std::filesystem::temp_directory_path(ignored);
#if defined(O_TMPFILE)
    if (const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); file >= 0)
        return file;
#endif
    std::string name = (folder / "mpo-tokens-XXXXXX").string();
    const int file = mkstemp(name.data());
    if (file >= 0)
        unlink(name.c_str());
    return file;
}

} // namespace

struct TokenStore::Private
{
    struct Chunk
    {
        TokenId* place;
        std::size_t bytes;
        bool mapped;
    };

    std::filesystem::path folder;
    std::size_t inMemory;
    std::vector<Chunk> chunks;
    std::size_t used = 0; ///< ids in the last chunk
    std::size_t bytes = 0, fileBytes = 0;
    int file = -1;
    bool noFile = false; ///< it could not be made

    /// Room in the file, which is there on disk: writing to a mapped hole of a full disk would end the program.
    TokenId* mapped(std::size_t size)
    {
        if (noFile)
            return nullptr;
        if (file < 0 && (file = namelessFile(folder)) < 0) {
            noFile = true;
            return nullptr;
        }
        if (posix_fallocate(file, off_t(fileBytes), off_t(size)) == 0) {
            void* place = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, off_t(fileBytes));
            if (place != MAP_FAILED) {
                fileBytes += size;
                return static_cast<TokenId*>(place);
            }
        }
        noFile = true;
        return nullptr;
    }

    void grow(std::size_t ids)
    {
        const std::size_t size = (std::max(ids * sizeof(TokenId), kChunk) + kChunk - 1) / kChunk * kChunk;
        TokenId* place = bytes >= inMemory ? mapped(size) : nullptr;
        const bool inFile = place != nullptr;
        if (!inFile)
            place = new TokenId[size / sizeof(TokenId)];
        chunks.push_back({place, size, inFile});
        used = 0;
    }
};

TokenStore::TokenStore(std::filesystem::path folder, std::size_t inMemory)
    : d(std::make_unique<Private>())
{
    d->folder = std::move(folder);
    d->inMemory = inMemory;
}

TokenStore::~TokenStore()
{
    for (const Private::Chunk& chunk : d->chunks)
        if (chunk.mapped)
            munmap(chunk.place, chunk.bytes);
        else
            delete[] chunk.place;
    if (d->file >= 0)
        close(d->file);
}

std::span<const TokenId> TokenStore::add(std::span<const TokenId> ids)
{
    if (ids.empty())
        return {};
    if (d->chunks.empty() || d->used + ids.size() > d->chunks.back().bytes / sizeof(TokenId))
        d->grow(ids.size());
    TokenId* place = d->chunks.back().place + d->used;
    std::copy(ids.begin(), ids.end(), place);
    d->used += ids.size();
    d->bytes += ids.size() * sizeof(TokenId);
    return {place, ids.size()};
}

std::size_t TokenStore::bytes() const { return d->bytes; }

std::size_t TokenStore::bytesInFile() const { return d->fileBytes; }

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <filesystem>
#include <memory>
#include <span>

namespace mpo {

/// Token ids that stay where they are put, one list behind the other. Beyond `inMemory` bytes they lie in a file
/// without a name in `folder`, mapped into memory, so that the system can write out and drop what is not in use: data
/// may be larger than memory. The file is gone with the store, however the program ends. Where there can be none (a
/// folder that is not writable, a full disk), memory is used.
class TokenStore
{
public:
    static constexpr std::size_t kInMemory = std::size_t(256) << 20;

    /// An empty folder: that for temporary files.
    explicit TokenStore(std::filesystem::path folder = {}, std::size_t inMemory = kInMemory);
    ~TokenStore();
    TokenStore(const TokenStore&) = delete;
    TokenStore& operator=(const TokenStore&) = delete;

    /// The view holds until the store is destroyed. The ids of one list lie together.
    std::span<const TokenId> add(std::span<const TokenId> ids);

    std::size_t bytes() const; ///< that were put in
    std::size_t bytesInFile() const; ///< room that was made in the file

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace mpo

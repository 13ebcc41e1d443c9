// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mpo {

// The cache of Hugging Face on this machine, as huggingface_hub lays it out:
//     models--ORG--NAME/{refs/main, snapshots/COMMIT/FILE, blobs/HASH}
// where FILE is a link to ../../blobs/HASH, or the file itself on file systems without links. Looking needs no network.
// Links that lead anywhere else are not followed.

/// One state of a model that was fetched.
struct CachedRevision
{
    std::string commit;
    std::vector<std::string> refs; ///< "main", "refs/pr/1": names that mean this commit
    std::filesystem::path folder; ///< can be read like any model folder
    std::uint64_t bytes = 0; ///< of its files, each content counted once
    std::string modelType; ///< "model_type" of config.json; empty: unknown
    std::string problem; ///< what is missing or wrong, a sentence; empty: complete
    bool complete() const { return problem.empty(); }
};

struct CachedModel
{
    std::string repository; ///< "ORG/NAME"; the folder's name where it is none
    std::filesystem::path folder;
    std::vector<CachedRevision> revisions; ///< the one that ORG/NAME means first
    std::uint64_t bytes = 0; ///< on disk, also of what no revision uses
    std::int64_t lastUsed = 0; ///< seconds since 1970: when a file was read or written last
    std::string problem; ///< of the entry as a whole; empty: look at the revisions
};

/// All models in the cache, by name. Damaged entries are among them, with what is wrong. A cache that is not there
/// holds nothing.
std::vector<CachedModel> cachedModels(const std::filesystem::path& cache);
std::optional<CachedModel> cachedModel(const std::filesystem::path& cache, const std::string& repository);

/// Folder of ORG/NAME, or of ORG/NAME@REVISION, in the cache; nothing if it is not there at all. Throws Error, with
/// what to do, when what is there is not complete.
std::optional<std::filesystem::path> cachedModelFolder(const std::filesystem::path& cache, const std::string& name);

/// For a name that is neither in the project, nor a folder, nor in the cache: a sentence that says so and what to do.
std::string unknownModel(const std::string& name);

/// "1.2 GB": decimal, as disks and downloads are given.
std::string bytesText(std::uint64_t bytes);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// Files that make one data set: one file, or the shards of a split in order.
struct DataSource
{
    std::filesystem::path shown; ///< file or folder, for messages
    std::string split; ///< "train"; empty: the file has no split
    std::vector<std::filesystem::path> files;
    std::string name; ///< for the data set, when none is given
    std::size_t nameOfSplit = 0; ///< length of the end of `name` that tells it from the other splits: "-train"
};

/// What a file or folder holds: a file; the files of a folder, one source a split (train.jsonl, test.jsonl;
/// data/train-00000-of-00002.parquet; folders of Hugging Face's save_to_disk). `split` takes one of them; for a single
/// file it is left to the importer, which looks for it in the records. Throws Error: nothing there, no such split.
std::vector<DataSource> findDataSources(const std::filesystem::path& fileOrFolder, const std::string& split = {});

/// The one source at that place; throws Error naming the splits when there are several.
DataSource findDataSource(const std::filesystem::path& fileOrFolder, const std::string& split = {});

} // namespace mpo

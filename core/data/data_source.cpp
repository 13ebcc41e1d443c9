// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/data_source.h"

#include "core/data/sources/record_reader.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <array>
#include <map>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostFiles = 100'000;
constexpr int kFolderDepth = 3; ///< HH-RLHF: helpful-base/train.jsonl.gz; a repository: data/train-...parquet
/// Files that say something about the data and hold none.
constexpr auto kAbout = std::to_array<std::string_view>({"state.json", "dataset_info.json", "dataset_infos.json",
    "dataset_dict.json", "config.json", "package.json", "metadata.json"});

void collect(const fs::path& folder, const std::string& prefix, int depth, std::map<std::string, DataSource>& sources,
    std::size_t& count)
{
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (++count > kMostFiles)
            fail("{}: holds more than {} files; name the one that holds the data", folder.string(), kMostFiles);
        entries.push_back(entry);
    }
    if (error)
        fail("{}: the folder cannot be read ({})", folder.string(), error.message());
    std::ranges::sort(entries, {}, [](const auto& entry) { return entry.path(); });
    for (const fs::directory_entry& entry : entries) {
        const fs::path& path = entry.path();
        const std::string name = path.filename().string();
        if (name.starts_with('.') || std::ranges::find(kAbout, name) != kAbout.end())
            continue;
        if (entry.is_directory(error)) {
            // The folder "data" of a repository is no part of a split's name.
            if (depth < kFolderDepth)
                collect(path, name == "data" ? prefix : prefix + name + "-", depth + 1, sources, count);
        } else if (entry.is_regular_file(error) && isDataFile(path)) {
            std::string split = stemOf(path);
            if (path.extension() == ".arrow" && split == "data") // save_to_disk: the folder has the name
                split = prefix.empty() ? "" : prefix.substr(0, prefix.size() - 1);
            else
                split = prefix + split;
            sources[split].files.push_back(path);
        }
    }
}

} // namespace

std::vector<DataSource> findDataSources(const fs::path& fileOrFolder, const std::string& split)
{
    std::error_code error;
    if (!fs::is_directory(fileOrFolder, error))
        return {{fileOrFolder, {}, {fileOrFolder}, stemOf(fileOrFolder), 0}};
    std::map<std::string, DataSource> found;
    std::size_t count = 0;
    collect(fileOrFolder, "", 1, found, count);
    if (found.empty())
        fail("{}: the folder holds no file of data (.jsonl, .json, .csv, .tsv, .parquet, .arrow, also .gz and .zst)",
            fileOrFolder.string());
    fs::path folder = fs::absolute(fileOrFolder).lexically_normal();
    if (!folder.has_filename())
        folder = folder.parent_path();
    std::vector<DataSource> sources;
    std::vector<std::string> names;
    for (auto& [name, source] : found) {
        names.push_back(name);
        if (!split.empty() && name != split)
            continue;
        source.shown = source.files.size() == 1 ? source.files.front() : fileOrFolder;
        source.split = name;
        const std::string ending = found.size() == 1 || name.empty() ? "" : "-" + name;
        source.name = folder.filename().string() + ending;
        source.nameOfSplit = split.empty() ? ending.size() : 0;
        sources.push_back(std::move(source));
    }
    if (sources.empty()) {
        const std::vector<std::string_view> views(names.begin(), names.end());
        fail("{}: there is no split \"{}\"; there are {}", fileOrFolder.string(), split, joined(views));
    }
    // Training data first, as a reader expects it.
    std::ranges::stable_sort(sources, {}, [](const DataSource& s) { return s.split.find("train") == s.split.npos; });
    return sources;
}

DataSource findDataSource(const fs::path& fileOrFolder, const std::string& split)
{
    std::vector<DataSource> sources = findDataSources(fileOrFolder, split);
    if (sources.size() == 1)
        return std::move(sources.front());
    std::vector<std::string_view> names;
    for (const DataSource& source : sources)
        names.push_back(source.split);
    fail("{}: the folder holds the splits {}; name the file of one, or import the folder first", fileOrFolder.string(),
        joined(names));
}

} // namespace mpo

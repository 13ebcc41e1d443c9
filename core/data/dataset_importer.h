// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"
#include "core/data/import_report.h"

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>

namespace mpo {

struct DatasetFormat; // core/data/formats/dataset_format.h

struct ImportOptions
{
    std::string name; ///< empty: the file's name without its endings
    std::string format; ///< empty: detected from the first record
    std::map<std::string, std::string> columns; ///< our field ("prompt", "chosen", "rejected") -> the file's key
    bool keepDuplicates = false; ///< false: the same prompt, chosen and rejected again is skipped
    bool keepUnusable = false; ///< true: identical responses and empty answers stay in (for `mpo logprobs`)
};

struct ImportResult
{
    Dataset dataset;
    ImportReport report;
};

/// Reads .jsonl, .json (array or one record a line) and .jsonl.gz / .json.gz line by line.
/// Throws Error when the file cannot be read, no format fits (naming the keys found and the formats known), nothing
/// usable is in it, or `stop` was requested. `progress` gets the share of bytes read in [0, 1].
ImportResult importDataset(const std::filesystem::path& file, const ImportOptions& options = {},
    std::stop_token stop = {}, const std::function<void(double)>& progress = {});

/// THE TABLE of formats, in the order in which they are tried.
std::span<const DatasetFormat> datasetFormats();

} // namespace mpo

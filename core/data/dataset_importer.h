// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/columns.h"
#include "core/data/data_source.h"
#include "core/data/dataset.h"
#include "core/data/import_report.h"

#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>

namespace mpo {

struct DatasetFormat; // core/data/formats/dataset_format.h

struct ImportOptions
{
    std::string name; ///< empty: the file's name without its endings
    std::string format; ///< empty: detected from the first records
    ColumnMap columns; ///< our field ("prompt", "chosen", "rejected", "margin", ...) -> the file's key
    std::string split; ///< of a folder, or the value of a field "split"; empty: all
    bool keepDuplicates = false; ///< false: the same prompt, chosen and rejected again is skipped
    bool keepUnusable = false; ///< true: identical responses and empty answers stay in (for `mpo logprobs`)
    bool inWindow = false; ///< messages name the window's controls instead of options
};

struct ImportResult
{
    Dataset dataset;
    ImportReport report;
};

/// Takes the pairs of an import, one by one.
using PairSink = std::function<void(PreferencePair&&)>;

/// Reads the source record by record (record_reader.h lists the kinds of files) and gives each pair to `sink` as it
/// comes, so that memory does not grow with the file but for 16 bytes a pair. Throws Error when a file cannot be read,
/// no format fits (naming the columns found, the nearest formats and a map that would work), nothing usable is in it,
/// or `stop` was requested. `progress` gets the share that was read in [0, 1].
ImportReport importPairs(const DataSource& source, const ImportOptions& options, const PairSink& sink,
    std::stop_token stop = {}, const std::function<void(double)>& progress = {});

/// The same into memory, from a file or a folder with one data set.
ImportResult importDataset(const std::filesystem::path& fileOrFolder, const ImportOptions& options = {},
    std::stop_token stop = {}, const std::function<void(double)>& progress = {});

/// What an import would do, from the first records.
struct ImportPreview
{
    std::string format; ///< that fits; empty: none, see problem
    DatasetKind kind = DatasetKind::Pairs;
    std::vector<FieldSource> mapping;
    std::vector<std::string> columns; ///< of the file, those inside objects with a dot
    std::int64_t records = 0; ///< that were looked at
    std::vector<PreferencePair> pairs; ///< of those that can be used
    std::vector<ImportIssue> issues; ///< of those that cannot
    std::string problem; ///< why nothing can be imported, one sentence
};
ImportPreview previewImport(const DataSource& source, const ImportOptions& options);

/// THE TABLE of formats, in the order in which they are tried.
std::span<const DatasetFormat> datasetFormats();

} // namespace mpo

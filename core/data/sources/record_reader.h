// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace mpo {

/// One record of a source, whatever kind of file it stood in.
struct Record
{
    Json value;
    std::int64_t number = 0; ///< line from 1; in a JSON array or a table the number of the record
    std::string problem; ///< a sentence where there is no usable record
};

/// Gives the records of one file, one at a time, so that memory holds one record (or one batch of a table) whatever the
/// size of the file, and a record that is damaged costs that record only.
class RecordReader
{
public:
    virtual ~RecordReader() = default;
    /// False at the end. Throws Error when the file cannot be read on (damaged gzip data).
    virtual bool next(Record& record) = 0;
    virtual double share() const = 0; ///< of the file that was read, in [0, 1]
};

/// Opens a file by its content and ending: JSON (array, one record a line, tables as maps of columns), CSV, TSV, these
/// also as .gz and .zst; Parquet, Arrow. Throws Error naming the file when it cannot be read.
std::unique_ptr<RecordReader> openRecords(const std::filesystem::path& file);

/// Name of the file without folder, split number of shards ("-00000-of-00002") and the endings that openRecords knows.
std::string stemOf(const std::filesystem::path& file);

/// Whether the ending is one of a kind that openRecords knows.
bool isDataFile(const std::filesystem::path& file);

} // namespace mpo

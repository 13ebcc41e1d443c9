// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct gzFile_s; // zlib's

namespace mpo {

/// The text of one record, not parsed yet.
struct RecordText
{
    std::string text;
    std::int64_t number = 0; ///< line from 1; in a JSON array the number of the record
    std::string problem; ///< a sentence where there is no usable text (too long, array not closed)
};

/// Reads a plain or gzipped file one record at a time: a line each, or the items of one JSON array, so that an item
/// that is no JSON costs that item only, and memory holds one record whatever the size of the file. Blank lines are
/// passed over.
class RecordReader
{
public:
    /// Throws Error naming the file when it cannot be read.
    explicit RecordReader(const std::filesystem::path& file);

    /// False at the end. Throws Error when the file cannot be read on (damaged gzip data).
    bool next(RecordText& record);
    double share() const; ///< of the file's bytes that were read, in [0, 1]
    bool isArray() const { return m_array; }

private:
    bool fill();
    bool looksLikeArray();
    bool nextLine(RecordText& record);
    bool nextItem(RecordText& record);
    void append(RecordText& record, std::string_view piece);

    std::string m_name;
    double m_size = 0.0;
    std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> m_file;
    std::vector<char> m_buffer;
    std::size_t m_begin = 0, m_end = 0;
    std::int64_t m_number = 0;
    bool m_array = false;
    bool m_closed = false; ///< the array's ']' was read
    bool m_afterComma = false; ///< so that an item has to follow
    bool m_finished = false;
};

} // namespace mpo

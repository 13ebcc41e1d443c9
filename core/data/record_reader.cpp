// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/record_reader.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxRecord = std::size_t(64) << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kSpace = " \t\r\n";

} // namespace

RecordReader::RecordReader(const fs::path& file)
    : m_name(file.string())
    , m_file(nullptr, gzclose)
    , m_buffer(std::size_t(1) << 18)
{
    std::error_code error;
    if (!fs::exists(file, error))
        fail("{}: no such file", m_name);
    if (fs::is_directory(file, error))
        fail("{}: this is a folder; name a .jsonl, .json or .jsonl.gz file", m_name);
    m_size = double(fs::file_size(file, error));
    m_file.reset(gzopen(file.c_str(), "rb"));
    if (!m_file)
        fail("{}: cannot be read ({})", m_name, std::strerror(errno));
    gzbuffer(m_file.get(), 1 << 17);
    fill();
    if (std::string_view(m_buffer.data(), m_end).starts_with(kByteOrderMark))
        m_begin = kByteOrderMark.size();
    m_array = looksLikeArray();
}

bool RecordReader::looksLikeArray()
{
    const std::string_view text(m_buffer.data() + m_begin, m_end - m_begin);
    const auto open = text.find_first_not_of(kSpace);
    if (open == text.npos || text[open] != '[')
        return false;
    // In a .jsonl file a first line such as "[1, 2]" is more likely a bad line than the start of an array of records.
    const bool lines = m_name.ends_with(".jsonl") || m_name.ends_with(".jsonl.gz");
    const auto first = text.find_first_not_of(kSpace, open + 1);
    if (lines && first != text.npos && text[first] != '{' && text[first] != ']')
        return false;
    m_begin += open + 1;
    return true;
}

bool RecordReader::fill()
{
    const int read = gzread(m_file.get(), m_buffer.data(), unsigned(m_buffer.size()));
    int code = Z_OK;
    const char* message = gzerror(m_file.get(), &code);
    if (read < 0 || (read == 0 && code != Z_OK && code != Z_STREAM_END))
        fail("{}: the file is cut or damaged after record {} ({})", m_name, m_number, message);
    m_begin = 0;
    m_end = std::size_t(read);
    return read > 0;
}

double RecordReader::share() const
{
    return m_size > 0.0 ? std::clamp(double(gzoffset(m_file.get())) / m_size, 0.0, 1.0) : 1.0;
}

void RecordReader::append(RecordText& record, std::string_view piece)
{
    if (!record.problem.empty())
        return;
    if (record.text.size() + piece.size() > kMaxRecord) {
        record.problem = "the record is longer than 64 MiB";
        record.text.clear();
        record.text.shrink_to_fit();
        return;
    }
    record.text += piece;
}

bool RecordReader::next(RecordText& record)
{
    record.text.clear();
    record.problem.clear();
    return m_array ? nextItem(record) : nextLine(record);
}

bool RecordReader::nextLine(RecordText& record)
{
    while (m_begin < m_end || fill()) {
        const char* const start = m_buffer.data() + m_begin;
        const auto* const stop = static_cast<const char*>(std::memchr(start, '\n', m_end - m_begin));
        append(record, {start, stop ? std::size_t(stop - start) : m_end - m_begin});
        m_begin = stop ? std::size_t(stop - m_buffer.data()) + 1 : m_end;
        if (!stop)
            continue;
        record.number = ++m_number;
        if (!record.problem.empty() || !trimmed(record.text).empty())
            return true;
        record.text.clear();
    }
    record.number = m_number + 1; // the last line may lack its line break
    const bool some = !record.problem.empty() || !trimmed(record.text).empty();
    m_number += some ? 1 : 0;
    return some;
}

/// Only strings and brackets have to be understood to find the comma after an item.
bool RecordReader::nextItem(RecordText& record)
{
    std::int64_t depth = 0;
    bool inString = false, escaped = false;
    const auto finish = [&](bool comma) {
        const bool blank = record.problem.empty() && trimmed(record.text).empty();
        if (blank && !comma && !m_afterComma)
            return false; // "[]"
        record.number = ++m_number;
        if (blank)
            record.problem = "there is nothing between two commas";
        m_afterComma = comma;
        return true;
    };
    while (!m_closed && (m_begin < m_end || fill())) {
        std::size_t at = m_begin;
        for (; at < m_end; ++at) {
            const char c = m_buffer[at];
            if (inString) {
                if (escaped)
                    escaped = false;
                else if (c == '\\')
                    escaped = true;
                else if (c == '"')
                    inString = false;
            } else if (c == '"') {
                inString = true;
            } else if (c == '{' || c == '[') {
                ++depth;
            } else if (depth > 0 && (c == '}' || c == ']')) {
                --depth;
            } else if (depth == 0 && (c == ',' || c == ']')) {
                break;
            }
        }
        append(record, {m_buffer.data() + m_begin, at - m_begin});
        m_begin = at;
        if (at == m_end)
            continue;
        ++m_begin;
        m_closed = m_buffer[at] == ']';
        if (finish(!m_closed))
            return true;
        record.text.clear();
    }
    if (m_finished)
        return false;
    if (!m_closed && !trimmed(record.text).empty() && finish(false))
        return true;
    m_finished = true;
    if (!m_closed) {
        record.problem = "the array is not closed: the file may be cut";
    } else {
        while (m_begin < m_end || fill()) {
            append(record, {m_buffer.data() + m_begin, m_end - m_begin});
            m_begin = m_end;
        }
        if (record.problem.empty() && trimmed(record.text).empty())
            return false;
        record.problem = "there is text after the end of the array";
    }
    record.text.clear();
    record.number = ++m_number;
    return true;
}

} // namespace mpo

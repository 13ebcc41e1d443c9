// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/sources/byte_source.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// The longest record that is read; longer ones are reported and passed over.
constexpr std::size_t kMaxRecordBytes = std::size_t(64) << 20;

/// A buffer over the bytes of a text file. A byte order mark at the start is passed over.
class TextInput
{
public:
    explicit TextInput(const std::filesystem::path& file);

    /// What was read and not consumed yet; reads on when that is nothing. Empty at the end.
    std::string_view view()
    {
        if (m_begin == m_end)
            fill();
        return {m_buffer.data() + m_begin, m_end - m_begin};
    }
    void consume(std::size_t bytes) { m_begin += bytes; }
    double share() const { return m_bytes->share(); }
    const std::string& name() const { return m_name; }

private:
    void fill();

    std::string m_name;
    std::unique_ptr<ByteSource> m_bytes;
    std::vector<char> m_buffer;
    std::size_t m_begin = 0, m_end = 0;
};

/// Appends unless the text would become longer than a record may be; then it is emptied and `problem` says so.
void appendCapped(std::string& text, std::string_view piece, std::string& problem);

/// Ending without .gz and .zst, in lower case: ".jsonl".
std::string plainEnding(const std::filesystem::path& file);

} // namespace mpo

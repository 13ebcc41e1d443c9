// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/sources/text_input.h"

#include <algorithm>
#include <cctype>

namespace mpo {

namespace {

constexpr std::size_t kBuffer = std::size_t(1) << 18;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

} // namespace

TextInput::TextInput(const std::filesystem::path& file)
    : m_name(file.string())
    , m_bytes(ByteSource::open(file))
    , m_buffer(kBuffer)
{
    if (view().starts_with(kByteOrderMark))
        consume(kByteOrderMark.size());
}

void TextInput::fill()
{
    m_begin = 0;
    m_end = m_bytes->read(m_buffer.data(), m_buffer.size());
}

void appendCapped(std::string& text, std::string_view piece, std::string& problem)
{
    if (!problem.empty())
        return;
    if (text.size() + piece.size() > kMaxRecordBytes) {
        problem = "the record is longer than 64 MiB";
        text.clear();
        text.shrink_to_fit();
        return;
    }
    text += piece;
}

std::string plainEnding(const std::filesystem::path& file)
{
    std::filesystem::path name = file.filename();
    if (name.extension() == ".gz" || name.extension() == ".zst")
        name = name.stem();
    std::string ending = name.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return ending;
}

} // namespace mpo

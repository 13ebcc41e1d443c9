// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/record_file.h"

#include "core/support/error.h"

#include <fmt/format.h>

#include <array>

namespace mpo {

namespace {

constexpr std::size_t kHead = 12, kFoot = 4; ///< length with its CRC; CRC of the data

constexpr std::array<std::uint32_t, 256> crcTable()
{
    std::array<std::uint32_t, 256> table {};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
        table[i] = value;
    }
    return table;
}

template<class Number>
Number littleEndian(std::string_view bytes)
{
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        value |= Number(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
}

template<class Number>
void appendLittleEndian(std::string& text, Number value)
{
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        text += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

} // namespace

std::uint32_t crc32c(std::string_view bytes)
{
    static constexpr auto table = crcTable();
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : bytes)
        crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
    return crc ^ 0xFFFFFFFFU;
}

std::uint32_t maskedCrc32c(std::string_view bytes)
{
    const std::uint32_t crc = crc32c(bytes);
    return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

std::string recordOf(std::string_view data)
{
    std::string record;
    record.reserve(kHead + data.size() + kFoot);
    appendLittleEndian(record, std::uint64_t(data.size()));
    appendLittleEndian(record, maskedCrc32c(record));
    record += data;
    appendLittleEndian(record, maskedCrc32c(data));
    return record;
}

RecordReader::RecordReader(const std::filesystem::path& file)
    : m_file(file, std::ios::binary | std::ios::ate)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error) || !m_file)
        fail("{}: cannot be read; it is no file, or may not be opened", file.string());
    m_size = std::uint64_t(m_file.tellg());
    m_file.seekg(0);
}

bool RecordReader::stop(std::string problem, bool cutOff)
{
    m_problem = std::move(problem);
    m_cutOff = cutOff;
    m_size = m_at = 0; // nothing more is read
    return false;
}

bool RecordReader::next(std::string& data)
{
    if (m_at == m_size)
        return false;
    if (m_size - m_at < kHead + kFoot)
        return stop(fmt::format("ends inside a record that begins at byte {}", m_at), true);
    std::array<char, kHead> head {};
    if (!m_file.read(head.data(), kHead))
        return stop(fmt::format("cannot be read from byte {} on", m_at), false);
    const std::string_view headView(head.data(), head.size());
    const auto length = littleEndian<std::uint64_t>(headView);
    if (littleEndian<std::uint32_t>(headView.substr(8)) != maskedCrc32c(headView.substr(0, 8)))
        return stop(fmt::format("is damaged at byte {}", m_at), false);
    if (length > kLargestRecord)
        return stop(fmt::format("holds a record of {} bytes at byte {}, more than the {} that are read", length, m_at,
                        kLargestRecord),
            false);
    if (m_size - m_at - kHead - kFoot < length)
        return stop(fmt::format("ends inside a record that begins at byte {}", m_at), true);
    data.resize(std::size_t(length));
    std::array<char, kFoot> foot {};
    if (!m_file.read(data.data(), std::streamsize(length)) || !m_file.read(foot.data(), kFoot))
        return stop(fmt::format("cannot be read from byte {} on", m_at), false);
    if (littleEndian<std::uint32_t>({foot.data(), foot.size()}) != maskedCrc32c(data))
        return stop(fmt::format("is damaged at byte {}", m_at), false);
    m_at += kHead + length + kFoot;
    return true;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace mpo {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): of "123456789" it is 0xE3069283.
std::uint32_t crc32c(std::string_view bytes);

/// As TFRecord files hold it: rotated by 15 bits, plus a constant, so that a checksum of data that holds checksums
/// stays useful.
std::uint32_t maskedCrc32c(std::string_view bytes);

/// One record of a TFRecord file: length (8 bytes, little-endian), masked CRC of the length, data, masked CRC of the
/// data.
std::string recordOf(std::string_view data);

/// The records of a TFRecord file, one by one. Nothing in the file is trusted.
class RecordReader
{
public:
    static constexpr std::uint64_t kLargestRecord = std::uint64_t(256) << 20; ///< an image or a graph, perhaps

    explicit RecordReader(const std::filesystem::path& file); ///< throws Error when it cannot be opened

    /// False: no more. problem() tells then whether the file is at its end.
    bool next(std::string& data);

    /// Empty at the end of a whole file; else why the rest could not be read, with the place: "damaged at byte 812".
    /// A file that ends inside a record, as one that is being written, is "cut off".
    const std::string& problem() const { return m_problem; }
    bool cutOff() const { return m_cutOff; }

private:
    bool stop(std::string problem, bool cutOff);

    std::ifstream m_file;
    std::uint64_t m_size = 0, m_at = 0;
    std::string m_problem;
    bool m_cutOff = false;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mpo {

/// A value of a GGUF file's metadata. Whole numbers of every width are int64 (a uint64 beyond that becomes a double).
using GgufValue = std::variant<bool, std::int64_t, double, std::string, std::vector<bool>, std::vector<std::int64_t>,
    std::vector<double>, std::vector<std::string>>;

/// How a tensor's numbers are stored: blocks of a fixed number of values and bytes.
struct GgufType
{
    std::uint32_t id;
    std::string_view name; ///< "Q4_K"
    std::uint32_t blockValues, blockBytes;
};

struct GgufTensor
{
    std::string name;
    std::vector<std::int64_t> shape; ///< slowest dimension first, as in torch (the file has it the other way round)
    const GgufType* type;
    std::span<const std::byte> bytes; ///< in the mapped file; may be unaligned
};

/// A GGUF file (version 2 or 3), which is not trusted, mapped into memory. The whole header is read and checked; the
/// tensors' bytes are only looked at by who reads them. The file must not be shortened while this object lives.
class GgufFile
{
public:
    /// Throws Error naming the file and what is wrong with it.
    explicit GgufFile(const std::filesystem::path& file);
    ~GgufFile();
    GgufFile(const GgufFile&) = delete;
    GgufFile& operator=(const GgufFile&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    const std::vector<GgufTensor>& tensors() const { return m_tensors; }
    const GgufTensor* tensor(std::string_view name) const; ///< nullptr: there is none

    const GgufValue* find(std::string_view key) const; ///< nullptr: absent
    /// The value under a key, as T of GgufValue; nullptr: absent. Throws Error when it has another type.
    template<class T>
    const T* get(std::string_view key) const
    {
        const GgufValue* value = find(key);
        if (value && !std::holds_alternative<T>(*value))
            failOnType(key);
        return value ? &std::get<T>(*value) : nullptr;
    }
    const std::map<std::string, GgufValue, std::less<>>& metadata() const { return m_metadata; }

private:
    [[noreturn]] void failOnType(std::string_view key) const;
    void readHeader(std::span<const std::byte> bytes);
    void checkOverlap() const;

    std::filesystem::path m_path;
    void* m_mapping = nullptr;
    std::size_t m_size = 0;
    std::map<std::string, GgufValue, std::less<>> m_metadata;
    std::vector<GgufTensor> m_tensors;
    std::map<std::string, std::size_t, std::less<>> m_byName;
};

/// Whether a path means a GGUF file: not a folder, and the name ends in .gguf or the content begins with its mark.
bool isGgufFile(const std::filesystem::path& path);

} // namespace mpo

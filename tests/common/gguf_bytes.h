// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

/// The bytes of a GGUF file, put together by hand after the format's description.
class GgufBytes
{
public:
    std::string mark = "GGUF";
    std::uint32_t version = 3;
    std::size_t alignment = 32;

    template<class T>
    static std::string raw(T value)
    {
        std::string all(sizeof(T), '\0');
        std::memcpy(all.data(), &value, sizeof(T));
        return all;
    }
    static std::string text(std::string_view value)
    {
        std::string all = raw(std::uint64_t(value.size()));
        all.append(value);
        return all;
    }

    /// `type` and `value` as they stand in the file.
    GgufBytes& key(std::string_view name, std::uint32_t type, const std::string& value)
    {
        m_keys += text(name) + raw(type) + value;
        ++m_keyCount;
        return *this;
    }
    GgufBytes& key(std::string_view name, std::string_view value) { return key(name, 8, text(value)); }
    GgufBytes& key(std::string_view name, std::uint32_t value) { return key(name, 4, raw(value)); }
    GgufBytes& key(std::string_view name, float value) { return key(name, 6, raw(value)); }
    GgufBytes& key(std::string_view name, const std::vector<std::string>& values)
    {
        std::string all = raw(std::uint32_t(8)) + raw(std::uint64_t(values.size()));
        for (const std::string& value : values)
            all += text(value);
        return key(name, 9, all);
    }
    template<class T>
    GgufBytes& keys(std::string_view name, std::uint32_t type, const std::vector<T>& values)
    {
        std::string all = raw(type) + raw(std::uint64_t(values.size()));
        for (const T value : values)
            all += raw(value);
        return key(name, 9, all);
    }

    /// Extents fastest first.
    GgufBytes& tensor(
        std::string_view name, const std::vector<std::uint64_t>& extents, std::uint32_t type, const std::string& bytes)
    {
        return tensorAt(name, extents, type, m_data.size(), bytes);
    }
    GgufBytes& tensorAt(std::string_view name, const std::vector<std::uint64_t>& extents, std::uint32_t type,
        std::uint64_t offset, const std::string& bytes)
    {
        m_tensors += text(name) + raw(std::uint32_t(extents.size()));
        for (const std::uint64_t extent : extents)
            m_tensors += raw(extent);
        m_tensors += raw(type) + raw(offset);
        m_data += bytes;
        m_data.resize((m_data.size() + alignment - 1) / alignment * alignment);
        ++m_tensorCount;
        return *this;
    }

    std::string bytes() const
    {
        std::string all = mark + raw(version) + raw(m_tensorCount) + raw(m_keyCount) + m_keys + m_tensors;
        all.resize((all.size() + alignment - 1) / alignment * alignment);
        return all + m_data;
    }

private:
    std::uint64_t m_keyCount = 0, m_tensorCount = 0;
    std::string m_keys, m_tensors, m_data;
};

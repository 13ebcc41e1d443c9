// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// GGUF: "GGUF", u32 version, u64 tensors, u64 keys; each key: text, u32 type, value (a text: u64 length and bytes; an
// array: u32 type, u64 count, elements); each tensor: text, u32 dimensions, u64 each (fastest first), u32 type, u64
// offset; then, aligned, the bytes of the tensors. All little-endian.

#include "core/support/gguf_file.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <limits>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mpo {

static_assert(std::endian::native == std::endian::little, "GGUF files are read as little-endian");

namespace {

constexpr std::string_view kMark = "GGUF";
// Caps far above real files (a vocabulary of 260 thousand tokens, headers of 20 MB), far below what hurts.
constexpr std::uint64_t kMaxKeys = 1 << 16, kMaxTensors = 1 << 17, kMaxArray = 1 << 22;
constexpr std::uint64_t kMaxKeyLength = 65'535; // by the specification
constexpr std::uint64_t kMaxTextLength = 1 << 24, kMaxHeader = 1 << 28;
constexpr std::uint32_t kMaxDimensions = 4; // of ggml
constexpr std::int64_t kDefaultAlignment = 32, kMaxAlignment = 1 << 16;

// Ids, values and bytes of a block: ggml.h and ggml-common.h.
constexpr GgufType kTypes[] = {{0, "F32", 1, 4}, {1, "F16", 1, 2}, {2, "Q4_0", 32, 18}, {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22}, {7, "Q5_1", 32, 24}, {8, "Q8_0", 32, 34}, {9, "Q8_1", 32, 36}, {10, "Q2_K", 256, 84},
    {11, "Q3_K", 256, 110}, {12, "Q4_K", 256, 144}, {13, "Q5_K", 256, 176}, {14, "Q6_K", 256, 210},
    {15, "Q8_K", 256, 292}, {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74}, {18, "IQ3_XXS", 256, 98},
    {19, "IQ1_S", 256, 50}, {20, "IQ4_NL", 32, 18}, {21, "IQ3_S", 256, 110}, {22, "IQ2_S", 256, 82},
    {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1}, {25, "I16", 1, 2}, {26, "I32", 1, 4}, {27, "I64", 1, 8},
    {28, "F64", 1, 8}, {29, "IQ1_M", 256, 56}, {30, "BF16", 1, 2}, {34, "TQ1_0", 256, 54}, {35, "TQ2_0", 256, 66},
    {39, "MXFP4", 32, 17}, {40, "NVFP4", 64, 36}, {41, "Q1_0", 128, 18}};

enum class ValueType : std::uint32_t {
    UInt8,
    Int8,
    UInt16,
    Int16,
    UInt32,
    Int32,
    Float32,
    Bool,
    Text,
    Array,
    UInt64,
    Int64,
    Float64,
};

std::string shown(std::string_view text) { return toPrintable(shortened(text, 100)); }

/// Walks over the header; whatever it returns lies inside the file.
class Cursor
{
public:
    Cursor(std::span<const std::byte> bytes, std::string file)
        : m_bytes(bytes.first(std::min<std::size_t>(bytes.size(), kMaxHeader)))
        , m_file(std::move(file))
        , m_whole(m_bytes.size() == bytes.size())
    {
    }

    std::uint64_t position() const { return m_at; }
    std::uint64_t left() const { return m_bytes.size() - m_at; }

    template<class T>
    T number()
    {
        need(sizeof(T));
        T value;
        std::memcpy(&value, m_bytes.data() + m_at, sizeof(T));
        m_at += sizeof(T);
        return value;
    }

    std::string text(std::uint64_t limit)
    {
        const auto length = number<std::uint64_t>();
        if (length > limit)
            fail("{}: a text of {} bytes stands in the header, where at most {} are read; the file is damaged", m_file,
                length, limit);
        need(length);
        std::string value(reinterpret_cast<const char*>(m_bytes.data() + m_at), length);
        m_at += length;
        return value;
    }

private:
    void need(std::uint64_t count) const
    {
        if (count <= left())
            return;
        if (m_whole)
            fail("{}: the file is cut: it ends inside the header", m_file);
        fail("{}: the header is larger than {} MiB; the file is damaged", m_file, kMaxHeader >> 20);
    }

    std::span<const std::byte> m_bytes;
    std::string m_file;
    bool m_whole;
    std::uint64_t m_at = 0;
};

struct Reader
{
    Cursor& cursor;
    const std::string& file;
    const std::string& key;

    template<class T>
    GgufValue whole(bool array, std::uint64_t count) const
    {
        if (!array) {
            const auto value = cursor.number<T>();
            if constexpr (std::is_same_v<T, std::uint64_t>)
                if (value > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
                    return double(value);
            return std::int64_t(value);
        }
        std::vector<std::int64_t> values;
        values.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i)
            values.push_back(std::int64_t(cursor.number<T>()));
        return values;
    }

    template<class T>
    GgufValue real(bool array, std::uint64_t count) const
    {
        if (!array)
            return double(cursor.number<T>());
        std::vector<double> values;
        values.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i)
            values.push_back(double(cursor.number<T>()));
        return values;
    }

    bool flag() const
    {
        const auto value = cursor.number<std::uint8_t>();
        if (value > 1)
            fail("{}: \"{}\" is neither true nor false; the file is damaged", file, shown(key));
        return value == 1;
    }

    /// The least bytes that an element takes.
    static std::uint64_t leastBytes(ValueType type)
    {
        switch (type) {
        case ValueType::UInt8:
        case ValueType::Int8:
        case ValueType::Bool:
            return 1;
        case ValueType::UInt16:
        case ValueType::Int16:
            return 2;
        case ValueType::UInt32:
        case ValueType::Int32:
        case ValueType::Float32:
            return 4;
        default:
            return 8;
        }
    }

    GgufValue value() const
    {
        auto type = ValueType(cursor.number<std::uint32_t>());
        const bool array = type == ValueType::Array;
        std::uint64_t count = 1;
        if (array) {
            type = ValueType(cursor.number<std::uint32_t>());
            count = cursor.number<std::uint64_t>();
            if (type == ValueType::Array)
                fail("{}: \"{}\" is a list of lists, which is not supported", file, shown(key));
            if (count > kMaxArray || count > cursor.left() / leastBytes(type))
                fail("{}: \"{}\" says it has {} elements, more than there can be; the file is cut or damaged", file,
                    shown(key), count);
        }
        switch (type) {
        case ValueType::UInt8:
            return whole<std::uint8_t>(array, count);
        case ValueType::Int8:
            return whole<std::int8_t>(array, count);
        case ValueType::UInt16:
            return whole<std::uint16_t>(array, count);
        case ValueType::Int16:
            return whole<std::int16_t>(array, count);
        case ValueType::UInt32:
            return whole<std::uint32_t>(array, count);
        case ValueType::Int32:
            return whole<std::int32_t>(array, count);
        case ValueType::UInt64:
            return whole<std::uint64_t>(array, count);
        case ValueType::Int64:
            return whole<std::int64_t>(array, count);
        case ValueType::Float32:
            return real<float>(array, count);
        case ValueType::Float64:
            return real<double>(array, count);
        case ValueType::Bool: {
            if (!array)
                return flag();
            std::vector<bool> values(count);
            for (std::uint64_t i = 0; i < count; ++i)
                values[i] = flag();
            return values;
        }
        case ValueType::Text: {
            if (!array)
                return cursor.text(kMaxTextLength);
            std::vector<std::string> values;
            values.reserve(count);
            for (std::uint64_t i = 0; i < count; ++i)
                values.push_back(cursor.text(kMaxTextLength));
            return values;
        }
        case ValueType::Array:
            break;
        }
        fail("{}: \"{}\" has a value of the unknown type {}; the file is damaged or of a newer kind", file, shown(key),
            std::uint32_t(type));
    }
};

/// Throws Error unless the file begins as GGUF of a version that is read here.
void checkBegin(std::span<const std::byte> bytes, const std::string& file)
{
    const std::string_view begin(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(4, bytes.size()));
    for (const std::string_view old : {"lmgg", "fmgg", "tjgg", "algg"})
        if (begin == old)
            fail("{}: this is a GGML file from before GGUF; convert the model again with a recent llama.cpp", file);
    if (begin != kMark)
        fail("{}: this is not a GGUF file", file);
    std::uint32_t version = 0;
    if (bytes.size() < 8)
        fail("{}: the file is cut: it ends inside the header", file);
    std::memcpy(&version, bytes.data() + 4, 4);
    if (version != 0 && (version & 0xFFFF) == 0)
        fail("{}: this GGUF file is big-endian; convert it with gguf-convert-endian, or take the little-endian one",
            file);
    if (version == 1)
        fail("{}: GGUF version 1 is not supported; convert the model again with a recent llama.cpp", file);
    if (version != 2 && version != 3)
        fail("{}: GGUF version {} is not known; there are 2 and 3", file, version);
}

} // namespace

GgufFile::GgufFile(const fs::path& file)
    : m_path(file)
{
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status
    {
    };
    int error = descriptor < 0 || ::fstat(descriptor, &status) != 0 ? errno : 0;
    if (error == 0 && !S_ISREG(status.st_mode))
        error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    if (error == 0 && status.st_size > 0) {
        m_size = std::size_t(status.st_size);
        void* mapping = ::mmap(nullptr, m_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (mapping == MAP_FAILED)
            error = errno;
        else
            m_mapping = mapping;
    }
    if (descriptor >= 0)
        ::close(descriptor);
    if (error != 0)
        fail("{}: cannot be read ({})", file.string(), std::generic_category().message(error));
    try {
        readHeader({static_cast<const std::byte*>(m_mapping), m_mapping ? m_size : 0});
    } catch (...) {
        if (m_mapping)
            ::munmap(m_mapping, m_size);
        throw;
    }
}

GgufFile::~GgufFile() { ::munmap(m_mapping, m_size); }

void GgufFile::readHeader(std::span<const std::byte> bytes)
{
    const std::string file = m_path.string();
    checkBegin(bytes, file);
    Cursor cursor(bytes, file);
    cursor.number<std::uint64_t>(); // mark and version
    const auto tensorCount = cursor.number<std::uint64_t>(), keyCount = cursor.number<std::uint64_t>();
    if (tensorCount > kMaxTensors || keyCount > kMaxKeys)
        fail("{}: the header speaks of {} tensors and {} keys; the file is damaged", file, tensorCount, keyCount);

    for (std::uint64_t i = 0; i < keyCount; ++i) {
        const std::string key = cursor.text(kMaxKeyLength);
        if (!m_metadata.emplace(key, Reader {cursor, file, key}.value()).second)
            fail("{}: the key \"{}\" stands twice in the header; the file is damaged", file, shown(key));
    }

    std::int64_t alignment = kDefaultAlignment;
    if (const auto* given = get<std::int64_t>("general.alignment"))
        alignment = *given;
    if (alignment < 1 || alignment > kMaxAlignment || !std::has_single_bit(std::uint64_t(alignment)))
        fail("{}: \"general.alignment\" is {}, which is no power of two up to {}; the file is damaged", file, alignment,
            kMaxAlignment);

    std::vector<std::pair<std::uint64_t, std::uint64_t>> places; // offset and size
    for (std::uint64_t i = 0; i < tensorCount; ++i) {
        GgufTensor tensor {cursor.text(kMaxKeyLength), {}, nullptr, {}};
        const std::string name = shown(tensor.name);
        const auto dimensions = cursor.number<std::uint32_t>();
        if (dimensions > kMaxDimensions)
            fail("{}: tensor {} has {} dimensions; the file is damaged", file, name, dimensions);
        for (std::uint32_t d = 0; d < dimensions; ++d)
            tensor.shape.push_back(cursor.number<std::int64_t>());
        const auto type = cursor.number<std::uint32_t>();
        const auto known
            = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const GgufType& t) { return t.id == type; });
        if (known == std::end(kTypes))
            fail("{}: tensor {} has the type {}, which is not known; the file is damaged or of a newer kind", file,
                name, type);
        tensor.type = &*known;
        const auto offset = cursor.number<std::uint64_t>();
        if (offset % std::uint64_t(alignment) != 0)
            fail("{}: tensor {} does not begin at a multiple of {} bytes; the file is damaged", file, name, alignment);

        constexpr std::int64_t kMostValues = std::int64_t(1) << 48; // so that no product below can overflow
        std::int64_t values = 1;
        for (const std::int64_t extent : tensor.shape) {
            if (extent < 1 || extent > kMostValues / values)
                fail("{}: tensor {} has an impossible shape; the file is damaged", file, name);
            values *= extent;
        }
        const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.front();
        if (row % known->blockValues != 0)
            fail("{}: tensor {} has rows of {} numbers, but {} stores {} at a time; the file is damaged", file, name,
                row, known->name, known->blockValues);
        places.emplace_back(offset, std::uint64_t(values) / known->blockValues * known->blockBytes);
        std::reverse(tensor.shape.begin(), tensor.shape.end());
        if (!m_byName.emplace(tensor.name, m_tensors.size()).second)
            fail("{}: tensor {} stands twice in the header; the file is damaged", file, name);
        m_tensors.push_back(std::move(tensor));
    }

    const std::uint64_t mask = std::uint64_t(alignment) - 1, begin = (cursor.position() + mask) & ~mask;
    for (std::size_t i = 0; i < m_tensors.size(); ++i) {
        const auto [offset, size] = places[i];
        if (begin > bytes.size() || offset > bytes.size() - begin || size > bytes.size() - begin - offset)
            fail("{}: tensor {} reaches beyond the end of the file; the file is cut or damaged", file,
                shown(m_tensors[i].name));
        m_tensors[i].bytes = bytes.subspan(begin + offset, size);
    }
    checkOverlap();
}

/// So that a small file cannot stand for more numbers than its bytes can hold.
void GgufFile::checkOverlap() const
{
    std::vector<const GgufTensor*> order;
    for (const GgufTensor& tensor : m_tensors)
        order.push_back(&tensor);
    std::sort(order.begin(), order.end(),
        [](const GgufTensor* a, const GgufTensor* b) { return a->bytes.data() < b->bytes.data(); });
    for (std::size_t i = 1; i < order.size(); ++i)
        if (order[i - 1]->bytes.data() + order[i - 1]->bytes.size() > order[i]->bytes.data())
            fail("{}: tensors {} and {} overlap; the file is damaged", m_path.string(), shown(order[i - 1]->name),
                shown(order[i]->name));
}

const GgufTensor* GgufFile::tensor(std::string_view name) const
{
    const auto found = m_byName.find(name);
    return found == m_byName.end() ? nullptr : &m_tensors[found->second];
}

const GgufValue* GgufFile::find(std::string_view key) const
{
    const auto found = m_metadata.find(key);
    return found == m_metadata.end() ? nullptr : &found->second;
}

void GgufFile::failOnType(std::string_view key) const
{
    fail("{}: \"{}\" has a value of an unexpected type; the file is damaged", m_path.string(), key);
}

bool isGgufFile(const fs::path& path)
{
    std::error_code error;
    if (!fs::is_regular_file(path, error))
        return false;
    if (path.extension() == ".gguf")
        return true;
    char begin[4] {};
    std::ifstream in(path, std::ios::binary);
    return in.read(begin, 4) && std::string_view(begin, 4) == kMark;
}

} // namespace mpo

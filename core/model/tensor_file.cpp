// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// safetensors: u64 little-endian length N of the header; N bytes of JSON {name: {dtype, shape, data_offsets: [begin, end]}},
// padded with spaces; then the bytes of all tensors, row-major, without holes.

#include "core/model/tensor_file.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"

#include <ATen/ATen.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <limits>

namespace fs = std::filesystem;

namespace mpo {

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian");

namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;

struct TypeName
{
    std::string_view name;
    at::ScalarType type;
};
constexpr TypeName kTypes[] = {{"F32", at::kFloat}, {"BF16", at::kBFloat16}, {"F16", at::kHalf}, {"F64", at::kDouble},
    {"I64", at::kLong}, {"I32", at::kInt}, {"U8", at::kByte}, {"BOOL", at::kBool}};

std::uint64_t unsignedOf(const Json& value, const fs::path& file, const std::string& name, const char* field)
{
    if (!value.is_number_unsigned())
        fail("{}: tensor {} has a {} that is not a whole number; the file is damaged", file.string(), name, field);
    return value.get<std::uint64_t>();
}

} // namespace

std::map<std::string, at::Tensor> readTensorFile(const fs::path& file)
{
    std::error_code error;
    const std::uint64_t size = fs::file_size(file, error);
    if (error)
        fail("{}: cannot be read ({})", file.string(), error.message());
    std::ifstream in(file, std::ios::binary);
    std::uint64_t headerSize = 0;
    if (size < 8 || !in.read(reinterpret_cast<char*>(&headerSize), 8))
        fail("{}: the file is cut: it has {} bytes and no header", file.string(), size);
    if (headerSize > kMaxHeader || headerSize > size - 8)
        fail("{}: the header says {} bytes, but the file has {}; it is cut or not a safetensors file", file.string(), headerSize, size);
    std::string text(headerSize, '\0');
    if (!in.read(text.data(), std::streamsize(headerSize)) || text.empty() || text.front() != '{')
        fail("{}: this is not a safetensors file", file.string());
    const Json header = parseJson(text, file.string());

    struct Entry
    {
        std::string name;
        std::uint64_t begin, end;
        at::ScalarType type;
        std::vector<std::int64_t> shape;
    };
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
        if (name == "__metadata__")
            continue;
        if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets")
            || !value["dtype"].is_string() || !value["shape"].is_array() || !value["data_offsets"].is_array()
            || value["data_offsets"].size() != 2)
            fail("{}: the header entry of tensor {} is not complete; the file is damaged", file.string(), name);
        Entry entry {name, unsignedOf(value["data_offsets"][0], file, name, "data offset"),
            unsignedOf(value["data_offsets"][1], file, name, "data offset"), at::kFloat, {}};
        const auto type = value["dtype"].get<std::string>();
        const auto known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return t.name == type; });
        if (known == std::end(kTypes))
            fail("{}: tensor {} has the type {}, which is not supported; convert it to F32, BF16 or F16", file.string(), name, type);
        entry.type = known->type;
        std::uint64_t bytes = c10::elementSize(entry.type);
        for (const Json& dimension : value["shape"]) {
            const std::uint64_t extent = unsignedOf(dimension, file, name, "dimension");
            if (extent > std::uint64_t(std::numeric_limits<std::int64_t>::max())
                || (extent != 0 && bytes > std::numeric_limits<std::uint64_t>::max() / extent))
                fail("{}: tensor {} has an impossible shape; the file is damaged", file.string(), name);
            bytes *= extent;
            entry.shape.push_back(std::int64_t(extent));
        }
        if (entry.end < entry.begin || entry.end - entry.begin != bytes)
            fail("{}: tensor {} takes {} bytes by its shape, but its offsets say otherwise; the file is damaged", file.string(), name, bytes);
        entries.push_back(std::move(entry));
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
    std::uint64_t expected = 0;
    for (const Entry& entry : entries) {
        if (entry.begin != expected)
            fail("{}: tensor {} does not follow the one before it without a gap; the file is damaged", file.string(), entry.name);
        expected = entry.end;
    }
    if (expected != size - 8 - headerSize)
        fail("{}: the tensors take {} bytes, but the file holds {}; it is cut or damaged", file.string(), expected, size - 8 - headerSize);

    std::map<std::string, at::Tensor> tensors;
    for (const Entry& entry : entries) {
        at::Tensor tensor = at::empty(entry.shape, at::TensorOptions(entry.type));
        if (entry.end > entry.begin && !in.read(static_cast<char*>(tensor.mutable_data_ptr()), std::streamsize(entry.end - entry.begin)))
            fail("{}: tensor {} could not be read to its end", file.string(), entry.name);
        tensors.emplace(entry.name, std::move(tensor));
    }
    return tensors;
}

std::map<std::string, at::Tensor> readModelTensors(const fs::path& folder)
{
    if (fs::exists(folder / "model.safetensors"))
        return readTensorFile(folder / "model.safetensors");
    const fs::path indexFile = folder / "model.safetensors.index.json";
    if (!fs::exists(indexFile))
        fail("{}: there is no model.safetensors (nor model.safetensors.index.json); only safetensors weights are read", folder.string());
    const Json index = readJsonFile(indexFile);
    if (!index.contains("weight_map") || !index["weight_map"].is_object())
        fail("{}: \"weight_map\" is missing", indexFile.string());
    std::map<std::string, std::map<std::string, at::Tensor>> shards;
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, shard] : index["weight_map"].items()) {
        const std::string file = shard.is_string() ? shard.get<std::string>() : std::string();
        if (file.empty() || file.find_first_of("/\\") != std::string::npos || file == ".." || fs::is_symlink(folder / file))
            fail("{}: \"{}\" is not a plain file name in this folder", indexFile.string(), file);
        if (!shards.contains(file))
            shards[file] = readTensorFile(folder / file);
        const auto found = shards[file].find(name);
        if (found == shards[file].end())
            fail("{}: tensor {} is missing, though {} names it", (folder / file).string(), name, indexFile.filename().string());
        tensors[name] = found->second;
    }
    return tensors;
}

void writeTensorFile(const fs::path& file, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata)
{
    Json header;
    header["__metadata__"]["format"] = "pt";
    for (const auto& [key, value] : metadata)
        header["__metadata__"][key] = value;
    std::vector<at::Tensor> stored;
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : tensors) {
        stored.push_back(tensor.detach().cpu().contiguous());
        const auto known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return t.type == stored.back().scalar_type(); });
        if (known == std::end(kTypes))
            fail("{}: tensor {} has a type that safetensors files do not hold", file.string(), name);
        const std::uint64_t bytes = stored.back().nbytes();
        header[name] = {{"dtype", known->name}, {"shape", stored.back().sizes().vec()}, {"data_offsets", {offset, offset + bytes}}};
        offset += bytes;
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    const std::uint64_t headerSize = text.size();
    std::string content;
    content.reserve(8 + headerSize + offset);
    content.append(reinterpret_cast<const char*>(&headerSize), 8);
    content += text;
    for (const at::Tensor& tensor : stored)
        if (tensor.nbytes() > 0)
            content.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
    writeFileAtomically(file, content);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// safetensors: u64 little-endian length N of the header; N bytes of JSON {name: {dtype, shape, data_offsets: [begin,
// end]}}, padded with spaces; then the bytes of all tensors, row-major, without holes.

#include "core/model/tensor_file.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"

#include <ATen/ATen.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <limits>
#include <system_error>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mpo {

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian");

namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000; // as the reference implementation
constexpr std::size_t kMaxDimensions = 16;

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

struct Entry
{
    std::string name;
    std::uint64_t begin, end;
    at::ScalarType type;
    std::vector<std::int64_t> shape;
};

Entry readEntry(const std::string& fullName, const Json& value, const fs::path& file)
{
    const std::string name = fullName.substr(0, 200); // for messages
    const auto list = [&](const char* field) { return value.contains(field) && value[field].is_array(); };
    if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() || !list("shape")
        || !list("data_offsets") || value["data_offsets"].size() != 2)
        fail("{}: the header entry of tensor {} is not complete; the file is damaged", file.string(), name);
    Entry entry {fullName, unsignedOf(value["data_offsets"][0], file, name, "data offset"),
        unsignedOf(value["data_offsets"][1], file, name, "data offset"), at::kFloat, {}};
    const auto type = value["dtype"].get<std::string>();
    const auto known
        = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return t.name == type; });
    if (known == std::end(kTypes))
        fail("{}: tensor {} has the type {}, which is not supported; convert it to F32, BF16 or F16", file.string(),
            name, type.substr(0, 40));
    entry.type = known->type;
    // `reach` is the product without the zeros: an empty tensor must have strides that fit, too.
    std::uint64_t bytes = c10::elementSize(entry.type), reach = bytes;
    if (value["shape"].size() > kMaxDimensions)
        fail("{}: tensor {} has {} dimensions; the file is damaged", file.string(), name, value["shape"].size());
    for (const Json& dimension : value["shape"]) {
        const std::uint64_t extent = unsignedOf(dimension, file, name, "dimension");
        if (reach > std::uint64_t(std::numeric_limits<std::int64_t>::max()) / std::max<std::uint64_t>(1, extent))
            fail("{}: tensor {} has an impossible shape; the file is damaged", file.string(), name);
        reach *= std::max<std::uint64_t>(1, extent);
        bytes *= extent;
        entry.shape.push_back(std::int64_t(extent));
    }
    if (entry.end < entry.begin || entry.end - entry.begin != bytes)
        fail("{}: tensor {} takes {} bytes by its shape, but its offsets say otherwise; the file is damaged",
            file.string(), name, bytes);
    return entry;
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
        fail("{}: the header says {} bytes, but the file has {}; it is cut or not a safetensors file", file.string(),
            headerSize, size);
    std::string text(headerSize, '\0');
    if (!in.read(text.data(), std::streamsize(headerSize)) || text.empty() || text.front() != '{')
        fail("{}: this is not a safetensors file", file.string());
    const Json header = parseJson(text, file.string());

    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
        if (name != "__metadata__") {
            entries.push_back(readEntry(name, value, file));
            continue;
        }
        const bool texts
            = value.is_object() && std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_string(); });
        if (!texts)
            fail("{}: \"__metadata__\" is not a list of texts; the file is damaged", file.string());
    }
    std::sort(entries.begin(), entries.end(),
        [](const Entry& a, const Entry& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
    std::uint64_t expected = 0;
    for (const Entry& entry : entries) {
        if (entry.begin != expected)
            fail("{}: tensor {} does not follow the one before it without a gap; the file is damaged", file.string(),
                entry.name);
        expected = entry.end;
    }
    if (expected != size - 8 - headerSize)
        fail("{}: the tensors take {} bytes, but the file holds {}; it is cut or damaged", file.string(), expected,
            size - 8 - headerSize);

    std::map<std::string, at::Tensor> tensors;
    for (const Entry& entry : entries) {
        at::Tensor tensor = at::empty(entry.shape, at::TensorOptions(entry.type));
        if (entry.end > entry.begin
            && !in.read(static_cast<char*>(tensor.mutable_data_ptr()), std::streamsize(entry.end - entry.begin)))
            fail("{}: tensor {} could not be read to its end", file.string(), entry.name);
        if (entry.type == at::kBool && (tensor.view(at::kByte) > 1).any().item<bool>())
            fail("{}: tensor {} of the type BOOL holds bytes other than 0 and 1; the file is damaged", file.string(),
                entry.name);
        tensors.emplace(entry.name, std::move(tensor));
    }
    return tensors;
}

namespace {

/// The cache of the Hugging Face hub links snapshots/ID/FILE to blobs/HASH beside snapshots; no other link may lead
/// out.
bool leavesFolder(const fs::path& folder, const std::string& file)
{
    std::error_code error;
    if (!fs::is_symlink(folder / file, error))
        return false;
    const fs::path real = fs::weakly_canonical(folder / file, error), home = fs::weakly_canonical(folder, error);
    return real.parent_path() != home && real.parent_path() != home.parent_path().parent_path() / "blobs";
}

} // namespace

std::map<std::string, at::Tensor> readModelTensors(const fs::path& folder)
{
    if (fs::exists(folder / "model.safetensors"))
        return readTensorFile(folder / "model.safetensors");
    const fs::path indexFile = folder / "model.safetensors.index.json";
    if (!fs::exists(indexFile) && fs::exists(folder / "pytorch_model.bin"))
        fail("{}: the weights are in pytorch_model.bin, a format that can run code when it is read; convert them to "
             "safetensors",
            folder.string());
    if (!fs::exists(indexFile))
        fail("{}: there is no model.safetensors (nor model.safetensors.index.json); only safetensors weights are read",
            folder.string());
    const Json index = readJsonFile(indexFile);
    if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object())
        fail("{}: \"weight_map\" is missing", indexFile.string());
    std::map<std::string, std::map<std::string, at::Tensor>> shards;
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, shard] : index["weight_map"].items()) {
        const std::string file = shard.is_string() ? shard.get<std::string>() : std::string();
        if (file.empty() || file.find_first_of("/\\") != std::string::npos || file == "." || file == ".."
            || leavesFolder(folder, file))
            fail("{}: \"{}\" is not a plain file name in this folder", indexFile.string(), file.substr(0, 200));
        if (!shards.contains(file))
            shards[file] = readTensorFile(folder / file);
        const auto found = shards[file].find(name);
        if (found == shards[file].end())
            fail("{}: tensor {} is missing, though {} names it", (folder / file).string(), name,
                indexFile.filename().string());
        tensors[name] = found->second;
    }
    return tensors;
}

void writeTensorFile(
    const fs::path& file, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata)
{
    Json header;
    header["__metadata__"]["format"] = "pt";
    for (const auto& [key, value] : metadata)
        header["__metadata__"][key] = value;
    std::vector<at::Tensor> stored;
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : tensors) {
        stored.push_back(tensor.detach().cpu().contiguous());
        const auto known = std::find_if(std::begin(kTypes), std::end(kTypes),
            [&](const TypeName& t) { return t.type == stored.back().scalar_type(); });
        if (known == std::end(kTypes))
            fail("{}: tensor {} has a type that safetensors files do not hold", file.string(), name);
        const std::uint64_t bytes = stored.back().nbytes();
        header[name] = {
            {"dtype", known->name}, {"shape", stored.back().sizes().vec()}, {"data_offsets", {offset, offset + bytes}}};
        offset += bytes;
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    const std::uint64_t headerSize = text.size();
    // Piece by piece: a model is not held in memory twice.
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    const fs::path temporary = folder / fmt::format(".{}.{}.tmp", file.filename().string(), ::getpid());
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int error = descriptor < 0 ? errno : 0;
    const auto write = [&](const void* bytes, std::uint64_t count) {
        const char* next = static_cast<const char*>(bytes);
        while (error == 0 && count > 0) {
            const auto written = ::write(descriptor, next, count);
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0) {
                error = written < 0 ? errno : EIO;
                break;
            }
            next += written;
            count -= std::uint64_t(written);
        }
    };
    write(&headerSize, 8);
    write(text.data(), headerSize);
    for (const at::Tensor& tensor : stored)
        write(tensor.const_data_ptr(), tensor.nbytes());
    if (error == 0 && ::fsync(descriptor) != 0)
        error = errno;
    if (descriptor >= 0 && ::close(descriptor) != 0 && error == 0)
        error = errno;
    if (error == 0 && ::rename(temporary.c_str(), file.c_str()) != 0)
        error = errno;
    if (error == 0)
        error = syncFolder(folder);
    if (error != 0) {
        ::unlink(temporary.c_str());
        fail("{}: cannot be written ({})", file.string(), std::generic_category().message(error));
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The only file that includes Arrow's headers.
#include "core/data/sources/arrow_reader.h"

#include "core/support/error.h"

#ifdef MPO_ARROW

#include "core/support/text.h"
#include "core/support/utf8.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <functional>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kRowsOfBatch = 1024;
constexpr int kMaxDepth = 64;

/// A value that has no place in a record: says which and why.
struct CellProblem
{
    std::string sentence;
};

Json textOf(std::string_view text)
{
    if (!isValidUtf8(text))
        throw CellProblem {"a text is not valid UTF-8"};
    return Json(std::string(text));
}

Json cell(const arrow::Array& array, std::int64_t row, int depth);

template<class List>
Json listOf(const arrow::Array& array, std::int64_t row, int depth)
{
    const auto& list = static_cast<const List&>(array);
    Json items = Json::array();
    for (std::int64_t i = 0; i < std::int64_t(list.value_length(row)); ++i)
        items.push_back(cell(*list.values(), std::int64_t(list.value_offset(row)) + i, depth + 1));
    return items;
}

Json structOf(const arrow::StructArray& array, std::int64_t row, int depth)
{
    Json object = Json::object();
    for (int i = 0; i < array.num_fields(); ++i)
        object[array.struct_type()->field(i)->name()] = cell(*array.field(i), row, depth + 1);
    return object;
}

Json mapOf(const arrow::MapArray& array, std::int64_t row, int depth)
{
    Json object = Json::object();
    for (std::int64_t i = 0; i < array.value_length(row); ++i) {
        const std::int64_t at = array.value_offset(row) + i;
        const Json key = cell(*array.keys(), at, depth + 1);
        object[key.is_string() ? key.get<std::string>() : toLine(key)] = cell(*array.items(), at, depth + 1);
    }
    return object;
}

Json cell(const arrow::Array& array, std::int64_t row, int depth)
{
    using arrow::Type;
    if (depth > kMaxDepth)
        throw CellProblem {fmt::format("a value is nested deeper than {}", kMaxDepth)};
    if (array.IsNull(row))
        return nullptr;
    const auto number = [&]<class Array>(const Array*) { return Json(static_cast<const Array&>(array).Value(row)); };
    const auto text = [&]<class Array>(const Array*) { return textOf(static_cast<const Array&>(array).GetView(row)); };
    static constexpr auto as = []<class Array>() { return static_cast<const Array*>(nullptr); };
    switch (array.type_id()) {
    case Type::BOOL:
        return number(as.operator()<arrow::BooleanArray>());
    case Type::INT8:
        return number(as.operator()<arrow::Int8Array>());
    case Type::INT16:
        return number(as.operator()<arrow::Int16Array>());
    case Type::INT32:
        return number(as.operator()<arrow::Int32Array>());
    case Type::INT64:
        return number(as.operator()<arrow::Int64Array>());
    case Type::UINT8:
        return number(as.operator()<arrow::UInt8Array>());
    case Type::UINT16:
        return number(as.operator()<arrow::UInt16Array>());
    case Type::UINT32:
        return number(as.operator()<arrow::UInt32Array>());
    case Type::UINT64:
        return number(as.operator()<arrow::UInt64Array>());
    case Type::FLOAT:
        return number(as.operator()<arrow::FloatArray>());
    case Type::DOUBLE:
        return number(as.operator()<arrow::DoubleArray>());
    case Type::STRING:
        return text(as.operator()<arrow::StringArray>());
    case Type::LARGE_STRING:
        return text(as.operator()<arrow::LargeStringArray>());
    case Type::STRING_VIEW:
        return text(as.operator()<arrow::StringViewArray>());
    case Type::BINARY:
        return text(as.operator()<arrow::BinaryArray>());
    case Type::LARGE_BINARY:
        return text(as.operator()<arrow::LargeBinaryArray>());
    case Type::LIST:
        return listOf<arrow::ListArray>(array, row, depth);
    case Type::LARGE_LIST:
        return listOf<arrow::LargeListArray>(array, row, depth);
    case Type::FIXED_SIZE_LIST:
        return listOf<arrow::FixedSizeListArray>(array, row, depth);
    case Type::STRUCT:
        return structOf(static_cast<const arrow::StructArray&>(array), row, depth);
    case Type::MAP:
        return mapOf(static_cast<const arrow::MapArray&>(array), row, depth);
    case Type::DICTIONARY: {
        const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
        return cell(*dictionary.dictionary(), dictionary.GetValueIndex(row), depth + 1);
    }
    case Type::EXTENSION:
        return cell(*static_cast<const arrow::ExtensionArray&>(array).storage(), row, depth + 1);
    default: { // dates, decimals, half floats: as text
        const auto scalar = array.GetScalar(row);
        return scalar.ok() ? textOf((*scalar)->ToString()) : Json();
    }
    }
}

class BatchReader : public RecordReader
{
public:
    /// `nextBatch` gives null at the end.
    BatchReader(std::string name, std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>()> nextBatch,
        std::function<double(std::int64_t rows, std::int64_t batches)> share)
        : m_name(std::move(name))
        , m_nextBatch(std::move(nextBatch))
        , m_share(std::move(share))
    {
    }

    bool next(Record& record) override
    {
        record.problem.clear();
        while (!m_batch || m_row == m_batch->num_rows()) {
            if (!nextBatch())
                return false;
            m_row = 0;
        }
        record.number = ++m_number;
        record.value = Json::object();
        try {
            auto& object = record.value.get_ref<Json::object_t&>();
            for (int i = 0; i < m_batch->num_columns(); ++i)
                object.emplace_back(m_batch->column_name(i), cell(*m_batch->column(i), m_row, 0));
        } catch (const CellProblem& problem) {
            record.problem = problem.sentence;
        }
        ++m_row;
        return true;
    }
    double share() const override { return m_share(m_number, m_batches); }

private:
    bool nextBatch()
    {
        try {
            auto batch = m_nextBatch();
            if (!batch.ok())
                damaged(batch.status().message());
            m_batch = std::move(*batch);
            if (m_batch) // offsets of a damaged file must not lead outside its buffers
                if (const auto status = m_batch->ValidateFull(); !status.ok())
                    damaged(status.message());
            ++m_batches;
            return m_batch != nullptr;
        } catch (const Error&) {
            throw;
        } catch (const std::exception& error) { // also of the decoders under it
            damaged(error.what());
        }
    }

    [[noreturn]] void damaged(const std::string& why) const
    {
        fail("{}: the file is cut or damaged after record {} ({})", m_name, m_number, shortened(toPrintable(why), 200));
    }

    std::string m_name;
    std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>()> m_nextBatch;
    std::function<double(std::int64_t, std::int64_t)> m_share;
    std::shared_ptr<arrow::RecordBatch> m_batch;
    std::int64_t m_row = 0, m_number = 0, m_batches = 0;
};

std::shared_ptr<arrow::io::RandomAccessFile> openFile(const fs::path& file)
{
    std::error_code error;
    if (!fs::exists(file, error))
        fail("{}: no such file", file.string());
    auto opened = arrow::io::ReadableFile::Open(file.string());
    if (!opened.ok())
        fail("{}: cannot be read ({})", file.string(), toPrintable(opened.status().message()));
    return *opened;
}

[[noreturn]] void notA(const char* what, const fs::path& file, const std::string& why)
{
    fail("{}: is no {} or is damaged ({})", file.string(), what, shortened(toPrintable(why), 200));
}

} // namespace

std::unique_ptr<RecordReader> openParquet(const fs::path& file)
{
    try {
        parquet::ReaderProperties properties;
        properties.enable_buffered_stream(); // pages of a row group as they are needed, not the group
        parquet::arrow::FileReaderBuilder builder;
        if (const auto status = builder.Open(openFile(file), properties); !status.ok())
            notA("Parquet file", file, status.message());
        parquet::ArrowReaderProperties arrowProperties(false);
        arrowProperties.set_batch_size(kRowsOfBatch);
        arrowProperties.set_pre_buffer(false);
        builder.properties(arrowProperties);
        auto built = builder.Build();
        if (!built.ok())
            notA("Parquet file", file, built.status().message());
        const std::shared_ptr<parquet::arrow::FileReader> reader = std::move(*built);
        auto made = reader->GetRecordBatchReader();
        if (!made.ok())
            notA("Parquet file", file, made.status().message());
        const std::shared_ptr<arrow::RecordBatchReader> batches = std::move(*made);
        const double rows = double(reader->parquet_reader()->metadata()->num_rows());
        return std::make_unique<BatchReader>(
            file.string(), [reader, batches] { return batches->Next(); },
            [rows](std::int64_t done, std::int64_t) { return rows > 0.0 ? double(done) / rows : 1.0; });
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        notA("Parquet file", file, error.what());
    }
}

std::unique_ptr<RecordReader> openArrow(const fs::path& file)
{
    const auto input = openFile(file);
    if (auto opened = arrow::ipc::RecordBatchFileReader::Open(input); opened.ok()) {
        const auto reader = *opened;
        const int count = reader->num_record_batches();
        return std::make_unique<BatchReader>(
            file.string(),
            [reader, count, at = 0]() mutable -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
                if (at == count)
                    return std::shared_ptr<arrow::RecordBatch>();
                return reader->ReadRecordBatch(at++);
            },
            [count](std::int64_t, std::int64_t done) { return count > 0 ? double(done) / count : 1.0; });
    }
    if (const auto status = input->Seek(0); !status.ok())
        notA("Arrow file", file, status.message());
    auto opened = arrow::ipc::RecordBatchStreamReader::Open(input);
    if (!opened.ok())
        notA("Arrow file", file, opened.status().message());
    const std::shared_ptr<arrow::RecordBatchReader> reader = std::move(*opened);
    std::error_code error;
    const auto size = double(fs::file_size(file, error));
    return std::make_unique<BatchReader>(
        file.string(), [reader] { return reader->Next(); },
        [input, size](
            std::int64_t, std::int64_t) { return size > 0.0 ? double(input->Tell().ValueOr(0)) / size : 1.0; });
}

} // namespace mpo

#else

namespace mpo {

namespace {

[[noreturn]] void failWithoutArrow(const std::filesystem::path& file)
{
    fail("{}: this program was built without Arrow's library, which Parquet and Arrow files need; install pyarrow into "
         ".venv and build again, or save the file as .jsonl",
        file.string());
}

} // namespace

std::unique_ptr<RecordReader> openParquet(const std::filesystem::path& file) { failWithoutArrow(file); }
std::unique_ptr<RecordReader> openArrow(const std::filesystem::path& file) { failWithoutArrow(file); }

} // namespace mpo

#endif

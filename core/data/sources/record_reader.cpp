// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/sources/record_reader.h"

#include "core/data/sources/arrow_reader.h"
#include "core/data/sources/json_reader.h"
#include "core/data/sources/table_reader.h"
#include "core/data/sources/text_input.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr auto kEndings
    = std::to_array<std::string_view>({".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow"});

constexpr std::string_view kShard = "-00000-of-00000"; ///< as Hugging Face numbers the files of a split

bool isShard(std::string_view text)
{
    return std::ranges::equal(
        text, kShard, [](char c, char pattern) { return pattern == '0' ? c >= '0' && c <= '9' : c == pattern; });
}

bool startsWith(const fs::path& file, std::string_view magic)
{
    std::ifstream in(file, std::ios::binary);
    std::string start(magic.size(), '\0');
    return in.read(start.data(), std::streamsize(start.size())) && start == magic;
}

} // namespace

std::unique_ptr<RecordReader> openRecords(const fs::path& file)
{
    const std::string ending = plainEnding(file);
    if (ending == ".parquet" || startsWith(file, "PAR1"))
        return openParquet(file);
    if (ending == ".arrow" || startsWith(file, "ARROW1"))
        return openArrow(file);
    if (ending == ".csv" || ending == ".tsv")
        return openTable(file);
    return openJson(file);
}

bool isDataFile(const fs::path& file) { return std::ranges::find(kEndings, plainEnding(file)) != kEndings.end(); }

std::string stemOf(const fs::path& file)
{
    fs::path name = file.filename();
    if (name.extension() == ".gz" || name.extension() == ".zst")
        name = name.stem();
    if (isDataFile(name))
        name = name.stem();
    std::string stem = name.string();
    if (const auto at = stem.size() - kShard.size();
        stem.size() > kShard.size() && isShard(std::string_view(stem).substr(at)))
        stem.resize(at);
    return stem;
}

} // namespace mpo

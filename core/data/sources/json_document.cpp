// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/sources/json_reader.h"

#include <algorithm>
#include <utility>

namespace mpo {

namespace {

bool isRecords(const Json& value)
{
    return value.is_array() && !value.empty()
        && std::ranges::all_of(value, [](const Json& v) { return v.is_object(); });
}

/// pandas: to_json(orient="split"), also without "index".
std::optional<std::vector<Json>> fromSplit(const Json& document)
{
    const auto columns = document.find("columns"), data = document.find("data");
    if (columns == document.end() || data == document.end() || !columns->is_array() || !data->is_array())
        return std::nullopt;
    if (!std::ranges::all_of(*columns, [](const Json& name) { return name.is_string(); }))
        return std::nullopt;
    std::vector<Json> records;
    for (const Json& row : *data) {
        Json record = Json::object();
        for (std::size_t i = 0; row.is_array() && i < std::min(row.size(), columns->size()); ++i)
            record[(*columns)[i].get_ref<const std::string&>()] = row[i];
        records.push_back(std::move(record));
    }
    return records;
}

/// pandas: to_json(); or lists of equal length.
std::optional<std::vector<Json>> fromColumns(const Json& document)
{
    const auto isColumn = [&](const Json& value) {
        return value.type() == document.front().type() && value.size() == document.front().size();
    };
    if (document.empty() || !document.front().is_structured() || document.front().empty()
        || !std::ranges::all_of(document, isColumn))
        return std::nullopt;
    const bool lists = document.front().is_array();
    // A record of message lists or of token ids is no table: a table has texts or numbers in its cells.
    if (lists && (document.contains("prompt_ids") || std::ranges::any_of(document, [](const Json& column) {
            return column.front().is_object();
        })))
        return std::nullopt;
    if (!lists && (!document.front().contains("0") || document.size() < 2))
        return std::nullopt;
    std::vector<Json> records;
    std::size_t at = 0;
    for (const auto& [row, ignored] : document.front().items()) {
        Json record = Json::object();
        for (const auto& [column, values] : document.items()) {
            if (lists) {
                record[column] = values[at];
                continue;
            }
            // The same keys in the same order in every column, unless someone has edited the file.
            const auto& same = *(values.get_ref<const Json::object_t&>().begin() + std::ptrdiff_t(at));
            if (same.first == row)
                record[column] = same.second;
            else if (const auto found = values.find(row); found != values.end())
                record[column] = *found;
        }
        records.push_back(std::move(record));
        ++at;
    }
    return records;
}

} // namespace

std::vector<Json> recordsOfDocument(Json document)
{
    if (document.is_array())
        return std::move(document.get_ref<Json::array_t&>());
    if (document.is_object()) {
        if (auto records = fromSplit(document))
            return std::move(*records);
        for (const char* key : {"data", "examples", "rows"}) {
            if (const auto list = document.find(key); list != document.end() && isRecords(*list)) {
                std::vector<Json> records;
                for (Json& item : *list) // the server of Hugging Face wraps each row once more
                    records.push_back(
                        item.contains("row") && item["row"].is_object() ? std::move(item["row"]) : std::move(item));
                return records;
            }
        }
        if (auto records = fromColumns(document))
            return std::move(*records);
    }
    std::vector<Json> one;
    one.push_back(std::move(document));
    return one;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/columns.h"

#include "core/data/formats/dataset_format.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>

namespace mpo {

namespace {

constexpr int kColumnDepth = 3;
constexpr std::size_t kItemsShown = 2; ///< of a list of objects
constexpr std::size_t kMostColumns = 200;
constexpr std::size_t kNearest = 3;

void collect(const Json& value, const std::string& prefix, int depth, std::vector<std::string>& names)
{
    std::size_t item = 0;
    for (const auto& [key, inner] : value.items()) {
        if (names.size() >= kMostColumns || (value.is_array() && item++ == kItemsShown))
            return;
        const std::string name = prefix + key;
        const bool objects = inner.is_object() || (inner.is_array() && !inner.empty() && inner.front().is_object());
        if (!value.is_array() || !objects)
            names.push_back(name);
        if (depth < kColumnDepth && objects)
            collect(inner, name + ".", depth + 1, names);
    }
}

/// Words by which columns give themselves away, most telling first.
constexpr auto kPromptWords = std::to_array<std::string_view>(
    {"prompt", "instruction", "question", "query", "input", "context", "history", "post", "article", "user", "title"});
constexpr auto kChosenWords = std::to_array<std::string_view>({"chosen", "preferred", "accepted", "winner", "better",
    "best", "positive", "good", "yes", "win", "pos", "correct", "output_1", "response_1", "answer_1", "response_a",
    "answer_a", "response1", "answer1", "output_a", "response_0", "answer_0"});
constexpr auto kRejectedWords = std::to_array<std::string_view>({"reject", "dispreferred", "loser", "worse", "worst",
    "negative", "bad", "no", "lose", "neg", "incorrect", "wrong", "output_2", "response_2", "answer_2", "response_b",
    "answer_b", "response2", "answer2", "output_b", "response_1", "answer_1"});

/// As a word of its own or the beginning of one: "incorrect" does not hold "correct"; short words stand alone, or "no"
/// would be in "note".
bool standsIn(std::string_view text, std::string_view word)
{
    constexpr std::size_t kShort = 3;
    const auto isLetter
        = [&](std::size_t at) { return at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])); };
    const auto at = text.find(word);
    return at != text.npos && (at == 0 || !isLetter(at - 1)) && (word.size() > kShort || !isLetter(at + word.size()));
}

std::string guess(
    const std::vector<std::string>& columns, std::span<const std::string_view> words, std::set<std::string>& used)
{
    for (const std::string_view word : words)
        for (const std::string& column : columns) {
            std::string lower = column;
            std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return char(std::tolower(c)); });
            if (standsIn(lower, word) && used.insert(column).second)
                return column;
        }
    return {};
}

} // namespace

const Json* columnAt(const Json& record, std::string_view column)
{
    if (record.is_object()) {
        if (const auto found = record.find(column); found != record.end())
            return &*found;
        for (auto dot = column.find('.'); dot != column.npos; dot = column.find('.', dot + 1))
            if (const auto found = record.find(column.substr(0, dot)); found != record.end())
                if (const Json* inner = columnAt(*found, column.substr(dot + 1)))
                    return inner;
        return nullptr;
    }
    if (!record.is_array())
        return nullptr;
    const auto dot = column.find('.');
    const auto part = column.substr(0, dot);
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (error != std::errc() || end != part.data() + part.size() || index >= record.size())
        return nullptr;
    return dot == column.npos ? &record[index] : columnAt(record[index], column.substr(dot + 1));
}

std::string applyColumns(Json& record, const ColumnMap& columns)
{
    std::vector<std::pair<std::string, Json>> values;
    for (const auto& [field, column] : columns) {
        const Json* value = columnAt(record, column);
        if (!value)
            return column;
        values.emplace_back(field, *value);
    }
    for (const auto& [field, column] : columns)
        record.erase(column);
    for (auto& [field, value] : values)
        record[field] = std::move(value);
    return {};
}

std::vector<std::string> columnsOf(const Json& record)
{
    std::vector<std::string> names;
    if (record.is_object())
        collect(record, "", 1, names);
    return names;
}

ColumnMap guessedColumns(const std::vector<std::string>& columns)
{
    ColumnMap map;
    std::set<std::string> used;
    const std::tuple<const char*, std::span<const std::string_view>> fields[] {
        {"chosen", kChosenWords}, {"rejected", kRejectedWords}, {"prompt", kPromptWords}};
    for (const auto& [field, words] : fields)
        if (const std::string column = guess(columns, words, used); !column.empty())
            map[field] = column;
    return map;
}

std::vector<std::string> nearestFormats(std::span<const DatasetFormat> formats, const Json& record)
{
    struct Near
    {
        double share;
        std::string text;
    };
    std::vector<Near> near;
    for (const DatasetFormat& format : formats) {
        std::vector<std::string_view> lacking;
        for (const std::string& key : format.keys)
            if (!record.contains(key))
                lacking.push_back(key);
        if (lacking.size() < format.keys.size())
            near.push_back({double(format.keys.size() - lacking.size()) / double(format.keys.size()),
                lacking.empty() ? format.name + " (whose fields are of other types)"
                                : fmt::format("{} (lacks {})", format.name, joined(lacking))});
    }
    std::ranges::stable_sort(near, [](const Near& a, const Near& b) { return a.share > b.share; });
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(kNearest, near.size()); ++i)
        names.push_back(near[i].text);
    return names;
}

} // namespace mpo

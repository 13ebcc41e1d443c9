// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace mpo {

/// Keeps the order of keys: what we write stays readable. Looking up a key walks over all of them, so large objects (a
/// vocabulary) are to be iterated, not asked key by key.
using Json = nlohmann::ordered_json;

/// Why a text is not acceptable JSON, and where.
struct JsonProblem
{
    std::size_t line = 1, column = 1; ///< from 1; columns count bytes
    std::string reason; ///< "the key \"prompt\" stands twice in one object"
};

/// Parses untrusted text. Refused: what is not JSON, nesting deeper than 64, a key given twice in one object, NUL bytes
/// and invalid UTF-8. Returns nothing then and fills `problem`.
std::optional<Json> tryParseJson(std::string_view text, JsonProblem& problem);

/// The same, but throws Error "SOURCE:LINE:COLUMN: reason".
Json parseJson(std::string_view text, std::string_view source);

/// Reads a file of at most 512 MiB and parses it. Throws Error naming the file.
Json readJsonFile(const std::filesystem::path& file);

/// Writes indented JSON atomically (temporary file, fsync, rename). Throws Error naming the file.
void writeJsonFile(const std::filesystem::path& file, const Json& value);

/// One line without line breaks; invalid UTF-8 is replaced, NaN and infinity become null.
std::string toLine(const Json& value);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace mpo {

using Json = nlohmann::ordered_json; ///< keeps the order of keys: what we write stays readable

/// Parses untrusted text. Throws Error with `source` in front for: not JSON (with line and column), nesting deeper than 64,
/// a key given twice in one object.
Json parseJson(std::string_view text, std::string_view source);

/// Reads a file of at most 512 MiB and parses it. Throws Error naming the file.
Json readJsonFile(const std::filesystem::path& file);

/// Writes indented JSON atomically (temporary file, fsync, rename). Throws Error naming the file.
void writeJsonFile(const std::filesystem::path& file, const Json& value);

/// One line without line breaks; invalid UTF-8 is replaced, NaN and infinity become null.
std::string toLine(const Json& value);

} // namespace mpo

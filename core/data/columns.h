// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

struct DatasetFormat;

/// Our field ("prompt", "chosen", "rejected", ...) -> the file's column. A dot goes into an object or, with a number,
/// into a list: "info.post", "answers.0.text".
using ColumnMap = std::map<std::string, std::string>;

/// Null: there is no such column.
const Json* columnAt(const Json& record, std::string_view column);

/// Puts what the map names under our names and takes it away under its own. Returns the name of a column that is
/// missing, or "".
std::string applyColumns(Json& record, const ColumnMap& columns);

/// Names of the columns of a record, those inside objects with a dot, in order.
std::vector<std::string> columnsOf(const Json& record);

/// The map that would most likely do, by the names of the columns; fields for which none is like it are left out.
ColumnMap guessedColumns(const std::vector<std::string>& columns);

/// Names of the formats that come nearest to a record, with the keys that it lacks: "question-pairs (lacks chosen)".
std::vector<std::string> nearestFormats(std::span<const DatasetFormat> formats, const Json& record);

} // namespace mpo

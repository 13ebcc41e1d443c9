// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/sources/record_reader.h"

#include <vector>

namespace mpo {

/// One record a line, the items of one array, or a whole document that holds a table.
std::unique_ptr<RecordReader> openJson(const std::filesystem::path& file);

/// The records in a document: the list under "data", "examples" or "rows", the rows of {"column": {"0": ...}},
/// {"column": [...]} or pandas' {"columns": [...], "data": [[...]]}; else the document itself.
std::vector<Json> recordsOfDocument(Json document);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/sources/record_reader.h"

namespace mpo {

/// CSV and TSV as RFC 4180 has them: a header row, fields in quotes may hold line breaks, "" is a quote. The delimiter
/// of a .csv file is the one of , ; and tab that its header holds most. Cells are texts; one that holds a JSON list of
/// objects (messages) is read as such.
std::unique_ptr<RecordReader> openTable(const std::filesystem::path& file);

} // namespace mpo

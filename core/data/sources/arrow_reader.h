// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/sources/record_reader.h"

namespace mpo {

/// Parquet, read batch by batch; and Arrow, as IPC file or stream (the data-*.arrow of Hugging Face's save_to_disk).
/// Structs and lists become objects and arrays, so that a format sees what it would see in JSON. Both throw Error when
/// the program was built without Arrow's library.
std::unique_ptr<RecordReader> openParquet(const std::filesystem::path& file);
std::unique_ptr<RecordReader> openArrow(const std::filesystem::path& file);

} // namespace mpo

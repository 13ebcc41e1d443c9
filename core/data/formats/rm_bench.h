// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// RM-Bench: {"prompt", "chosen": [texts], "rejected": [texts]}: every chosen response against every rejected one.
/// Provenance: THU-KEG/RM-Bench, data/total_dataset.json.
DatasetFormat rmBenchFormat();

} // namespace mpo

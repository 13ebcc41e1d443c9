// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// auto-j's pairwise test set: {"prompt", "response 1", "response 2", "label"}, 0 the first, 1 the second, 2 a tie.
/// Provenance: GAIR-NLP/auto-j, data/test/testdata_pairwise.jsonl.
DatasetFormat autojFormat();

} // namespace mpo

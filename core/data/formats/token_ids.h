// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Rows of token ids: {"prompt_ids", "chosen_ids", "rejected_ids"}.
DatasetFormat tokenIdsFormat();
/// The same with a prompt only.
DatasetFormat promptIdsFormat();

} // namespace mpo

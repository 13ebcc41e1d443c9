// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// {"chosen", "rejected"} as texts without markers of turns: the prompt is their common beginning, up to its last space
/// (TRL's implicit prompt). Provenance: huggingface/trl, docs of dataset formats.
DatasetFormat implicitPromptFormat();

} // namespace mpo

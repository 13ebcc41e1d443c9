// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Rows of token ids: {"prompt_ids", "chosen_ids", "rejected_ids"}, or a prompt only; and OpenAI's
/// lm-human-preferences:
/// {"query", "sample0".."sample3", "best"}, a pair of the best sample with each other one.
/// Provenance: openai/lm-human-preferences, README and lm_human_preferences/label_types.py.
DatasetFormat tokenIdsFormat();
DatasetFormat promptIdsFormat();
DatasetFormat bestSampleFormat();

} // namespace mpo

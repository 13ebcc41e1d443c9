// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// WebGPT: {"question": {"full_text"}, "answer_0", "answer_1", "score_0", "score_1"}; equal scores are a tie.
/// Provenance: openai/webgpt_comparisons on the Hugging Face hub.
DatasetFormat webgptComparisonsFormat();

} // namespace mpo

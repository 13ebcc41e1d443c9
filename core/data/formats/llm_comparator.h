// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// LLM Comparator's examples: {"input_text", "output_text_a", "output_text_b", "score"}; above 0 A is better, 0 is a
/// tie, the size of the score is the margin. Provenance: PAIR-code/llm-comparator, README (JSON data format).
DatasetFormat llmComparatorFormat();

} // namespace mpo

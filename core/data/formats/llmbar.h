// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// LLMBar: {"input", "output_1", "output_2", "label"}, the label 1 or 2.
/// Provenance: princeton-nlp/LLMBar, Dataset/LLMBar.
DatasetFormat llmbarFormat();

} // namespace mpo

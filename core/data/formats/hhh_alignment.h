// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Helpful, honest, harmless: {"prompt", "corrects", "incorrects"}, {"input", "target_scores": {response: 1 or 0}}
/// (BIG-bench) and
/// {"input", "targets": {"choices", "labels"}}. Every right response against every wrong one.
/// Provenance: anthropics/evals, google/BIG-bench tasks hhh_alignment, HuggingFaceH4/hhh_alignment on the hub.
DatasetFormat correctsFormat();
DatasetFormat targetScoresFormat();
DatasetFormat targetsFormat();

} // namespace mpo

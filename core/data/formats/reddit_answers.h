// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Stanford Human Preferences: {"history", "human_ref_A", "human_ref_B", "labels"}, 1 where A is better. "score_ratio"
/// is the confidence. Provenance: stanfordnlp/SHP on the Hugging Face hub.
DatasetFormat redditAnswersFormat();

} // namespace mpo

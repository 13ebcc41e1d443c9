// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// PandaLM's test set: {"instruction", "input", "response1", "response2", "annotator1".."annotator3"}, each 1, 2 or 0
/// for a tie. The majority decides, its share is the confidence; no majority is a tie. Provenance: WeOpenML/PandaLM,
/// data/testset-v1.json.
DatasetFormat pandalmFormat();

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Label Studio's tasks with the Pairwise tag: {"data": {"prompt", "answer1", "answer2"}, "annotations": [{"result":
/// [{"value":
/// {"selected": "left"}}]}]}. The majority of the annotations decides; none is a tie.
/// Provenance: HumanSignal/label-studio, docs of the Pairwise tag and of the export format.
DatasetFormat labelStudioFormat();

} // namespace mpo

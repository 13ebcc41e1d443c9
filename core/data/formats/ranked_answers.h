// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Nectar: {"prompt", "answers": [{"answer", "rank"}]}, rank 1 is best. The best against the worst; the margin is the
/// number of ranks between them. Provenance: berkeley-nest/Nectar on the Hugging Face hub.
DatasetFormat rankedAnswersFormat();

} // namespace mpo

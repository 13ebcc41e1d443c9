// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// AlpacaEval's annotations: {"instruction", "output_1", "output_2", "preference"}, 1 or 2, 0 (and 1.5) for a tie;
/// between them the nearer one counts. AutoArena's exports have the same columns. Provenance: tatsu-lab/alpaca_eval,
/// results/*/annotations.json.
DatasetFormat preferenceAnnotationsFormat();

} // namespace mpo

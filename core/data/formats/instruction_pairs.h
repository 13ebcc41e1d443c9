// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// {"instruction", "input", "chosen", "rejected"}.
DatasetFormat instructionPairsFormat();

} // namespace mpo

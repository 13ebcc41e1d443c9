// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// {"text"}: texts without a prompt, for SFT.
/// Provenance: huggingface/trl, docs of dataset formats (language modeling).
DatasetFormat plainTextFormat();

} // namespace mpo

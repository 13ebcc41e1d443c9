// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// PKU-SafeRLHF: {"prompt", "response_0", "response_1", "better_response_id"}; the safer response is not looked at.
/// Provenance: PKU-Alignment/PKU-SafeRLHF on the Hugging Face hub.
DatasetFormat saferResponsesFormat();

} // namespace mpo

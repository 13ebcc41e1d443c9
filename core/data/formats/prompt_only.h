// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// {"prompt"}: prompts without responses, as text or a list of messages.
/// Provenance: huggingface/trl, docs of dataset formats.
DatasetFormat promptOnlyFormat();

} // namespace mpo

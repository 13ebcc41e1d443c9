// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// {"prompt", "completion"}, for SFT, as texts or lists of messages; and LLaMA-Factory's {"instruction", "input",
/// "output"}. Provenance: huggingface/trl, docs of dataset formats; hiyouga/LLaMA-Factory data/README.
DatasetFormat promptCompletionFormat();
DatasetFormat instructionCompletionFormat();

} // namespace mpo

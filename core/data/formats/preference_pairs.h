// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// {"prompt", "chosen", "rejected"}: TRL's preference data with an explicit prompt, as texts or as lists of messages;
/// with messages the prompt may also be the beginning that both share, or a plain text beside them (UltraFeedback
/// binarized: score_chosen, score_rejected give the margin). Optional: "margin", "confidence". Provenance:
/// huggingface/trl, docs of dataset formats; HuggingFaceH4/ultrafeedback_binarized.
DatasetFormat promptChosenRejectedFormat();
DatasetFormat messagesFormat();

} // namespace mpo

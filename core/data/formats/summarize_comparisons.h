// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// OpenAI's "learning to summarize" comparisons: {"info", "summaries": [2], "choice", "extra": {"confidence"}}. The
/// prompt is laid out as theirs; the field "split" (train, valid1, valid2) is chosen with --split. Provenance:
/// openai/summarize-from-feedback, README and openai/summarize_from_feedback on the Hugging Face hub.
DatasetFormat summarizeComparisonsFormat();

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Whole dialogues for SFT: {"messages": [{"role", "content"}]} or {"conversations": [{"from", "value"}]}. Every turn
/// of the assistant is a row, with what was said before it as its prompt. Provenance: huggingface/trl, docs of dataset
/// formats; hiyouga/LLaMA-Factory data/README.
DatasetFormat dialogueCompletionFormat();
DatasetFormat conversationCompletionFormat();

} // namespace mpo

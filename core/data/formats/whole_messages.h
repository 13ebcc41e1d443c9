// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// {"chosen_messages", "rejected_messages"}: whole dialogues, content in parts. LLaMA-Factory's v1 data.
/// Provenance: hiyouga/LLaMA-Factory, data/v1_dpo_demo.jsonl.
DatasetFormat wholeMessagesFormat();

} // namespace mpo

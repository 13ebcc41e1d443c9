// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Responses that are labelled one by one (KTO): {"prompt", "completion", "label"} as texts or messages;
/// LLaMA-Factory's
/// {"messages", "label"} and {"conversations", "kto_tag"}. The importer makes pairs of a good and a bad one to the same
/// prompt. Provenance: huggingface/trl, docs of dataset formats; hiyouga/LLaMA-Factory data/kto_en_demo.json.
DatasetFormat labelledCompletionsFormat();
DatasetFormat labelledMessagesFormat();
DatasetFormat labelledConversationsFormat();

} // namespace mpo

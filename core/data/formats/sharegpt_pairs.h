// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// ShareGPT: {"conversations": [{"from", "value"}], "chosen", "rejected"}, the answers as messages or plain texts;
/// "system" may stand beside them. Provenance: hiyouga/LLaMA-Factory data/dpo_en_demo.json, shibing624/MedicalGPT
/// dpo_zh_500.jsonl.
DatasetFormat sharegptPairsFormat();

} // namespace mpo

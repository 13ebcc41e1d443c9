// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// A question and two answers under other names than ours, as texts:
/// - {"instruction", "input", "chosen", "rejected"}: LLaMA-Factory's alpaca layout, Sebastian Raschka's instruction
/// pairs
/// - {"system", "question", "chosen", "rejected"}: Intel/orca_dpo_pairs
/// - {"instruction" or "prompt", "chosen_response", "rejected_response"}: Argilla, H2O LLM Studio; also ..._answer
/// - {"prompt", "text", "rejected_text"}: AutoTrain, whose prompt stands before both texts as it is
/// Provenance: hiyouga/LLaMA-Factory data/README, argilla-io docs, h2oai/h2o-llmstudio docs,
/// huggingface/autotrain-advanced docs.
DatasetFormat instructionPairsFormat();
DatasetFormat orcaPairsFormat();
DatasetFormat argillaPairsFormat();
DatasetFormat answerPairsFormat();
DatasetFormat autotrainPairsFormat();

} // namespace mpo

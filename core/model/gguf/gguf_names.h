// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/gguf/gguf_quants.h"

#include <span>
#include <string_view>

namespace mpo {

/// What llama.cpp's converter did to a tensor and is undone.
enum class GgufUndo {
    Nothing,
    QueryRows, ///< rows of each head interleaved for its kind of rotary positions
    KeyRows, ///< the same, for the heads of the keys
    PlusOne, ///< the weight of a norm that multiplies by 1 + weight
    Transposed, ///< GPT-2 stores (in, out)
    GroupedQkv, ///< (3, H, W) instead of GPT-NeoX's (H, 3, W)
};

/// "blk.*.attn_q" -> "model.layers.*.self_attn.q_proj"; ".weight" and ".bias" stay.
struct GgufName
{
    std::string_view gguf, huggingFace;
    GgufUndo undo = GgufUndo::Nothing;
};

/// The tensors' names in an architecture ("llama"); empty: it is not known.
std::span<const GgufName> ggufNames(std::string_view architecture);

struct GgufHeads
{
    std::int64_t queries = 0, keys = 0;
};

/// Renames tensors and undoes what the converter did. Tensors without a known name keep theirs. Throws Error naming a
/// tensor of an impossible shape; the caller puts the file in front.
std::map<std::string, at::Tensor> huggingFaceTensors(
    std::map<std::string, at::Tensor> tensors, std::span<const GgufName> names, const GgufHeads& heads);

} // namespace mpo

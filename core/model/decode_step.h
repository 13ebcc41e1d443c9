// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/kv_cache.h"
#include "core/model/decoder.h"

namespace mpo {

/// One token of every row through all layers by one team of threads: they are woken once a token and divide each
/// operation among them. By operators one after the other (Decoder::decode), waking threads and handing out tensors
/// takes as long as the products do. The results are the same bit for bit.
class DecodeStep
{
public:
    /// Whether these layers, packed as they are, have the parts that it knows: RMSNorm before attention and
    /// feed-forward only, rotary positions, packed products, a gate with SiLU, on the CPU.
    static bool suits(const DecoderParts& parts);

    /// As PackedWeight::suits, of x: few rows.
    static bool suits(const at::Tensor& x);

    /// x: (B, D) fp32, the embedded tokens; it becomes the residual stream behind the last layer. rotaries: those of
    /// parts.rotaries at the positions of the cache. Keys and values go into the cache; the caller moves it on.
    /// REQUIRES suits(parts), suits(x)
    static void run(const DecoderParts& parts, const ModelConfig& config, const std::vector<Rotary>& rotaries,
        at::Tensor& x, KvCache& cache);
};

} // namespace mpo

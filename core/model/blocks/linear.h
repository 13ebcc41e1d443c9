// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/model_config.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>

namespace mpo {

class PackedWeight;

/// Whether the dropout of adapters is drawn, and from what; one for all layers of a model. Set before each forward pass
/// of training, so that a resumed run draws what an uninterrupted one does.
struct DropoutState
{
    bool active = false;
    std::uint64_t seed = 0; ///< the same seed gives the same masks
};

/// A low-rank change of a linear layer (LoRA, arXiv 2106.09685): scale * dropout(x) A^T B^T is added to its result.
struct LowRank
{
    at::Tensor a, b; ///< (r, in), (out, r), fp32 leaves
    double scale = 1.0; ///< alpha / r, or alpha / sqrt(r) (rsLoRA, arXiv 2312.03732)
    double dropout = 0.0; ///< in [0, 1)
    std::shared_ptr<const DropoutState> state; ///< null: no dropout
};

/// A linear layer with fp32 master weights. The one place that knows in which type products are computed.
struct Linear
{
    at::Tensor weight, bias; ///< (out, in), (out) or undefined
    bool transposed = false; ///< the weight is (in, out), as GPT-2 stores it
    std::string name; ///< of the module as transformers and PEFT know it: "model.layers.0.self_attn.q_proj"
    std::optional<LowRank> lowRank;
    std::shared_ptr<const PackedWeight> packed; ///< for few rows without gradient, see pack(); null: none

    bool defined() const { return weight.defined(); }
    std::int64_t inputs() const { return weight.size(transposed ? 0 : 1); }
    std::int64_t outputs() const { return weight.size(transposed ? 1 : 0); }

    /// x W^T + b. In bf16, x and W are rounded, sums run in fp32 and the result is rounded; the gradient reaches the
    /// fp32 weight. x: (N, in); result: (N, out) in the type of the product
    at::Tensor operator()(const at::Tensor& x, ComputeType type) const;

    /// Decoding reads every weight once per token: it gets a copy laid out for that, with the adapter in it. It is
    /// used where no gradient is wanted and rows are few, and has to go (packed.reset()) before the weight changes.
    void pack(ComputeType type);

    /// (out, in), what the adapter amounts to added. No gradient.
    at::Tensor wholeWeight() const;

    /// Puts scale * B A into a weight of its own (the old tensor stays as it was) and takes the adapter off.
    void merge();
};

/// The type in which products are computed.
at::ScalarType scalarType(ComputeType type);

} // namespace mpo

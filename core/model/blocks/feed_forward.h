// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/linear.h"

namespace mpo {

enum class Activation { Silu, Gelu, GeluTanh, Relu, QuickGelu };
/// By the names that transformers gives them ("silu", "gelu_new", ...). Throws Error listing them.
Activation activationFromName(const std::string& field, const std::string& name);

/// The feed-forward of a layer, in one of three forms:
/// gated (SwiGLU and its kin, arXiv 2002.05202): down(act(gate(x)) * up(x));
/// gated with both in one matrix (Phi-3): down(act(first half) * second half) of gateUp(x);
/// plain (GPT-2): down(act(up(x))).
struct FeedForward
{
    Linear gate, up, gateUp, down; ///< those that the form does not have are undefined
    Activation activation = Activation::Silu;
    std::shared_ptr<const PackedWeight> packed; ///< gate and up together, for decoding; null: none

    at::Tensor operator()(const at::Tensor& x, ComputeType type) const; // (N, D) -> (N, D)

    void pack(ComputeType type); ///< as Linear::pack
    void unpack();
};

} // namespace mpo

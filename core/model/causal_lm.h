// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/kv_cache.h"
#include "core/model/blocks/linear.h"
#include "core/model/model_config.h"
#include "core/model/packed_batch.h"
#include "core/model/tensor_file.h"

#include <memory>

namespace mpo {

/// A decoder without its output layer: token ids in, hidden states out. Parameters are fp32 leaves.
/// One thread at a time.
class CausalLm
{
public:
    explicit CausalLm(ModelConfig config)
        : m_config(std::move(config))
    {
    }
    virtual ~CausalLm() = default;

    const ModelConfig& config() const { return m_config; }
    void setPadId(std::int64_t id)
    {
        m_config.padId = id;
        m_config.raw["pad_token_id"] = id;
    }

    /// Hidden states after the final norm, in fp32. (N, D)
    virtual at::Tensor hidden(const PackedBatch& batch) const = 0;

    /// The same for rows of token lists while their keys and values are put into `cache` (rows in order, all of them
    /// new). No gradient. Returns the hidden state of every token, packed. (N, D)
    virtual at::Tensor prefill(const PackedBatch& batch, KvCache& cache) const = 0;

    /// One more token for every row of the cache. tokens: (B) int64. No gradient. Returns (B, D)
    virtual at::Tensor decode(const at::Tensor& tokens, KvCache& cache) const = 0;

    /// A cache of this model's shape.
    virtual KvCache makeCache() const = 0;

    /// Matrix of the output layer: lm_head, or the embedding when tied. Throws Error where there is none. (V, D)
    virtual at::Tensor outputWeight() const = 0;
    virtual bool hasOutput() const = 0;
    virtual const std::string& outputName() const = 0; ///< of its tensor
    /// Logits become softCap * tanh(logit / softCap); 0: they stay.
    virtual double outputSoftCap() const = 0;

    /// Copies of the weights, adapters added, in the order in which decoding reads them, from now to unpack(): the
    /// weights must not change between. Twice the speed of decoding for the memory of the copies.
    virtual void packForDecoding() const = 0;
    virtual void unpack() const = 0;

    /// Whether two responses to a prompt see the same keys of it when the longer sequence has `length` tokens. Not so
    /// where rotary positions are stretched by the length of the sequence.
    virtual bool sharesPrompts(std::int64_t length) const = 0;

    /// Whether the keys of a sequence have to be computed anew when it comes to have `length` tokens.
    virtual bool outgrowsCache(std::int64_t length) const = 0;

    /// Every parameter once, under its name in the checkpoint, in the order of the network. The output layer is left
    /// out when tied, or when `withOutput` is false (reward and value models). Adapters are not among them.
    virtual NamedTensors parameters(bool withOutput = true) const = 0;

    /// The linear layers that an adapter may change, in the order of the network.
    virtual std::vector<Linear*> linears() = 0;
    virtual std::vector<const Linear*> linears() const = 0;

    /// Adds what low-rank changes amount to, in weights of its own (those of shared copies stay), and takes them off.
    virtual void mergeLowRanks() = 0;

    /// A second model on the same weights (no copy); what is put on its linear layers is its own.
    virtual std::unique_ptr<CausalLm> sharedCopy() const = 0;

    ComputeType computeType = ComputeType::Float32;
    /// Autograd keeps the input of each layer only, and the backward pass (backward(), not autograd::grad()) computes
    /// the layer again: a third more time, a tenth of the memory. Results are the same to the bit.
    bool recomputesLayers = false;

protected:
    ModelConfig m_config;
};

} // namespace mpo

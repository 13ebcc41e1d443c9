// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/attention.h"
#include "core/model/blocks/feed_forward.h"
#include "core/model/blocks/norm.h"
#include "core/model/blocks/rotary.h"
#include "core/model/causal_lm.h"

namespace mpo {

/// Queries, keys and values of a layer: three matrices, or one.
struct QkvProjection
{
    Linear q, k, v; ///< undefined where `fused` is there
    Linear fused;
    enum class Layout {
        Blocks, ///< all queries, then all keys, then all values (GPT-2, Phi-3)
        ByHead, ///< for each head its query, key and value (GPT-NeoX)
    } layout
        = Layout::Blocks;
    std::shared_ptr<const PackedWeight> packed; ///< q, k and v together, for decoding; null: none
    Norm queryNorm, keyNorm; ///< over the width of each head, before the rotation (Qwen 3, Gemma 3)
};

/// One layer. What a family does not have stays undefined.
struct DecoderLayer
{
    Norm attentionNorm; ///< before attention
    Norm attentionOutNorm; ///< on what attention adds to the stream (Gemma 2)
    Norm feedForwardNorm, feedForwardOutNorm;
    QkvProjection qkv;
    Linear out; ///< of attention
    FeedForward feedForward;
    AttentionOptions attention;
    std::int64_t rotary = 0; ///< number of its entry in DecoderParts::rotaries; -1: none
};

struct DecoderParts
{
    at::Tensor embedding; ///< (V, D)
    double embeddingScale = 1.0;
    at::Tensor positionEmbedding; ///< (positions, D) learned (GPT-2), or undefined
    std::vector<RotaryPositions> rotaries;
    std::vector<DecoderLayer> layers;
    bool parallelResidual = false; ///< attention and feed-forward both read the layer's input (GPT-NeoX)
    Norm finalNorm;
    at::Tensor output; ///< (V, D), or undefined: tied, or a reward model
    std::string outputName; ///< of that tensor
    double outputSoftCap = 0.0; ///< logits become softCap * tanh(logit / softCap); 0: they stay
    NamedTensors
        named; ///< all tensors under their names in the checkpoint, in the order of the network, the output last
};

/// The pre-norm decoder that all families are forms of: a family names its tensors and says which parts it has.
class Decoder : public CausalLm
{
public:
    Decoder(const ModelConfig& config, DecoderParts parts);

    at::Tensor hidden(const PackedBatch& batch) const override;
    at::Tensor prefill(const PackedBatch& batch, KvCache& cache) const override;
    at::Tensor decode(const at::Tensor& tokens, KvCache& cache) const override;
    KvCache makeCache() const override;
    at::Tensor outputWeight() const override;
    bool hasOutput() const override { return m_config.tiedEmbeddings || m_parts.output.defined(); }
    const std::string& outputName() const override { return m_parts.outputName; }
    double outputSoftCap() const override { return m_parts.outputSoftCap; }
    bool sharesPrompts(std::int64_t length) const override;
    bool outgrowsCache(std::int64_t length) const override;
    void packForDecoding() const override;
    void unpack() const override;
    NamedTensors parameters(bool withOutput) const override;
    std::vector<Linear*> linears() override;
    std::vector<const Linear*> linears() const override;
    void mergeLowRanks() override;
    std::unique_ptr<CausalLm> sharedCopy() const override;

private:
    struct Projected
    {
        at::Tensor q, k, v; ///< (N, H, W), (N, K, W), (N, K, W)
    };
    Projected project(
        const DecoderLayer& layer, const at::Tensor& x, const std::vector<Rotary>& rotaries, at::ScalarType type) const;
    at::Tensor finish(const DecoderLayer& layer, const at::Tensor& x, const at::Tensor& attended) const;
    at::Tensor forward(const PackedBatch& batch, KvCache* cache) const;
    at::Tensor embed(const at::Tensor& tokens, const at::Tensor& positions) const;
    std::vector<Rotary> rotariesAt(const at::Tensor& positions, const at::Tensor& lengths) const;
    void checkTokens(const at::Tensor& tokens) const;

    mutable DecoderParts m_parts; ///< mutable: the packed copies of linear layers only
};

} // namespace mpo

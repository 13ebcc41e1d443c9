// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mpo {

/// Rotary positions (arXiv 2104.09864) of one kind of layer, with the ways in which context windows are stretched. The
/// formulas are those of transformers (modeling_rope_utils.py), which the model was made for.
struct RotaryOptions
{
    enum class Scaling {
        None,
        Linear, ///< all frequencies / factor
        Dynamic, ///< theta grows with the sequence once it is longer than `maxPositions` (NTK)
        Llama3, ///< low frequencies / factor, with a smooth passage
        Yarn, ///< arXiv 2309.00071
        LongRope, ///< arXiv 2402.13753: one of two lists of factors, by the length of the sequence
    };

    std::int64_t width = 0; ///< entries of a head that turn, even; the others stay
    double theta = 10000.0;
    Scaling scaling = Scaling::None;
    double factor = 1.0;
    double lowFrequencyFactor = 1.0, highFrequencyFactor = 4.0; ///< Llama3
    double betaFast = 32.0, betaSlow = 1.0; ///< Yarn
    bool truncate = true; ///< Yarn
    double attentionFactor = 1.0; ///< multiplies cos and sin
    std::int64_t maxPositions = 0; ///< Dynamic: max_position_embeddings; Llama3, Yarn, LongRope: the original ones
    std::vector<double> shortFactors, longFactors; ///< LongRope, width / 2 each
};

/// Angles of rotary positions.
struct Rotary
{
    at::Tensor cos, sin; ///< (N, 1, width / 2) fp32
};

class RotaryPositions
{
public:
    explicit RotaryPositions(RotaryOptions options);

    /// Whether the angles of a token depend on how long its sequence is, and do so at this length: then responses of
    /// different lengths cannot share the keys of their prompt.
    bool dependsOnLength() const;
    bool dependsOnLength(std::int64_t length) const { return dependsOnLength() && length > m_options.maxPositions; }

    /// Whether the frequencies of all positions become others when a sequence comes to have `length` tokens, so that
    /// transformers computes its keys anew (LongRope). With Dynamic it lets the old keys stand, and so do we.
    bool turnsAt(std::int64_t length) const
    {
        return m_options.scaling == RotaryOptions::Scaling::LongRope && length == m_options.maxPositions + 1;
    }

    /// positions: (N) int64; lengths: (N) int64, of the sequence that each token belongs to, used only where
    /// dependsOnLength()
    Rotary angles(const at::Tensor& positions, const at::Tensor& lengths) const;

private:
    RotaryOptions m_options;
    at::Tensor m_frequencies; ///< (width / 2)
    at::Tensor m_longFrequencies; ///< (width / 2), LongRope
};

/// 1 / theta^(2i / width), computed in fp32 as transformers does. (width / 2)
at::Tensor rotaryFrequencies(double theta, std::int64_t width);

/// Turns the pairs (x[i], x[i + width / 2]): the layout of Hugging Face checkpoints. Entries from `width` on stay.
/// Differentiable. x: (N, heads, headWidth) fp32 or bf16; computed in fp32, result in `type`
at::Tensor rotate(const at::Tensor& x, const Rotary& rotary, at::ScalarType type);

} // namespace mpo

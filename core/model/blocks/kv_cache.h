// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace mpo {

/// Keys and values of past tokens for B rows of different lengths, for batched decoding. Row b holds positions
/// 0 .. lengths[b]-1 of storage (B, K, capacity, headWidth); capacity grows by doubling.
class KvCache
{
public:
    KvCache() = default;
    KvCache(std::int64_t layers, std::int64_t kvHeads, std::int64_t headWidth);

    std::int64_t rows() const { return std::int64_t(m_lengths.size()); }
    const std::vector<std::int64_t>& lengths() const { return m_lengths; }

    /// Makes room for rows with these lengths; REQUIRES rows() == 0. Then write each layer with setPrompt.
    void addRows(const std::vector<std::int64_t>& lengths, std::int64_t reserve);
    /// keys, values: (length of the row, K, headWidth)
    void setPrompt(std::int64_t layer, std::int64_t row, const at::Tensor& keys, const at::Tensor& values);

    /// Puts one token's key and value of every row behind the row's last; the lengths move on with advance().
    /// keys, values: (B, K, headWidth)
    void append(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values);
    void advance();

    /// Where append() writes, on the CPU: (B, K, capacity, headWidth) fp32 without gaps. Valid until rows change or the
    /// lengths move on.
    struct Storage
    {
        float *keys, *values;
        std::int64_t capacity;
    };
    Storage storage(std::int64_t layer);

    /// Views of the used part for attention during append (including the token just appended):
    /// (B, K, maxLength + 1, headWidth) and the mask of what counts, (B, 1, 1, maxLength + 1) bool. `window`: only the
    /// last so many tokens count; 0: all
    at::Tensor keys(std::int64_t layer) const, values(std::int64_t layer) const;
    at::Tensor attentionMask(std::int64_t window = 0) const;
    const at::Tensor& positions() const { return m_positions; } ///< (B) int64: position of the token being appended

    /// Keeps these rows, in this order, and drops the others. Cheap where rows stay in place or come from behind those
    /// kept.
    void keepRows(const std::vector<std::int64_t>& rows);
    /// Each row `copies` times in sequence (several responses for one prompt).
    void repeatRows(std::int64_t copies);

private:
    void reserve(std::int64_t capacity);
    void setLengths(std::vector<std::int64_t> lengths);

    std::int64_t m_layers = 0, m_kvHeads = 0, m_headWidth = 0, m_capacity = 0;
    std::vector<std::int64_t> m_lengths;
    std::int64_t m_longest = 0;
    at::Tensor m_positions; ///< m_lengths as a tensor
    std::vector<at::Tensor> m_keys, m_values; ///< per layer (B, K, capacity, headWidth)
};

} // namespace mpo

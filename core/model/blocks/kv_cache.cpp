// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/kv_cache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cassert>

namespace mpo {

KvCache::KvCache(std::int64_t layers, std::int64_t kvHeads, std::int64_t headWidth)
    : m_layers(layers)
    , m_kvHeads(kvHeads)
    , m_headWidth(headWidth)
    , m_keys(std::size_t(layers))
    , m_values(std::size_t(layers))
{
}

void KvCache::setLengths(std::vector<std::int64_t> lengths)
{
    m_lengths = std::move(lengths);
    m_longest = m_lengths.empty() ? 0 : *std::max_element(m_lengths.begin(), m_lengths.end());
    m_positions = at::tensor(m_lengths, at::kLong);
}

void KvCache::addRows(const std::vector<std::int64_t>& lengths, std::int64_t reserve)
{
    assert(m_lengths.empty() && !lengths.empty());
    setLengths(lengths);
    m_capacity = m_longest + std::max<std::int64_t>(1, reserve);
    // Zeros, because a masked position still takes part in the sum, with weight 0: it must not hold NaN.
    for (auto* storage : {&m_keys, &m_values})
        for (at::Tensor& tensor : *storage)
            tensor = at::zeros({rows(), m_kvHeads, m_capacity, m_headWidth}, at::kFloat);
}

void KvCache::setPrompt(std::int64_t layer, std::int64_t row, const at::Tensor& keys, const at::Tensor& values)
{
    const std::int64_t length = m_lengths[std::size_t(row)];
    m_keys[std::size_t(layer)][row].narrow(1, 0, length).copy_(keys.transpose(0, 1));
    m_values[std::size_t(layer)][row].narrow(1, 0, length).copy_(values.transpose(0, 1));
}

void KvCache::append(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values)
{
    reserve(m_longest + 1);
    if (keys.is_cpu()) {
        const std::int64_t heads = m_kvHeads, width = m_headWidth;
        for (auto [from, into] :
            {std::pair {&keys, &m_keys[std::size_t(layer)]}, {&values, &m_values[std::size_t(layer)]}}) {
            const at::Tensor token = from->to(at::kFloat).contiguous();
            const float* source = token.const_data_ptr<float>();
            float* storage = into->mutable_data_ptr<float>();
            for (std::int64_t i = 0; i < rows() * heads; ++i)
                std::copy_n(
                    source + i * width, width, storage + (i * m_capacity + m_lengths[std::size_t(i / heads)]) * width);
        }
        return;
    }
    const at::Tensor place = m_positions.view({-1, 1, 1, 1}).expand({-1, m_kvHeads, 1, m_headWidth});
    m_keys[std::size_t(layer)].scatter_(2, place, keys.unsqueeze(2));
    m_values[std::size_t(layer)].scatter_(2, place, values.unsqueeze(2));
}

KvCache::Storage KvCache::storage(std::int64_t layer)
{
    reserve(m_longest + 1);
    return {m_keys[std::size_t(layer)].mutable_data_ptr<float>(),
        m_values[std::size_t(layer)].mutable_data_ptr<float>(), m_capacity};
}

void KvCache::advance()
{
    std::vector<std::int64_t> lengths = m_lengths;
    for (std::int64_t& length : lengths)
        ++length;
    setLengths(std::move(lengths));
}

at::Tensor KvCache::keys(std::int64_t layer) const { return m_keys[std::size_t(layer)].narrow(2, 0, m_longest + 1); }

at::Tensor KvCache::values(std::int64_t layer) const
{
    return m_values[std::size_t(layer)].narrow(2, 0, m_longest + 1);
}

at::Tensor KvCache::attentionMask(std::int64_t window) const
{
    const at::Tensor places = at::arange(m_longest + 1, at::kLong).unsqueeze(0), last = m_positions.unsqueeze(1);
    at::Tensor counts = places <= last; // (B, T)
    if (window > 0 && window <= m_longest)
        counts = counts.logical_and_(places > last - window);
    return counts.unsqueeze(1).unsqueeze(1);
}

void KvCache::keepRows(const std::vector<std::int64_t>& rows)
{
    const auto count = std::int64_t(rows.size());
    bool inPlace = count <= this->rows();
    std::vector<std::int64_t> lengths;
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t row = rows[std::size_t(i)];
        lengths.push_back(m_lengths[std::size_t(row)]);
        inPlace = inPlace && (row == i || row >= count);
    }
    const at::Tensor index = inPlace ? at::Tensor() : at::tensor(rows, at::kLong);
    for (auto* storage : {&m_keys, &m_values})
        for (at::Tensor& tensor : *storage) {
            if (!inPlace) {
                tensor = tensor.index_select(0, index);
                continue;
            }
            for (std::int64_t i = 0; i < count; ++i)
                if (const std::int64_t row = rows[std::size_t(i)]; row != i)
                    tensor[i].copy_(tensor[row]);
            tensor = tensor.narrow(0, 0, count);
        }
    setLengths(std::move(lengths));
}

void KvCache::repeatRows(std::int64_t copies)
{
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < this->rows(); ++row)
        rows.insert(rows.end(), std::size_t(copies), row);
    keepRows(rows);
}

void KvCache::reserve(std::int64_t capacity)
{
    if (capacity <= m_capacity)
        return;
    const std::int64_t old = m_capacity;
    m_capacity = std::max(capacity, 2 * m_capacity);
    for (auto* storage : {&m_keys, &m_values})
        for (at::Tensor& tensor : *storage) {
            at::Tensor larger = at::zeros({rows(), m_kvHeads, m_capacity, m_headWidth}, at::kFloat);
            larger.narrow(2, 0, old).copy_(tensor);
            tensor = larger;
        }
}

} // namespace mpo

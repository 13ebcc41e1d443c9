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

void KvCache::addRows(const std::vector<std::int64_t>& lengths, std::int64_t reserve)
{
    assert(m_lengths.empty());
    m_lengths = lengths;
    m_capacity = *std::max_element(lengths.begin(), lengths.end()) + std::max<std::int64_t>(1, reserve);
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
    reserve(*std::max_element(m_lengths.begin(), m_lengths.end()) + 1);
    const at::Tensor row = at::arange(rows(), at::kLong), position = positions();
    m_keys[std::size_t(layer)].index_put_({row, at::indexing::Slice(), position}, keys);
    m_values[std::size_t(layer)].index_put_({row, at::indexing::Slice(), position}, values);
}

void KvCache::advance()
{
    for (std::int64_t& length : m_lengths)
        ++length;
}

at::Tensor KvCache::keys(std::int64_t layer) const
{
    return m_keys[std::size_t(layer)].narrow(2, 0, *std::max_element(m_lengths.begin(), m_lengths.end()) + 1);
}

at::Tensor KvCache::values(std::int64_t layer) const
{
    return m_values[std::size_t(layer)].narrow(2, 0, *std::max_element(m_lengths.begin(), m_lengths.end()) + 1);
}

at::Tensor KvCache::attentionMask() const
{
    const std::int64_t width = *std::max_element(m_lengths.begin(), m_lengths.end()) + 1;
    return (at::arange(width, at::kLong).unsqueeze(0) <= positions().unsqueeze(1)).unsqueeze(1).unsqueeze(1);
}

at::Tensor KvCache::positions() const
{
    return at::tensor(m_lengths, at::kLong);
}

void KvCache::keepRows(const std::vector<std::int64_t>& rows)
{
    const at::Tensor index = at::tensor(rows, at::kLong);
    std::vector<std::int64_t> lengths;
    for (const std::int64_t row : rows)
        lengths.push_back(m_lengths[std::size_t(row)]);
    m_lengths = std::move(lengths);
    for (auto* storage : {&m_keys, &m_values})
        for (at::Tensor& tensor : *storage)
            tensor = tensor.index_select(0, index);
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

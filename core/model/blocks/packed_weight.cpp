// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/packed_weight.h"

#include "core/model/blocks/thread_team.h"

#include <ATen/ATen.h>

#include <ATen/core/grad_mode.h>

#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mpo {

namespace {

constexpr std::int64_t kPanel = 16; // outputs side by side: one register of 512 bits
constexpr int kMostRows = 16; // of a tile
constexpr std::int64_t kAhead = 32; // inputs for which weights are asked for in advance

/// Outputs of a few rows R for a few panels. x: (inputs, R), in bf16 (inputs/2, R, 2); y: rows `yStride` apart.
struct Tile
{
    const void* x;
    const void* panels;
    float* y;
    std::int64_t inputs, yStride, width; ///< width: outputs that exist in these panels
};

void store(const Tile& tile, int row, int panel, const float* values)
{
    const std::int64_t first = panel * kPanel;
    if (first < tile.width)
        std::memcpy(tile.y + row * tile.yStride + first, values,
            std::size_t(std::min(kPanel, tile.width - first)) * sizeof(float));
}

/// (rows, inputs) of bf16 -> (inputs/2, rows) of two, a missing last one 0.
void layOutPairs(const at::BFloat16* x, std::int64_t rows, std::int64_t inputs, std::int32_t* pairs)
{
    for (std::int64_t k = 0; k < inputs; k += 2)
        for (std::int64_t row = 0; row < rows; ++row) {
            const at::BFloat16* place = x + row * inputs + k;
            const std::uint32_t second = k + 1 < inputs ? place[1].x : 0;
            *pairs++ = std::int32_t(place[0].x | second << 16);
        }
}

using TileFunction = void (*)(const Tile&);

/// Panels that make enough independent sums of few rows.
constexpr int panelsFor(int rows) { return rows <= 2 ? 8 : rows <= 4 ? 4 : rows <= 8 ? 2 : 1; }

#if defined(__x86_64__)

template<int R>
struct Bfloat16Tile
{
    template<int P>
    [[gnu::target("avx512f,avx512bw,avx512vl,avx512bf16")]] static void panels(const Tile& tile, int first)
    {
        const std::int64_t pairs = tile.inputs / 2, panelSize = pairs * kPanel;
        const auto* x = static_cast<const std::int32_t*>(tile.x); // a pair of bf16 is one number of 32 bits
        const auto* w = static_cast<const std::int32_t*>(tile.panels) + first * panelSize;
        __m512 sums[P][R];
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r)
                sums[p][r] = _mm512_setzero_ps();
        for (std::int64_t k = 0; k < pairs; ++k) {
            __m512bh weights[P];
#pragma GCC unroll 16
            for (int p = 0; p < P; ++p) {
                const std::int32_t* place = w + p * panelSize + k * kPanel;
                _mm_prefetch(place + kAhead * kPanel, _MM_HINT_T0);
                weights[p] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(place));
            }
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                const auto value = reinterpret_cast<__m512bh>(_mm512_set1_epi32(x[k * R + r]));
#pragma GCC unroll 16
                for (int p = 0; p < P; ++p)
                    sums[p][r] = _mm512_dpbf16_ps(sums[p][r], weights[p], value);
            }
        }
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                float values[kPanel];
                _mm512_storeu_ps(values, sums[p][r]);
                store(tile, r, first + p, values);
            }
    }
};

template<int R>
struct Float32Tile
{
    template<int P>
    [[gnu::target("avx512f")]] static void panels(const Tile& tile, int first)
    {
        const std::int64_t panelSize = tile.inputs * kPanel;
        const auto* x = static_cast<const float*>(tile.x);
        const auto* w = static_cast<const float*>(tile.panels) + first * panelSize;
        __m512 sums[P][R];
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r)
                sums[p][r] = _mm512_setzero_ps();
        for (std::int64_t k = 0; k < tile.inputs; ++k) {
            __m512 weights[P];
#pragma GCC unroll 16
            for (int p = 0; p < P; ++p) {
                const float* place = w + p * panelSize + k * kPanel;
                _mm_prefetch(place + kAhead * kPanel, _MM_HINT_T0);
                weights[p] = _mm512_loadu_ps(place);
            }
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                const __m512 value = _mm512_set1_ps(x[k * R + r]);
#pragma GCC unroll 16
                for (int p = 0; p < P; ++p)
                    sums[p][r] = _mm512_fmadd_ps(weights[p], value, sums[p][r]);
            }
        }
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                float values[kPanel];
                _mm512_storeu_ps(values, sums[p][r]);
                store(tile, r, first + p, values);
            }
    }
};

/// The panels of a tile together, or, behind the last whole group of a matrix, one by one.
template<template<int> class Kernel, int R>
void runTile(const Tile& tile)
{
    constexpr int P = panelsFor(R);
    const int panels = int((tile.width + kPanel - 1) / kPanel);
    if (panels == P)
        Kernel<R>::template panels<P>(tile, 0);
    else
        for (int p = 0; p < panels; ++p)
            Kernel<R>::template panels<1>(tile, p);
}

template<template<int> class Kernel, int... Rows>
constexpr std::array<TileFunction, sizeof...(Rows)> tilesOf(std::integer_sequence<int, Rows...>)
{
    return {runTile<Kernel, Rows + 1>...};
}

TileFunction tileFor(ComputeType type, int rows)
{
    constexpr auto numbers = std::make_integer_sequence<int, kMostRows> {};
    static constexpr auto bfloat16 = tilesOf<Bfloat16Tile>(numbers);
    static constexpr auto float32 = tilesOf<Float32Tile>(numbers);
    return (type == ComputeType::BFloat16 ? bfloat16 : float32)[std::size_t(rows - 1)];
}

#else

TileFunction tileFor(ComputeType, int) { return nullptr; }

#endif

} // namespace

PackedWeight::PackedWeight(std::initializer_list<const Linear*> layers, ComputeType type)
    : m_inputs((*layers.begin())->inputs())
    , m_type(type)
{
    const at::NoGradGuard noGrad;
    std::vector<at::Tensor> weights, biases;
    bool biased = false;
    for (const Linear* layer : layers) {
        assert(layer->inputs() == m_inputs);
        weights.push_back(layer->wholeWeight());
        biases.push_back(layer->bias.defined() ? layer->bias : at::zeros({layer->outputs()}, at::kFloat));
        biased = biased || layer->bias.defined();
        m_outputs += layer->outputs();
    }
    if (biased)
        m_bias = at::cat(biases);
    const bool pairs = type == ComputeType::BFloat16;
    const std::int64_t panels = (m_outputs + kPanel - 1) / kPanel, inputs = pairs ? (m_inputs + 1) / 2 * 2 : m_inputs;
    // Panels are (K, 16) in fp32 and (K/2, 16, 2) in bf16; row n of the matrix goes to column n % 16 of panel n / 16.
    m_panels = at::zeros({panels, pairs ? inputs / 2 : inputs, kPanel, pairs ? 2 : 1}, scalarType(type));
    const at::Tensor byRow = m_panels.permute({0, 2, 1, 3}); // (panels, 16, K, 1) or (panels, 16, K/2, 2)
    std::int64_t first = 0;
    for (const at::Tensor& weight : weights) {
        for (std::int64_t n = 0; n < weight.size(0);) { // whole panels at a time where they begin at one
            const std::int64_t panel = (first + n) / kPanel, column = (first + n) % kPanel;
            const bool whole = column == 0 && weight.size(0) - n >= kPanel;
            const std::int64_t rows
                = whole ? (weight.size(0) - n) / kPanel * kPanel : std::min(kPanel - column, weight.size(0) - n);
            at::Tensor source = weight.narrow(0, n, rows);
            if (pairs && inputs > m_inputs)
                source = at::constant_pad_nd(source, {0, 1});
            if (whole)
                byRow.narrow(0, panel, rows / kPanel).copy_(source.reshape({rows / kPanel, kPanel, -1, pairs ? 2 : 1}));
            else
                byRow.select(0, panel).narrow(0, column, rows).copy_(source.reshape({rows, -1, pairs ? 2 : 1}));
            n += rows;
        }
        first += weight.size(0);
    }
}

std::shared_ptr<const PackedWeight> PackedWeight::make(
    std::initializer_list<const Linear*> layers, [[maybe_unused]] ComputeType type)
{
    if (!(*layers.begin())->weight.is_cpu())
        return nullptr;
#if defined(__x86_64__)
    const bool supported = type == ComputeType::BFloat16 ? __builtin_cpu_supports("avx512bf16")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
                                                         : __builtin_cpu_supports("avx512f");
    if (supported)
        return std::make_shared<const PackedWeight>(layers, type);
#endif
    return nullptr;
}

bool PackedWeight::suits(const at::Tensor& x)
{
    constexpr std::int64_t kFewRows = 64;
    return x.size(0) <= kFewRows && !at::GradMode::is_enabled();
}

at::Tensor PackedWeight::operator()(const at::Tensor& x) const
{
    assert(x.dim() == 2 && x.size(1) == m_inputs);
    const std::int64_t rows = x.size(0);
    const bool pairs = m_type == ComputeType::BFloat16;
    // Rows in tiles, the values of a tile's rows for one input (bf16: for two) side by side.
    const at::Tensor in = x.to(scalarType(m_type)).contiguous();
    const std::int64_t inputs = pairs ? (m_inputs + 1) / 2 * 2 : m_inputs;
    std::vector<at::Tensor> tiles;
    for (std::int64_t row = 0; row < rows; row += kMostRows) {
        const std::int64_t tall = std::min<std::int64_t>(kMostRows, rows - row);
        tiles.push_back(at::empty({pairs ? inputs / 2 : inputs, tall}, pairs ? at::kInt : at::kFloat));
        if (pairs)
            layOutPairs(in.const_data_ptr<at::BFloat16>() + row * m_inputs, tall, m_inputs,
                tiles.back().mutable_data_ptr<std::int32_t>());
        else
            tiles.back().copy_(in.narrow(0, row, tall).t());
    }
    at::Tensor y = at::empty({rows, m_outputs}, at::kFloat);
    const std::int64_t panelSize = inputs * kPanel * m_panels.element_size();
    const auto* panelBytes = static_cast<const char*>(m_panels.const_data_ptr());
    float* out = y.mutable_data_ptr<float>();

    // Groups of panels go to the threads; a group stays in the cache while the rows pass by.
    const std::int64_t panels = m_panels.size(0);
    const int group = panelsFor(int(std::min<std::int64_t>(rows, kMostRows)));
    constexpr std::int64_t kLeastWork = 16384; // multiplications and additions worth a thread's while
    const std::int64_t grain = std::max<std::int64_t>(1, kLeastWork / std::max<std::int64_t>(1, inputs * rows * group));
    overThreads((panels + group - 1) / group, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t g = begin; g < end; ++g)
            for (std::size_t t = 0; t < tiles.size(); ++t) {
                const int tall = int(tiles[t].size(1)), wide = panelsFor(tall);
                for (std::int64_t panel = g * group; panel < std::min(panels, (g + 1) * group); panel += wide) {
                    Tile tile;
                    tile.x = tiles[t].const_data_ptr();
                    tile.panels = panelBytes + panel * panelSize;
                    tile.y = out + std::int64_t(t) * kMostRows * m_outputs + panel * kPanel;
                    tile.inputs = inputs;
                    tile.yStride = m_outputs;
                    tile.width = std::min(
                        {std::int64_t(wide) * kPanel, m_outputs - panel * kPanel, ((g + 1) * group - panel) * kPanel});
                    tileFor(m_type, tall)(tile);
                }
            }
    });
    return m_bias.defined() ? y.add_(m_bias) : y;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/packed_weight.h"

#include "core/model/blocks/amx_product.h"
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
    m_matrixRegisters = pairs && amx::isThere();
    const std::int64_t panels = (m_outputs + kPanel - 1) / kPanel, inputs = paddedInputs();
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
            if (inputs > m_inputs)
                source = at::constant_pad_nd(source, {0, inputs - m_inputs});
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

std::int64_t PackedWeight::paddedInputs() const
{
    const std::int64_t multiple = m_matrixRegisters ? amx::kDepth : m_type == ComputeType::BFloat16 ? 2 : 1;
    return (m_inputs + multiple - 1) / multiple * multiple;
}

std::size_t PackedWeight::inputBytes(std::int64_t rows) const
{
    return std::size_t(rows * paddedInputs()) * m_panels.element_size();
}

/// For matrix registers a row is as it is. Else rows stand in tiles; the values of a tile's rows for one input (bf16:
/// for two) lie side by side.
void PackedWeight::place(
    const void* numbers, std::int64_t first, std::int64_t count, std::int64_t row, std::int64_t rows, void* input) const
{
    if (m_matrixRegisters) {
        std::memcpy(static_cast<std::uint16_t*>(input) + row * paddedInputs() + first, numbers,
            std::size_t(count) * sizeof(std::uint16_t));
        return;
    }
    const std::int64_t tile = row / kMostRows, tall = std::min<std::int64_t>(kMostRows, rows - tile * kMostRows),
                       within = row % kMostRows, begin = tile * kMostRows * paddedInputs();
    if (m_type == ComputeType::BFloat16) {
        const auto* from = static_cast<const std::uint16_t*>(numbers);
        auto* pairs = reinterpret_cast<std::uint32_t*>(static_cast<std::uint16_t*>(input) + begin) + within;
        for (std::int64_t k = 0; k < count; k += 2) {
            const std::uint32_t second = k + 1 < count ? from[k + 1] : 0;
            pairs[(first + k) / 2 * tall] = from[k] | second << 16;
        }
    } else {
        const auto* from = static_cast<const float*>(numbers);
        float* into = static_cast<float*>(input) + begin + within;
        for (std::int64_t k = 0; k < count; ++k)
            into[(first + k) * tall] = from[k];
    }
}

int PackedWeight::panelsOfGroup(std::int64_t rows) const
{
    return m_matrixRegisters ? amx::kPanels : panelsFor(int(std::min<std::int64_t>(rows, kMostRows)));
}

std::int64_t PackedWeight::groups(std::int64_t rows) const
{
    const int group = panelsOfGroup(rows);
    return (m_panels.size(0) + group - 1) / group;
}

/// A group of panels stays in the cache while the rows pass by.
void PackedWeight::multiply(
    const void* input, std::int64_t rows, float* out, std::int64_t begin, std::int64_t end) const
{
    const std::int64_t panels = m_panels.size(0), inputs = paddedInputs();
    const std::int64_t panelSize = inputs * kPanel * m_panels.element_size();
    const auto* panelBytes = static_cast<const char*>(m_panels.const_data_ptr());
    const int group = panelsOfGroup(rows);
    if (m_matrixRegisters && begin < end) {
        const std::int64_t first = begin * group;
        amx::product(static_cast<const std::uint16_t*>(input), rows, inputs,
            reinterpret_cast<const std::uint16_t*>(panelBytes + first * panelSize), out + first * kPanel, m_outputs,
            std::min((end - begin) * group * kPanel, m_outputs - first * kPanel));
    }
    for (std::int64_t g = m_matrixRegisters ? end : begin; g < end; ++g)
        for (std::int64_t row = 0; row < rows; row += kMostRows) {
            const int tall = int(std::min<std::int64_t>(kMostRows, rows - row)), wide = panelsFor(tall);
            for (std::int64_t panel = g * group; panel < std::min(panels, (g + 1) * group); panel += wide) {
                Tile tile;
                tile.x = static_cast<const char*>(input) + row * inputs * m_panels.element_size();
                tile.panels = panelBytes + panel * panelSize;
                tile.y = out + row * m_outputs + panel * kPanel;
                tile.inputs = inputs;
                tile.yStride = m_outputs;
                tile.width = std::min(
                    {std::int64_t(wide) * kPanel, m_outputs - panel * kPanel, ((g + 1) * group - panel) * kPanel});
                tileFor(m_type, tall)(tile);
            }
        }
    if (!m_bias.defined())
        return;
    const float* bias = m_bias.const_data_ptr<float>();
    const std::int64_t first = begin * group * kPanel, last = std::min(m_outputs, end * group * kPanel);
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t n = first; n < last; ++n)
            out[row * m_outputs + n] += bias[n];
}

at::Tensor PackedWeight::operator()(const at::Tensor& x) const
{
    assert(x.dim() == 2 && x.size(1) == m_inputs);
    const std::int64_t rows = x.size(0);
    const at::Tensor in = x.to(scalarType(m_type)).contiguous();
    const at::Tensor input = at::zeros({std::int64_t(inputBytes(rows))}, at::kByte);
    const auto* numbers = static_cast<const char*>(in.const_data_ptr());
    for (std::int64_t row = 0; row < rows; ++row)
        place(numbers + row * m_inputs * in.element_size(), 0, m_inputs, row, rows, input.mutable_data_ptr());
    at::Tensor y = at::empty({rows, m_outputs}, at::kFloat);
    float* out = y.mutable_data_ptr<float>();
    constexpr std::int64_t kLeastWork = 16384; // multiplications and additions worth a thread's while
    const std::int64_t perGroup = std::max<std::int64_t>(1, 2 * m_inputs * rows * m_outputs / groups(rows));
    overThreads(groups(rows), std::max<std::int64_t>(1, kLeastWork / perGroup),
        [&](std::int64_t begin, std::int64_t end) { multiply(input.const_data_ptr(), rows, out, begin, end); });
    return y;
}

} // namespace mpo

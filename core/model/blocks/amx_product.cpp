// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/amx_product.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define MPO_AMX 1
#endif

namespace mpo::amx {

#if defined(MPO_AMX)

namespace {

constexpr std::int64_t kSide = 16; // rows and outputs of a tile

/// What the instruction LDTILECFG reads.
struct alignas(64) TileShapes
{
    std::uint8_t palette = 1, startRow = 0, reserved[14] {};
    std::uint16_t rowBytes[16] {};
    std::uint8_t rows[16] {};
};

/// Tiles 0 to 3: sums; 4: rows of x; 5 to 7: weights, in turn.
TileShapes shapesFor(int rows)
{
    TileShapes shapes;
    for (int tile = 0; tile < 8; ++tile) {
        shapes.rowBytes[tile] = 64;
        shapes.rows[tile] = std::uint8_t(tile <= 4 ? rows : kSide);
    }
    return shapes;
}

/// Writes what exists of a tile of sums that was stored with gaps of `from`.
void keep(const float* values, std::int64_t rows, std::int64_t width, float* y, std::int64_t yStride)
{
    for (std::int64_t row = 0; row < rows; ++row)
        std::memcpy(y + row * yStride, values + row * kSide, std::size_t(width) * sizeof(float));
}

template<int P>
[[gnu::target("amx-tile,amx-bf16")]] void multiply(const std::uint16_t* x, std::int64_t rows, std::int64_t inputs,
    const std::uint16_t* panels, float* y, std::int64_t yStride, std::int64_t width)
{
    const std::int64_t panelSize = inputs * kSide;
    _tile_zero(0);
    if constexpr (P > 1) {
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (std::int64_t k = 0; k < inputs; k += kDepth) {
        const std::uint16_t* weights = panels + k * kSide;
        _tile_loadd(4, x + k, inputs * 2);
        _tile_loadd(5, weights, 64);
        _tile_dpbf16ps(0, 4, 5);
        if constexpr (P > 1) {
            _tile_loadd(6, weights + panelSize, 64);
            _tile_dpbf16ps(1, 4, 6);
            _tile_loadd(7, weights + 2 * panelSize, 64);
            _tile_dpbf16ps(2, 4, 7);
            _tile_loadd(5, weights + 3 * panelSize, 64);
            _tile_dpbf16ps(3, 4, 5);
        }
    }
    alignas(64) float sums[kSide * kSide];
    const auto part = [&](int panel) { return std::min(kSide, width - panel * kSide); };
    _tile_stored(0, sums, kSide * sizeof(float));
    keep(sums, rows, part(0), y, yStride);
    if constexpr (P > 1) {
        _tile_stored(1, sums, kSide * sizeof(float));
        keep(sums, rows, part(1), y + kSide, yStride);
        _tile_stored(2, sums, kSide * sizeof(float));
        keep(sums, rows, part(2), y + 2 * kSide, yStride);
        _tile_stored(3, sums, kSide * sizeof(float));
        keep(sums, rows, part(3), y + 3 * kSide, yStride);
    }
}

bool ask()
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned kBf16 = 1U << 22, kTile = 1U << 24;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & kBf16) == 0 || (d & kTile) == 0)
        return false;
    constexpr long kRequestPermission = 0x1023, kTileData = 18; // asm/prctl.h; the state component of the tiles
    return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

} // namespace

bool isThere()
{
    static const bool there = ask();
    return there;
}

[[gnu::target("amx-tile,amx-bf16")]] void product(const std::uint16_t* x, std::int64_t rows, std::int64_t inputs,
    const std::uint16_t* panels, float* y, std::int64_t yStride, std::int64_t width)
{
    int shaped = 0;
    for (std::int64_t first = 0; first < width;) { // these weights stay in the cache while the rows pass by
        const bool several = width - first > (kPanels - 1) * kSide;
        const auto run = several ? multiply<kPanels> : multiply<1>;
        for (std::int64_t row = 0; row < rows; row += kSide) {
            const int tall = int(std::min(kSide, rows - row));
            if (tall != shaped) {
                const TileShapes shapes = shapesFor(tall);
                _tile_loadconfig(&shapes);
                shaped = tall;
            }
            run(x + row * inputs, tall, inputs, panels + first * inputs, y + row * yStride + first, yStride,
                width - first);
        }
        first += several ? kPanels * kSide : kSide;
    }
    _tile_release();
}

#else

bool isThere() { return false; }

void product(const std::uint16_t*, std::int64_t, std::int64_t, const std::uint16_t*, float*, std::int64_t, std::int64_t)
{
}

#endif

} // namespace mpo::amx

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Included by attention_kernels.cpp once for each kind of processor (lanes.h), with MPO_TILE_LANES naming how many
// lanes beside each other its registers hold for each of four rows.

#include "core/model/blocks/lanes.inl"

template<class T>
MPO_TARGET void widen(const T* in, std::int64_t inRow, std::int64_t count, std::int64_t width, float factor, float* out,
    std::int64_t outWidth)
{
    for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t w = 0; w < outWidth; w += kLanes) {
            Lanes lanes {};
            if (w < width)
                load(lanes, in + i * inRow + w, width - w);
            lanesAt(out + i * outWidth + w) = lanes * factor;
        }
}

template<class T>
MPO_TARGET void narrow(const float* in, std::int64_t inWidth, std::int64_t count, std::int64_t width,
    const float* factors, T* out, std::int64_t outRow)
{
    for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t w = 0; w < width; w += kLanes)
            store(lanesAt(in + i * inWidth + w) * (factors ? factors[i] : 1.0f), out + i * outRow + w, width - w);
}

template<int Rows, int Vectors>
MPO_INLINE void productTile(const float* a, std::int64_t aRow, std::int64_t aStep, const float* b, std::int64_t bRow,
    std::int64_t depth, float* c, std::int64_t cRow, bool adds)
{
    Lanes sums[Rows][Vectors] {};
    if (adds)
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v)
                sums[r][v] = lanesAt(c + r * cRow + v * kLanes);
    for (std::int64_t d = 0; d < depth; ++d) {
        Lanes right[Vectors];
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v)
            right[v] = lanesAt(b + d * bRow + v * kLanes);
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) {
            const float left = a[r * aRow + d * aStep];
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v)
                sums[r][v] += left * right[v];
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v)
            lanesAt(c + r * cRow + v * kLanes) = sums[r][v];
}

template<int Vectors>
MPO_INLINE void productColumns(const float* a, std::int64_t aRow, std::int64_t aStep, const float* b, std::int64_t bRow,
    std::int64_t depth, float* c, std::int64_t cRow, std::int64_t rows, bool adds)
{
    std::int64_t r = 0;
    for (; r + 4 <= rows; r += 4)
        productTile<4, Vectors>(a + r * aRow, aRow, aStep, b, bRow, depth, c + r * cRow, cRow, adds);
    for (; r < rows; ++r)
        productTile<1, Vectors>(a + r * aRow, aRow, aStep, b, bRow, depth, c + r * cRow, cRow, adds);
}

MPO_TARGET void product(const float* a, std::int64_t aRow, std::int64_t aStep, const float* b, std::int64_t bRow,
    std::int64_t depth, float* c, std::int64_t cRow, std::int64_t rows, std::int64_t columns, bool adds)
{
    constexpr std::int64_t kColumns = MPO_TILE_LANES * kLanes;
    std::int64_t from = 0;
    for (; from + kColumns <= columns; from += kColumns)
        productColumns<MPO_TILE_LANES>(a, aRow, aStep, b + from, bRow, depth, c + from, cRow, rows, adds);
    for (; from < columns; from += kLanes)
        productColumns<1>(a, aRow, aStep, b + from, bRow, depth, c + from, cRow, rows, adds);
}

/// The lanes from `visible` on become 0.
MPO_INLINE void hide(Lanes& lanes, std::int64_t visible)
{
    for (std::int64_t i = visible; i < kLanes; ++i)
        lanes[i] = 0.0f;
}

MPO_TARGET float joinScores(float* scores, std::int64_t visible, std::int64_t room, float& largest, float& sum)
{
    const std::int64_t whole = visible / kLanes * kLanes;
    for (std::int64_t t = whole + (visible > whole ? kLanes : 0); t < room; t += kLanes)
        lanesAt(scores + t) = Lanes {};
    if (visible == 0)
        return 1.0f;
    float top = largest;
    Lanes tops = Lanes {} + top;
    for (std::int64_t t = 0; t < whole; t += kLanes)
        tops = lanesAt(scores + t) > tops ? lanesAt(scores + t) : tops;
    for (int i = 0; i < kLanes; ++i)
        top = tops[i] > top ? tops[i] : top;
    for (std::int64_t t = whole; t < visible; ++t)
        top = scores[t] > top ? scores[t] : top;
    Lanes totals {};
    for (std::int64_t t = 0; t < visible; t += kLanes) {
        Lanes& lanes = lanesAt(scores + t);
        lanes -= top;
        exponential(lanes);
        hide(lanes, visible - t);
        totals += lanes;
    }
    const float before = std::exp(largest - top);
    sum = sum * before + sumOf(totals);
    largest = top;
    return before;
}

MPO_TARGET void multiplyRow(float* row, float factor, std::int64_t width)
{
    for (std::int64_t w = 0; w < width; w += kLanes)
        lanesAt(row + w) *= factor;
}

MPO_TARGET void shareGradients(
    float* scores, float* gradients, std::int64_t visible, std::int64_t room, float logSum, float delta)
{
    for (std::int64_t t = 0; t < visible; t += kLanes) {
        Lanes& share = lanesAt(scores + t);
        Lanes& gradient = lanesAt(gradients + t);
        share -= logSum;
        exponential(share);
        gradient = share * (gradient - delta);
        hide(share, visible - t);
        hide(gradient, visible - t);
    }
    for (std::int64_t t = (visible + kLanes - 1) / kLanes * kLanes; t < room; t += kLanes)
        lanesAt(scores + t) = lanesAt(gradients + t) = Lanes {};
}

MPO_TARGET float dot(const float* a, const float* b, std::int64_t width)
{
    Lanes sums {};
    for (std::int64_t w = 0; w < width; w += kLanes)
        sums += lanesAt(a + w) * lanesAt(b + w);
    return sumOf(sums);
}

MPO_TARGET void addRow(float* sum, const float* x, std::int64_t width)
{
    for (std::int64_t w = 0; w < width; w += kLanes)
        lanesAt(sum + w) += lanesAt(x + w);
}

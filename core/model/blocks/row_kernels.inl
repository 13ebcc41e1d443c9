// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Included by row_kernels.cpp once for each kind of processor (lanes.h). X, Y, G: float, or std::uint16_t for bf16.

#include "core/model/blocks/lanes.inl"

/// y = x * scale * weight; returns scale.
template<class X, class Y>
MPO_TARGET float normRow(const X* x, const float* weight, Y* y, std::int64_t width, float eps)
{
    Lanes squares {}, value, factor;
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(value, x + w, width - w);
        squares += value * value;
    }
    const float scale = 1.0f / std::sqrt(sumOf(squares) / float(width) + eps);
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(value, x + w, width - w);
        load(factor, weight + w, width - w);
        store(value * scale * factor, y + w, width - w);
    }
    return scale;
}

/// With n = x * scale: dx = scale (g w - n mean(g w n)); adds g n to dw unless that is null.
template<class G, class X>
MPO_TARGET void normRowBackward(const G* g, const X* x, const float* weight, float scale, float* dx, float* dw,
    std::int64_t width)
{
    Lanes sums {}, gradient, value, factor;
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(gradient, g + w, width - w);
        load(value, x + w, width - w);
        load(factor, weight + w, width - w);
        sums += gradient * factor * (value * scale);
    }
    const float mean = sumOf(sums) / float(width);
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(gradient, g + w, width - w);
        load(value, x + w, width - w);
        load(factor, weight + w, width - w);
        value *= scale;
        store((gradient * factor - value * mean) * scale, dx + w, width - w);
        if (dw) {
            Lanes total;
            load(total, dw + w, width - w);
            store(total + gradient * value, dw + w, width - w);
        }
    }
}

MPO_INLINE void sigmoid(Lanes& x)
{
    const Lanes zero {};
    Lanes e = x > zero ? -x : x;
    exponential(e); // of -|x|
    x = (x > zero ? zero + 1.0f : e) / (1.0f + e);
}

template<class T, class Y>
MPO_TARGET void gatedSiluRow(const T* gate, const T* up, Y* y, std::int64_t width)
{
    Lanes g, u;
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(g, gate + w, width - w);
        load(u, up + w, width - w);
        Lanes share = g;
        sigmoid(share);
        store(g * share * u, y + w, width - w);
    }
}

template<class T>
MPO_TARGET void gatedSiluRowBackward(
    const T* gradient, const T* gate, const T* up, T* dGate, T* dUp, std::int64_t width)
{
    Lanes d, g, u;
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(d, gradient + w, width - w);
        load(g, gate + w, width - w);
        load(u, up + w, width - w);
        Lanes share = g;
        sigmoid(share);
        store(d * u * share * (1.0f + g * (1.0f - share)), dGate + w, width - w);
        store(d * g * share, dUp + w, width - w);
    }
}

template<class X, class Y>
MPO_TARGET void rotateRow(const X* x, const float* cos, const float* sin, float direction, Y* y, std::int64_t heads,
    std::int64_t width, std::int64_t half)
{
    Lanes a, b, c, s;
    for (std::int64_t head = 0; head < heads; ++head, x += width, y += width) {
        for (std::int64_t w = 0; w < half; w += kLanes) {
            load(a, x + w, half - w);
            load(b, x + half + w, half - w);
            load(c, cos + w, half - w);
            load(s, sin + w, half - w);
            s *= direction;
            store(a * c - b * s, y + w, half - w);
            store(b * c + a * s, y + half + w, half - w);
        }
        for (std::int64_t w = 2 * half; w < width; w += kLanes) {
            load(a, x + w, width - w);
            store(a, y + w, width - w);
        }
    }
}

template<class Y>
MPO_TARGET void addRow(const float* x, const Y* y, float* sum, std::int64_t width)
{
    Lanes a, b;
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(a, x + w, width - w);
        load(b, y + w, width - w);
        store(a + b, sum + w, width - w);
    }
}

inline MPO_TARGET void roundRow(const float* x, std::uint16_t* y, std::int64_t width)
{
    Lanes value;
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(value, x + w, width - w);
        store(value, y + w, width - w);
    }
}

/// log(sum e^(x factor)); to `entropy`, unless null, that of the softmax: with s = sum e^y, y = x factor less its
/// largest, log s - sum y e^y / s. What is not finite makes both NaN.
template<class X>
MPO_TARGET float logSumRow(const X* x, float factor, std::int64_t width, float* entropy)
{
    constexpr std::int64_t kBlock = 64 * kLanes; // summed by itself, as a long sum in fp32 loses digits
    const std::int64_t whole = width / kLanes * kLanes;
    Lanes value, tops = Lanes {} - std::numeric_limits<float>::infinity();
    for (std::int64_t w = 0; w < whole; w += kLanes) {
        load(value, x + w, kLanes);
        value *= factor;
        tops = value > tops ? value : tops;
    }
    float top = -std::numeric_limits<float>::infinity();
    for (int i = 0; i < kLanes; ++i)
        top = tops[i] > top ? tops[i] : top;
    if (whole < width) {
        load(value, x + whole, width - whole);
        value *= factor;
        for (std::int64_t i = 0; i < width - whole; ++i)
            top = value[i] > top ? value[i] : top;
    }
    Lanes sums {}, products {}, trouble {};
    for (std::int64_t first = 0; first < width; first += kBlock) {
        Lanes blockSums {}, blockProducts {};
        for (std::int64_t w = first; w < (first + kBlock < width ? first + kBlock : width); w += kLanes) {
            load(value, x + w, width - w);
            Lanes y = value * factor - top;
            trouble += y - y;
            Lanes e = y;
            exponential(e);
            for (std::int64_t i = width - w; i < kLanes; ++i)
                e[i] = 0.0f;
            blockSums += e;
            blockProducts += e * y;
        }
        sums += blockSums;
        products += blockProducts;
    }
    const float sum = sumOf(sums), logSum = std::log(sum), nan = sumOf(trouble);
    if (entropy)
        *entropy = logSum - sumOf(products) / sum + nan;
    return logSum + top + nan;
}

/// d = (1 at the target, 0 elsewhere, less e^(x factor - logSum)) g.
template<class X>
MPO_TARGET void logProbRowBackward(
    const X* x, float factor, float logSum, std::int64_t target, float g, X* d, std::int64_t width)
{
    Lanes value;
    for (std::int64_t w = 0; w < width; w += kLanes) {
        load(value, x + w, width - w);
        const Lanes y = value * factor - logSum;
        Lanes share = y < 0.0f ? y : Lanes {}; // but for rounding it is
        exponential(share);
        share = (y - y) - share; // NaN stays NaN
        if (target >= w && target < w + kLanes)
            share[target - w] += 1.0f;
        store(share * g, d + w, width - w);
    }
}

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/row_kernels.h"

#include "core/model/blocks/lanes.h"
#include "core/model/blocks/thread_team.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace mpo::rows {

namespace {

#define MPO_KERNELS "core/model/blocks/row_kernels.inl"
#include "core/model/blocks/for_each_processor.inl"

/// Numbers of a tensor: float, or std::uint16_t for bf16.
template<class T>
const T* dataOf(const at::Tensor& tensor)
{
    return static_cast<const T*>(tensor.const_data_ptr());
}
template<class T>
T* writable(const at::Tensor& tensor)
{
    return static_cast<T*>(tensor.mutable_data_ptr());
}

/// Calls `work` with a number of the type that stands for `type`.
template<class Work>
void withType(at::ScalarType type, const Work& work)
{
    assert(type == at::kFloat || type == at::kBFloat16);
    if (type == at::kBFloat16)
        work(std::uint16_t());
    else
        work(float());
}

/// Numbers that are worth a thread's while.
constexpr std::int64_t kLeastWork = 16384;

std::int64_t grainOf(std::int64_t width)
{
    return std::max<std::int64_t>(1, kLeastWork / std::max<std::int64_t>(1, width));
}

/// The rows of a matrix may lie further apart than they are wide.
at::Tensor withPlainRows(const at::Tensor& x) { return x.stride(-1) == 1 ? x : x.contiguous(); }

} // namespace

Normalised rmsNorm(const at::Tensor& in, const at::Tensor& weight, double eps, at::ScalarType type)
{
    const at::Tensor x = withPlainRows(in);
    const std::int64_t N = x.size(0), D = x.size(1);
    Normalised result {at::empty({N, D}, type), at::empty({N}, at::kFloat)};
    float* scale = writable<float>(result.scale);
    withType(x.scalar_type(), [&]<class X>(X) {
        withType(type, [&]<class Y>(Y) {
            const auto row = MPO_KERNEL(normRow<X, Y>);
            overThreads(N, grainOf(D), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    scale[i] = row(dataOf<X>(x) + i * x.stride(0), dataOf<float>(weight), writable<Y>(result.y) + i * D,
                        D, float(eps));
            });
        });
    });
    return result;
}

std::pair<at::Tensor, at::Tensor> rmsNormBackward(const at::Tensor& gradient, const at::Tensor& in,
    const at::Tensor& weight, const at::Tensor& scale, bool weightGradient)
{
    // Rows of a block share a sum for the weight; blocks are as they are whatever the number of threads.
    constexpr std::int64_t kBlock = 64;
    const at::Tensor x = withPlainRows(in), g = withPlainRows(gradient);
    const std::int64_t N = x.size(0), D = x.size(1), blocks = (N + kBlock - 1) / kBlock;
    const at::Tensor dx = at::empty({N, D}, at::kFloat);
    const at::Tensor dw = weightGradient ? at::zeros({blocks, D}, at::kFloat) : at::Tensor();
    withType(x.scalar_type(), [&]<class X>(X) {
        withType(g.scalar_type(), [&]<class G>(G) {
            const auto row = MPO_KERNEL(normRowBackward<G, X>);
            overThreads(
                blocks, std::max<std::int64_t>(1, grainOf(D) / kBlock), [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t block = begin; block < end; ++block)
                        for (std::int64_t i = block * kBlock; i < std::min(N, (block + 1) * kBlock); ++i)
                            row(dataOf<G>(g) + i * g.stride(0), dataOf<X>(x) + i * x.stride(0), dataOf<float>(weight),
                                dataOf<float>(scale)[i], writable<float>(dx) + i * D,
                                weightGradient ? writable<float>(dw) + block * D : nullptr, D);
                });
        });
    });
    return {dx, weightGradient ? dw.sum(0) : at::Tensor()};
}

at::Tensor gatedSilu(const at::Tensor& gateIn, const at::Tensor& upIn, at::ScalarType type)
{
    const at::Tensor gate = withPlainRows(gateIn), up = withPlainRows(upIn);
    const std::int64_t N = gate.size(0), F = gate.size(1);
    const at::Tensor y = at::empty({N, F}, type);
    withType(gate.scalar_type(), [&]<class T>(T) {
        withType(type, [&]<class Y>(Y) {
            const auto row = MPO_KERNEL(gatedSiluRow<T, Y>);
            overThreads(N, grainOf(F), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    row(dataOf<T>(gate) + i * gate.stride(0), dataOf<T>(up) + i * up.stride(0), writable<Y>(y) + i * F,
                        F);
            });
        });
    });
    return y;
}

std::pair<at::Tensor, at::Tensor> gatedSiluBackward(
    const at::Tensor& gradient, const at::Tensor& gateIn, const at::Tensor& upIn)
{
    const at::Tensor g = withPlainRows(gradient.to(gateIn.scalar_type())), gate = withPlainRows(gateIn),
                     up = withPlainRows(upIn);
    const std::int64_t N = gate.size(0), F = gate.size(1);
    const at::Tensor dGate = at::empty({N, F}, gate.scalar_type()), dUp = at::empty({N, F}, gate.scalar_type());
    withType(gate.scalar_type(), [&]<class T>(T) {
        const auto row = MPO_KERNEL(gatedSiluRowBackward<T>);
        overThreads(N, grainOf(F), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i)
                row(dataOf<T>(g) + i * g.stride(0), dataOf<T>(gate) + i * gate.stride(0),
                    dataOf<T>(up) + i * up.stride(0), writable<T>(dGate) + i * F, writable<T>(dUp) + i * F, F);
        });
    });
    return {dGate, dUp};
}

at::Tensor rotated(
    const at::Tensor& in, const at::Tensor& cos, const at::Tensor& sin, double direction, at::ScalarType type)
{
    const std::int64_t N = in.size(0), heads = in.size(1), W = in.size(2), half = cos.size(-1);
    const at::Tensor x = in.stride(2) == 1 && in.stride(1) == W ? in : in.contiguous();
    assert(cos.is_contiguous() && sin.is_contiguous());
    const at::Tensor y = at::empty({N, heads, W}, type);
    withType(x.scalar_type(), [&]<class X>(X) {
        withType(type, [&]<class Y>(Y) {
            const auto row = MPO_KERNEL(rotateRow<X, Y>);
            overThreads(N, grainOf(heads * W), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i)
                    row(dataOf<X>(x) + i * x.stride(0), dataOf<float>(cos) + i * half, dataOf<float>(sin) + i * half,
                        float(direction), writable<Y>(y) + i * heads * W, heads, W, half);
            });
        });
    });
    return y;
}

at::Tensor added(const at::Tensor& xIn, const at::Tensor& yIn)
{
    const at::Tensor x = withPlainRows(xIn), y = withPlainRows(yIn);
    const std::int64_t N = x.size(0), D = x.size(1);
    const at::Tensor sum = at::empty({N, D}, at::kFloat);
    withType(y.scalar_type(), [&]<class Y>(Y) {
        const auto row = MPO_KERNEL(addRow<Y>);
        overThreads(N, grainOf(D), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i)
                row(dataOf<float>(x) + i * x.stride(0), dataOf<Y>(y) + i * y.stride(0), writable<float>(sum) + i * D,
                    D);
        });
    });
    return sum;
}

LogSums logSumExp(const at::Tensor& in, double temperature, bool wantEntropy)
{
    const at::Tensor logits = withPlainRows(in);
    const std::int64_t N = logits.size(0), V = logits.size(1);
    const LogSums result {at::empty({N}, at::kFloat), wantEntropy ? at::empty({N}, at::kFloat) : at::Tensor()};
    float* const logSum = writable<float>(result.logSum);
    float* const entropy = wantEntropy ? writable<float>(result.entropy) : nullptr;
    withType(logits.scalar_type(), [&]<class X>(X) {
        const auto row = MPO_KERNEL(logSumRow<X>);
        overThreads(N, grainOf(V), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i)
                logSum[i] = row(dataOf<X>(logits) + i * logits.stride(0), float(1.0 / temperature), V,
                    entropy ? entropy + i : nullptr);
        });
    });
    return result;
}

at::Tensor logProbBackward(
    const at::Tensor& in, double temperature, const at::Tensor& logSums, const at::Tensor& targets, const at::Tensor& g)
{
    const at::Tensor logits = withPlainRows(in);
    const std::int64_t N = logits.size(0), V = logits.size(1);
    assert(logSums.is_contiguous() && targets.is_contiguous() && g.is_contiguous());
    const at::Tensor d = at::empty({N, V}, logits.scalar_type());
    withType(logits.scalar_type(), [&]<class X>(X) {
        const auto row = MPO_KERNEL(logProbRowBackward<X>);
        overThreads(N, grainOf(V), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i)
                row(dataOf<X>(logits) + i * logits.stride(0), float(1.0 / temperature), dataOf<float>(logSums)[i],
                    dataOf<std::int64_t>(targets)[i], dataOf<float>(g)[i], writable<X>(d) + i * V, V);
        });
    });
    return d;
}

void normOne(const float* x, const float* weight, double eps, std::int64_t width, void* out, bool half)
{
    static const auto single = MPO_KERNEL(normRow<float, float>);
    static const auto rounded = MPO_KERNEL(normRow<float, std::uint16_t>);
    if (half)
        rounded(x, weight, static_cast<std::uint16_t*>(out), width, float(eps));
    else
        single(x, weight, static_cast<float*>(out), width, float(eps));
}

void gatedSiluOne(const float* gate, const float* up, std::int64_t width, void* out, bool half)
{
    static const auto single = MPO_KERNEL(gatedSiluRow<float, float>);
    static const auto rounded = MPO_KERNEL(gatedSiluRow<float, std::uint16_t>);
    if (half)
        rounded(gate, up, static_cast<std::uint16_t*>(out), width);
    else
        single(gate, up, static_cast<float*>(out), width);
}

void rotateOne(const float* x, const float* cos, const float* sin, std::int64_t heads, std::int64_t width,
    std::int64_t turned, float* out)
{
    static const auto kernel = MPO_KERNEL(rotateRow<float, float>);
    kernel(x, cos, sin, 1.0f, out, heads, width, turned);
}

void addOne(const float* x, const float* y, std::int64_t width, float* out)
{
    static const auto kernel = MPO_KERNEL(addRow<float>);
    kernel(x, y, out, width);
}

void toHalf(const float* x, std::int64_t width, std::uint16_t* out)
{
    static const auto kernel = MPO_KERNEL(roundRow);
    kernel(x, out, width);
}

} // namespace mpo::rows

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Layout of the blocks: ggml-common.h. d and m are half-precision scale and offset, q the small whole numbers. Products
// and sums are rounded one by one (no fused multiply-add: core/CMakeLists.txt), so that every machine gives the same.

#include "core/model/gguf/gguf_quants.h"

#include "core/support/error.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

namespace mpo {

namespace {

using Byte = std::uint8_t;
constexpr int kBlock = 32, kSuperBlock = 256;

float half(const Byte* at)
{
    std::uint16_t bits;
    std::memcpy(&bits, at, 2);
    return float(at::Half(bits, at::Half::from_bits()));
}

void readF32(const std::byte* from, std::int64_t count, float* to) { std::memcpy(to, from, std::size_t(count) * 4); }

void readF16(const std::byte* from, std::int64_t count, float* to)
{
    for (std::int64_t i = 0; i < count; ++i)
        to[i] = half(reinterpret_cast<const Byte*>(from) + 2 * i);
}

void readBF16(const std::byte* from, std::int64_t count, float* to)
{
    for (std::int64_t i = 0; i < count; ++i) { // the upper half of an fp32
        std::uint16_t bits;
        std::memcpy(&bits, from + 2 * i, 2);
        const std::uint32_t whole = std::uint32_t(bits) << 16;
        std::memcpy(to + i, &whole, 4);
    }
}

/// Calls block(bytes, values) for each block.
template<int values, int bytes, class Block>
void eachBlock(const std::byte* from, std::int64_t blocks, float* to, Block block)
{
    for (std::int64_t i = 0; i < blocks; ++i)
        block(reinterpret_cast<const Byte*>(from) + i * bytes, to + i * values);
}

/// A byte holds the value i in its lower and the value i + 16 in its upper four bits.
void readQ4_0(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kBlock, 18>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block);
        const Byte* q = block + 2;
        for (int i = 0; i < 16; ++i) {
            y[i] = d * float((q[i] & 15) - 8);
            y[i + 16] = d * float((q[i] >> 4) - 8);
        }
    });
}

void readQ4_1(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kBlock, 20>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block), m = half(block + 2);
        const Byte* q = block + 4;
        for (int i = 0; i < 16; ++i) {
            y[i] = d * float(q[i] & 15) + m;
            y[i + 16] = d * float(q[i] >> 4) + m;
        }
    });
}

/// Bit i of 32 bits beside the four-bit values is the fifth bit of value i.
void readQ5_0(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kBlock, 22>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block);
        std::uint32_t high;
        std::memcpy(&high, block + 2, 4);
        const Byte* q = block + 6;
        for (int i = 0; i < 16; ++i) {
            y[i] = d * float(int((q[i] & 15) | ((high >> i) & 1) << 4) - 16);
            y[i + 16] = d * float(int((q[i] >> 4) | ((high >> (i + 16)) & 1) << 4) - 16);
        }
    });
}

void readQ5_1(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kBlock, 24>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block), m = half(block + 2);
        std::uint32_t high;
        std::memcpy(&high, block + 4, 4);
        const Byte* q = block + 8;
        for (int i = 0; i < 16; ++i) {
            y[i] = d * float((q[i] & 15) | ((high >> i) & 1) << 4) + m;
            y[i + 16] = d * float((q[i] >> 4) | ((high >> (i + 16)) & 1) << 4) + m;
        }
    });
}

void readQ8_0(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kBlock, 34>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block);
        for (int i = 0; i < kBlock; ++i)
            y[i] = float(std::int8_t(block[2 + i])) * d;
    });
}

/// 16 groups of 16: scales and offsets of four bits.
void readQ2_K(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kSuperBlock, 84>(from, blocks, to, [](const Byte* block, float* y) {
        const Byte *scales = block, *q = block + 16;
        const float d = half(block + 80), m = half(block + 82);
        for (int i = 0; i < kSuperBlock; ++i) {
            const int group = i / 16, part = i / 128, shift = i % 128 / 32 * 2;
            const int value = (q[part * 32 + i % 32] >> shift) & 3;
            y[i] = d * float(scales[group] & 15) * float(value) - m * float(scales[group] >> 4);
        }
    });
}

/// 16 groups of 16: scales of six bits, values of two bits and one more in a mask.
void readQ3_K(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kSuperBlock, 110>(from, blocks, to, [](const Byte* block, float* y) {
        const Byte *mask = block, *q = block + 32, *packed = block + 96;
        const float d = half(block + 108);
        float scales[16];
        for (int group = 0; group < 16; ++group) {
            const int low = (packed[group % 8] >> (group / 8 * 4)) & 15;
            const int high = (packed[8 + group % 4] >> (group / 4 * 2)) & 3;
            scales[group] = d * float((low | high << 4) - 32);
        }
        for (int i = 0; i < kSuperBlock; ++i) {
            const int low = (q[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3;
            const bool upper = (mask[i % 32] >> (i / 32)) & 1;
            y[i] = scales[i / 16] * float(upper ? low : low - 4);
        }
    });
}

/// Scale and offset, six bits each, of group j of eight in the 12 bytes of Q4_K and Q5_K.
struct ScaleAndOffset
{
    float scale, offset;
};
ScaleAndOffset groupOf(const Byte* s, int j)
{
    if (j < 4)
        return {float(s[j] & 63), float(s[j + 4] & 63)};
    return {float((s[j + 4] & 15) | (s[j - 4] >> 6) << 4), float((s[j + 4] >> 4) | (s[j] >> 6) << 4)};
}

/// Eight groups of 32; a byte holds a value of one group and one of the next.
void readQ4_K(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kSuperBlock, 144>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block), m = half(block + 2);
        for (int group = 0; group < 8; ++group) {
            const auto [scale, offset] = groupOf(block + 4, group);
            const Byte* q = block + 16 + group / 2 * 32;
            const float step = d * scale, least = m * offset;
            for (int i = 0; i < 32; ++i)
                y[group * 32 + i] = step * float(group % 2 ? q[i] >> 4 : q[i] & 15) - least;
        }
    });
}

void readQ5_K(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kSuperBlock, 176>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block), m = half(block + 2);
        const Byte* high = block + 16; // bit j: the fifth bit in group j
        for (int group = 0; group < 8; ++group) {
            const auto [scale, offset] = groupOf(block + 4, group);
            const Byte* q = block + 48 + group / 2 * 32;
            const float step = d * scale, least = m * offset;
            for (int i = 0; i < 32; ++i) {
                const int low = group % 2 ? q[i] >> 4 : q[i] & 15;
                y[group * 32 + i] = step * float(low | ((high[i] >> group) & 1) << 4) - least;
            }
        }
    });
}

/// 16 groups of 16 with scales of eight bits; of each 128 values, 64 bytes hold four bits and 32 bytes two more.
void readQ6_K(const std::byte* from, std::int64_t blocks, float* to)
{
    eachBlock<kSuperBlock, 210>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block + 208);
        for (int part = 0; part < 2; ++part) {
            const Byte *low = block + part * 64, *high = block + 128 + part * 32;
            for (int quarter = 0; quarter < 4; ++quarter)
                for (int i = 0; i < 32; ++i) {
                    const int at = part * 128 + quarter * 32 + i;
                    const Byte pair = low[quarter % 2 * 32 + i];
                    const int four = quarter < 2 ? pair & 15 : pair >> 4;
                    const int value = (four | ((high[i] >> (2 * quarter)) & 3) << 4) - 32;
                    y[at] = d * float(std::int8_t(block[192 + at / 16])) * float(value);
                }
        }
    });
}

/// Q4_0 with sixteen levels that lie closer around zero.
void readIQ4_NL(const std::byte* from, std::int64_t blocks, float* to)
{
    static constexpr float kLevels[16] {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    eachBlock<kBlock, 18>(from, blocks, to, [](const Byte* block, float* y) {
        const float d = half(block);
        const Byte* q = block + 2;
        for (int i = 0; i < 16; ++i) {
            y[i] = d * kLevels[q[i] & 15];
            y[i + 16] = d * kLevels[q[i] >> 4];
        }
    });
}

struct Known
{
    std::string_view name;
    Dequantise read;
};
constexpr Known kKnown[] = {{"F32", readF32}, {"F16", readF16}, {"BF16", readBF16}, {"Q8_0", readQ8_0},
    {"Q4_0", readQ4_0}, {"Q4_1", readQ4_1}, {"Q5_0", readQ5_0}, {"Q5_1", readQ5_1}, {"Q2_K", readQ2_K},
    {"Q3_K", readQ3_K}, {"Q4_K", readQ4_K}, {"Q5_K", readQ5_K}, {"Q6_K", readQ6_K}, {"IQ4_NL", readIQ4_NL}};

/// Some blocks of a tensor: what a thread takes at a time.
struct Piece
{
    Dequantise read;
    const std::byte* from;
    std::int64_t blocks;
    float* to;
};
constexpr std::int64_t kPieceValues = 1 << 18; // 1 MiB of fp32: small enough to share out, large enough to pay

} // namespace

Dequantise dequantiserOf(const GgufType& type)
{
    const auto found = std::find_if(
        std::begin(kKnown), std::end(kKnown), [&](const Known& known) { return known.name == type.name; });
    return found == std::end(kKnown) ? nullptr : found->read;
}

std::string dequantisableTypes()
{
    std::string names;
    for (const Known& known : kKnown)
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    return names;
}

std::map<std::string, at::Tensor> dequantisedTensors(const GgufFile& file)
{
    std::map<std::string, at::Tensor> tensors;
    std::vector<Piece> pieces;
    for (const GgufTensor& stored : file.tensors()) {
        const Dequantise read = dequantiserOf(*stored.type);
        if (!read)
            fail("{}: tensor {} has the type {}, which is not supported; take a file with {}", file.path().string(),
                stored.name, stored.type->name, dequantisableTypes());
        const at::Tensor tensor = at::empty(stored.shape, at::kFloat);
        const std::int64_t values = stored.type->blockValues, bytes = stored.type->blockBytes;
        const std::int64_t all = tensor.numel() / values, share = std::max<std::int64_t>(1, kPieceValues / values);
        for (std::int64_t done = 0; done < all; done += share)
            pieces.push_back({read, stored.bytes.data() + done * bytes, std::min(share, all - done),
                tensor.mutable_data_ptr<float>() + done * values});
        tensors.emplace(stored.name, tensor);
    }
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < pieces.size(); i = next++)
            pieces[i].read(pieces[i].from, pieces[i].blocks, pieces[i].to);
    };
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < std::thread::hardware_concurrency() && i < pieces.size(); ++i)
        threads.emplace_back(work);
    work();
    return tensors; // not before the threads have ended: they are destroyed first
}

} // namespace mpo

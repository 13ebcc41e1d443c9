// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Included before kernels, in their namespace, with MPO_TARGET naming the instructions of a kind of processor.

#define MPO_INLINE MPO_TARGET inline __attribute__((always_inline))

MPO_INLINE const Lanes& lanesAt(const float* place) { return *reinterpret_cast<const Lanes*>(place); }
MPO_INLINE Lanes& lanesAt(float* place) { return *reinterpret_cast<Lanes*>(place); }

MPO_INLINE float sumOf(const Lanes& lanes)
{
    const auto* half = reinterpret_cast<const HalfLanes*>(&lanes);
    const HalfLanes eight = half[0] + half[1];
    const auto* quarter = reinterpret_cast<const QuarterLanes*>(&eight);
    const QuarterLanes four = quarter[0] + quarter[1];
    return (four[0] + four[1]) + (four[2] + four[3]);
}

/// e^x in lanes for x <= 0, within 2 units in the last place; what is below the smallest normal number becomes 0.
MPO_INLINE void exponential(Lanes& x)
{
    // x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its series; 2^n through the exponent's bits.
    constexpr float log2e = 1.44269504f, ln2High = 0.693359375f, ln2Low = -2.12194440e-4f, rounder = 12582912.0f;
    constexpr float lowest = -87.3f; // e^x there is 1.2e-38
    const Lanes low = Lanes {} + lowest;
    x = x > low ? x : low;
    const Lanes n = (x * log2e + rounder) - rounder;
    const Lanes r = (x - n * ln2High) - n * ln2Low;
    const Lanes series
        = 1.0f + r * (1.0f + r * (0.5f + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720))))));
    const WholeLanes bits = (__builtin_convertvector(n, WholeLanes) + 127) << 23;
    x = series * reinterpret_cast<const Lanes&>(bits);
}

/// Loads and stores of fp32 and, where the place is of 16-bit numbers, of bf16, rounded to nearest, ties to even. `count`
/// numbers are there, at least 1; the lanes behind them are 0, and not written.
MPO_INLINE void load(Lanes& lanes, const float* place, std::int64_t count)
{
    if (count >= kLanes) {
        lanes = lanesAt(place);
        return;
    }
    lanes = Lanes {};
    for (std::int64_t i = 0; i < count; ++i)
        lanes[i] = place[i];
}

MPO_INLINE void load(Lanes& lanes, const std::uint16_t* place, std::int64_t count)
{
    ShortLanes shorts {};
    if (count >= kLanes)
        shorts = *reinterpret_cast<const ShortLanes*>(place);
    else
        for (std::int64_t i = 0; i < count; ++i)
            shorts[i] = place[i];
    const BitLanes bits = __builtin_convertvector(shorts, BitLanes) << 16;
    lanes = reinterpret_cast<const Lanes&>(bits);
}

MPO_INLINE void store(const Lanes& lanes, float* place, std::int64_t count)
{
    if (count >= kLanes)
        lanesAt(place) = lanes;
    else
        for (std::int64_t i = 0; i < count; ++i)
            place[i] = lanes[i];
}

MPO_INLINE void store(const Lanes& lanes, std::uint16_t* place, std::int64_t count)
{
    const BitLanes& bits = reinterpret_cast<const BitLanes&>(lanes);
    const BitLanes rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    const ShortLanes shorts = __builtin_convertvector(lanes == lanes ? rounded : quiet, ShortLanes);
    if (count >= kLanes)
        *reinterpret_cast<ShortLanes*>(place) = shorts;
    else
        for (std::int64_t i = 0; i < count; ++i)
            place[i] = shorts[i];
}

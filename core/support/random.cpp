// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/random.h"

#include "core/support/error.h"

#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <numbers>

namespace mpo {

namespace {

std::uint64_t splitMix(std::uint64_t& state)
{
    std::uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/// FNV-1a, 64 bits: the same on every machine, which std::hash does not promise.
std::uint64_t hashOf(std::string_view text)
{
    std::uint64_t hash = 0xCBF29CE484222325u;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    return hash;
}

} // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose)
{
    // The seed is mixed first: with a plain xor, neighbouring seeds and similar purposes could meet in one state.
    std::uint64_t mixed = splitMix(seed) ^ hashOf(purpose);
    for (auto& word : m_state)
        word = splitMix(mixed);
}

std::uint64_t RandomStream::next()
{
    const std::uint64_t result = std::rotl(m_state[1] * 5, 7) * 9;
    const std::uint64_t shifted = m_state[1] << 17;
    m_state[2] ^= m_state[0];
    m_state[3] ^= m_state[1];
    m_state[1] ^= m_state[2];
    m_state[0] ^= m_state[3];
    m_state[2] ^= shifted;
    m_state[3] = std::rotl(m_state[3], 45);
    return result;
}

double RandomStream::uniform() { return double(next() >> 11) * 0x1.0p-53; }

double RandomStream::normal()
{
    // Box-Muller. The second number of the pair is thrown away: kept, it would have to be part of the saved state.
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::int64_t RandomStream::below(std::int64_t bound)
{
    assert(bound > 0);
    // Lemire's multiplication method: the few values that would make some results likelier are drawn again.
    const auto range = std::uint64_t(bound);
    auto product = static_cast<unsigned __int128>(next()) * range;
    if (std::uint64_t(product) < range) {
        const std::uint64_t unfair = (0 - range) % range;
        while (std::uint64_t(product) < unfair)
            product = static_cast<unsigned __int128>(next()) * range;
    }
    return std::int64_t(product >> 64);
}

std::string RandomStream::state() const
{
    return fmt::format("{:016x}{:016x}{:016x}{:016x}", m_state[0], m_state[1], m_state[2], m_state[3]);
}

void RandomStream::restore(const std::string& state)
{
    std::uint64_t words[4] = {};
    bool good = state.size() == 64;
    for (std::size_t i = 0; good && i < 4; ++i) {
        const char* const begin = state.data() + 16 * i;
        const auto [end, error] = std::from_chars(begin, begin + 16, words[i], 16);
        good = error == std::errc() && end == begin + 16;
    }
    if (!good || (words[0] | words[1] | words[2] | words[3]) == 0)
        fail("\"{}\" is not the state of a random stream; the checkpoint is damaged", state.substr(0, 80));
    std::copy(std::begin(words), std::end(words), m_state);
}

} // namespace mpo

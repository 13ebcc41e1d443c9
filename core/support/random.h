// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpo {

/// A stream of random numbers with the same values on every machine and compiler (xoshiro256** seeded by SplitMix64).
/// Each purpose takes a stream of its own, so that drawing more numbers for one never moves another:
/// RandomStream(seed, "shuffle"), RandomStream(seed, "sampling").
class RandomStream
{
public:
    RandomStream(std::uint64_t seed, std::string_view purpose);

    std::uint64_t next(); ///< 64 uniform bits
    double uniform(); ///< in [0, 1)
    double normal(); ///< mean 0, standard deviation 1; last bit as the C library rounds
    std::int64_t below(std::int64_t bound); ///< in [0, bound), without bias; REQUIRES bound > 0
    bool chance(double probability) { return uniform() < probability; }

    template<class T>
    void shuffle(std::vector<T>& items)
    {
        for (std::int64_t i = std::int64_t(items.size()) - 1; i > 0; --i)
            std::swap(items[std::size_t(i)], items[std::size_t(below(i + 1))]);
    }

    std::string state() const; ///< text that restore() takes; for checkpoints
    void restore(const std::string& state); ///< throws Error when the text is not a state

private:
    std::uint64_t m_state[4];
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Which pairs a stage trains on. Random: as many as are easy, drawn at random.
enum class PairSubset { All, Easy, Hard, Random };

/// A way from the SFT model to a policy: at most one stage on pairs, then at most one on prompts, which is anchored to
/// the model that it starts from. Neither: the SFT model itself.
struct ExperimentMethod
{
    std::string name; ///< "mpo", "simpo-easy+ppo-hard"
    std::string first; ///< "dpo", "ipo", "simpo", "orpo", "cdpo" or "tr-dpo"; empty: no stage on pairs
    PairSubset firstPairs = PairSubset::All;
    std::string second; ///< "ppo" or "rloo"; empty: no stage on prompts
    PairSubset secondPairs = PairSubset::All;

    bool hasReference() const { return !second.empty() || (!first.empty() && first != "simpo" && first != "orpo"); }
    bool operator==(const ExperimentMethod&) const = default;
};

/// Names of what a stage may be.
const std::vector<std::string_view>& pairAlgorithms();
const std::vector<std::string_view>& promptAlgorithms();

/// "sft", "mpo" (dpo-easy+ppo-hard), "reversed-mpo" (dpo-hard+ppo-easy), or PAIRS[-SUBSET], PROMPTS[-SUBSET] or both
/// with a + between them; SUBSET is easy, hard or random, without one it is all. Throws Error that says so.
ExperimentMethod methodFromName(std::string_view name);

/// "DPO, easy pairs; PPO, hard prompts".
std::string methodTitle(const ExperimentMethod& method);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/experiment_method.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <array>
#include <map>

namespace mpo {

namespace {

constexpr std::array<std::string_view, 4> kSubsets {"all", "easy", "hard", "random"};

/// Names that say more than their stages.
struct Alias
{
    std::string_view name, stages, title;
};
constexpr std::array kAliases {Alias {"mpo", "dpo-easy+ppo-hard", "MPO: DPO, easy pairs; PPO, hard prompts"},
    Alias {"reversed-mpo", "dpo-hard+ppo-easy", "Reversed MPO: DPO, hard pairs; PPO, easy prompts"}};

struct Stage
{
    std::string algorithm;
    PairSubset pairs = PairSubset::All;
};

Stage stageFrom(std::string_view text)
{
    const std::size_t dash = text.rfind('-');
    if (dash != text.npos)
        for (std::size_t i = 0; i < kSubsets.size(); ++i)
            if (text.substr(dash + 1) == kSubsets[i])
                return {std::string(text.substr(0, dash)), PairSubset(i)};
    return {std::string(text), PairSubset::All};
}

bool isOneOf(const std::vector<std::string_view>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void failUnknown(std::string_view name)
{
    std::vector<std::string_view> known {"sft"};
    for (const Alias& alias : kAliases)
        known.push_back(alias.name);
    for (const auto* list : {&pairAlgorithms(), &promptAlgorithms()})
        known.insert(known.end(), list->begin(), list->end());
    const std::string text = shortened(toPrintable(name), 60);
    fail("\"{}\" is not a method.{} There are {}; the last ones take -easy, -hard or -random behind them, and a stage "
         "on pairs may go before one on prompts: dpo-easy+ppo-hard",
        text, didYouMean(text, known), joined(known));
}

std::string stageName(const std::string& algorithm, PairSubset pairs)
{
    return pairs == PairSubset::All ? algorithm : algorithm + "-" + std::string(kSubsets[std::size_t(pairs)]);
}

std::string stageTitle(const std::string& algorithm, PairSubset pairs, std::string_view unit)
{
    static const std::map<std::string, std::string> titles {{"dpo", "DPO"}, {"ipo", "IPO"}, {"simpo", "SimPO"},
        {"orpo", "ORPO"}, {"cdpo", "conservative DPO"}, {"tr-dpo", "TR-DPO"}, {"ppo", "PPO"}, {"rloo", "RLOO"}};
    return fmt::format("{}, {} {}", titles.at(algorithm), kSubsets[std::size_t(pairs)], unit);
}

} // namespace

const std::vector<std::string_view>& pairAlgorithms()
{
    static const std::vector<std::string_view> names {"dpo", "ipo", "simpo", "orpo", "cdpo", "tr-dpo"};
    return names;
}

const std::vector<std::string_view>& promptAlgorithms()
{
    static const std::vector<std::string_view> names {"ppo", "rloo"};
    return names;
}

ExperimentMethod methodFromName(std::string_view name)
{
    std::string_view stages = name;
    for (const Alias& alias : kAliases)
        if (alias.name == name)
            stages = alias.stages;
    ExperimentMethod method;
    if (name == "sft") {
        method.name = name;
        return method;
    }
    const std::size_t plus = stages.find('+');
    const Stage first = stageFrom(stages.substr(0, plus));
    const bool two = plus != stages.npos;
    const Stage second = two ? stageFrom(stages.substr(plus + 1)) : first;
    if (isOneOf(pairAlgorithms(), first.algorithm)) {
        method.first = first.algorithm;
        method.firstPairs = first.pairs;
    }
    if ((two || method.first.empty()) && isOneOf(promptAlgorithms(), second.algorithm)) {
        method.second = second.algorithm;
        method.secondPairs = second.pairs;
    }
    if (two ? method.first.empty() || method.second.empty() : method.first.empty() && method.second.empty())
        failUnknown(name);
    if (!method.first.empty())
        method.name = stageName(method.first, method.firstPairs);
    if (!method.second.empty())
        method.name += (two ? "+" : "") + stageName(method.second, method.secondPairs);
    for (const Alias& alias : kAliases)
        if (method.name == alias.stages)
            method.name = alias.name;
    return method;
}

std::string methodTitle(const ExperimentMethod& method)
{
    for (const Alias& alias : kAliases)
        if (method.name == alias.name)
            return std::string(alias.title);
    std::string title;
    if (!method.first.empty())
        title = stageTitle(method.first, method.firstPairs, "pairs");
    if (!method.second.empty())
        title += (title.empty() ? "" : "; ") + stageTitle(method.second, method.secondPairs, "prompts");
    return title.empty() ? "SFT" : title;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// A pipeline on the user's model and data: reward model, scoring, split, DPO, PPO, comparison. Read from YAML.
struct Recipe
{
    std::string name = "mpo"; ///< prefix of what it makes: NAME-reward, NAME-dpo, NAME-ppo
    std::string model, data; ///< names in the project, or a folder and a file
    std::string evalData; ///< prompts for the comparison; empty: `data`
    std::int64_t limit = 0; ///< first N pairs; 0: all
    std::optional<Settings> sft; ///< absent: no SFT stage
    Settings reward {StageKind::Reward}, dpo {StageKind::Dpo}, ppo {StageKind::Ppo};
    int folds = 2; ///< of the scoring; 0: score with the reward model that saw the pairs
    std::string splitBy = "easy_share"; ///< "gap", "confidence" or "easy_share"
    double splitValue = 0.5;
    std::int64_t evaluatePrompts = 32, evaluateTokens = 64;
    double evaluateTemperature = 0.7;
};

/// Reads a recipe in YAML; `overrides` ("dpo.beta=0.2", "limit=100") come after the file and win. Throws Error
/// "FILE:LINE: ..." for what is not YAML, an unknown key (with the nearest known one), a key given twice, a value of
/// the wrong type or out of range, settings that contradict each other, and a missing model or data.
Recipe readRecipe(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});
/// The same from a text; `source` stands in messages.
Recipe parseRecipe(std::string_view text, std::string_view source, const std::vector<std::string>& overrides = {});

} // namespace mpo

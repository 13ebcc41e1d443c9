// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the numbers come from: below 50 M what the demo of this program learns with. Whole models: DPO at 1e-6 and
// batches of 32 to 64 (DPO paper, TRL), twice that for the smallest; reward models at 9e-6 to 2e-5 (OpenRLHF and ours);
// PPO at 1e-6 with a value model five to nine times faster (OpenRLHF, DeepSpeed-Chat). LoRA: ten times the rate of the
// whole model (TRL), reward models at 1e-4 (TRL's default is of that size), rank 16; half of it from 4 B on.
#include "core/config/presets.h"

#include "core/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

namespace mpo {

namespace {

constexpr auto kPresets = std::to_array<Preset>({
    {"tiny", "Tiny: below 50 M parameters", "Models made from nothing, as that of the demo: high rates, large batches",
        50'000'000},
    {"small", "Small: 50 to 700 M", "The whole model, 32 pairs to a step", 700'000'000},
    {"medium", "Medium: 0.7 to 4 B", "LoRA of rank 16 at ten times the rate, short batches", 4'000'000'000},
    {"large", "Large: from 4 B", "LoRA of rank 16, one example at a time, layers computed twice to save memory",
        std::numeric_limits<std::int64_t>::max()},
});

/// A row of the table: one setting of a stage under a preset.
struct Change
{
    std::string_view preset, stage, setting, value;
};

constexpr auto kChanges = std::to_array<Change>({
    {"tiny", "sft", "learning_rate", "2e-3"},
    {"tiny", "sft", "batch_size", "32"},
    {"tiny", "sft", "epochs", "4"},
    {"tiny", "sft", "warmup_steps", "10"},
    {"tiny", "reward", "learning_rate", "4e-4"},
    {"tiny", "reward", "batch_size", "32"},
    {"tiny", "reward", "epochs", "3"},
    {"tiny", "reward", "centering", "0.01"},
    {"tiny", "dpo", "learning_rate", "1e-4"},
    {"tiny", "dpo", "batch_size", "32"},
    {"tiny", "dpo", "epochs", "2"},
    {"tiny", "ppo", "learning_rate", "1e-4"},
    {"tiny", "ppo", "value_learning_rate", "3e-4"},
    {"tiny", "ppo", "minibatch_size", "32"},
    {"tiny", "ppo", "micro_batch", "32"},
    {"tiny", "ppo", "ppo_epochs", "2"},
    {"tiny", "ppo", "missing_eos_penalty", "2"},

    {"small", "sft", "gradient_accumulation", "4"},
    {"small", "reward", "learning_rate", "2e-5"},
    {"small", "reward", "gradient_accumulation", "4"},
    {"small", "reward", "centering", "0.01"},
    {"small", "dpo", "learning_rate", "2e-6"},
    {"small", "dpo", "gradient_accumulation", "4"},
    {"small", "ppo", "learning_rate", "2e-6"},
    {"small", "ppo", "value_learning_rate", "1e-5"},
    {"small", "ppo", "ppo_epochs", "2"},

    {"medium", "sft", "learning_rate", "1e-4"},
    {"medium", "sft", "batch_size", "2"},
    {"medium", "sft", "gradient_accumulation", "16"},
    {"medium", "sft", "lora_rank", "16"},
    {"medium", "reward", "learning_rate", "1e-4"},
    {"medium", "reward", "batch_size", "2"},
    {"medium", "reward", "gradient_accumulation", "16"},
    {"medium", "reward", "centering", "0.01"},
    {"medium", "reward", "lora_rank", "16"},
    {"medium", "dpo", "learning_rate", "1e-5"},
    {"medium", "dpo", "batch_size", "2"},
    {"medium", "dpo", "gradient_accumulation", "16"},
    {"medium", "dpo", "lora_rank", "16"},
    {"medium", "ppo", "learning_rate", "1e-5"},
    {"medium", "ppo", "value_learning_rate", "5e-5"},
    {"medium", "ppo", "micro_batch", "2"},
    {"medium", "ppo", "ppo_epochs", "2"},
    {"medium", "ppo", "lora_rank", "16"},

    {"large", "sft", "learning_rate", "5e-5"},
    {"large", "sft", "batch_size", "1"},
    {"large", "sft", "gradient_accumulation", "32"},
    {"large", "sft", "lora_rank", "16"},
    {"large", "sft", "gradient_checkpointing", "true"},
    {"large", "reward", "learning_rate", "5e-5"},
    {"large", "reward", "batch_size", "1"},
    {"large", "reward", "gradient_accumulation", "32"},
    {"large", "reward", "centering", "0.01"},
    {"large", "reward", "lora_rank", "16"},
    {"large", "reward", "gradient_checkpointing", "true"},
    {"large", "dpo", "learning_rate", "5e-6"},
    {"large", "dpo", "batch_size", "1"},
    {"large", "dpo", "gradient_accumulation", "32"},
    {"large", "dpo", "lora_rank", "16"},
    {"large", "dpo", "gradient_checkpointing", "true"},
    {"large", "ppo", "learning_rate", "5e-6"},
    {"large", "ppo", "value_learning_rate", "2.5e-5"},
    {"large", "ppo", "micro_batch", "1"},
    {"large", "ppo", "ppo_epochs", "1"},
    {"large", "ppo", "lora_rank", "16"},
    {"large", "ppo", "gradient_checkpointing", "true"},
});

} // namespace

std::span<const Preset> presets() { return kPresets; }

const Preset& findPreset(std::string_view name)
{
    std::vector<std::string_view> names;
    for (const Preset& preset : kPresets) {
        if (preset.name == name)
            return preset;
        names.push_back(preset.name);
    }
    fail("There is no preset \"{}\"; there are {}", name, fmt::join(names, ", "));
}

const Preset& presetFor(std::int64_t parameters)
{
    return *std::find_if(
        kPresets.begin(), kPresets.end() - 1, [&](const Preset& preset) { return parameters < preset.below; });
}

Settings presetSettings(const Preset& preset, StageKind stage)
{
    Settings settings(stage);
    for (const Change& change : kChanges)
        if (change.preset == preset.name && change.stage == stageName(stage))
            settings.setFromText(change.setting, change.value);
    return settings;
}

} // namespace mpo

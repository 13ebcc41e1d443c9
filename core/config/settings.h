// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mpo {

/// What can be trained. The names reach the disk and the command line: do not change them.
enum class StageKind { Sft, Reward, Dpo, Ppo };
std::string_view stageName(StageKind stage); ///< "sft", "reward", "dpo", "ppo"
std::string_view stageTitle(StageKind stage); ///< "Supervised fine-tuning", "Reward model", "DPO", "PPO"
StageKind stageFromName(std::string_view name); ///< throws Error listing the names

using SettingValue = std::variant<bool, std::int64_t, double, std::string>;

/// The one declaration of a setting. Command-line flags, recipe keys, the form in the window, validation and the stored
/// configuration of a run all come from it.
struct SettingInfo
{
    std::string_view name; ///< "learning_rate"; stored with runs, so it may not change
    std::string_view group; ///< heading in the form: "Optimiser", "Batches", "PPO", ...
    std::string_view unit; ///< "tokens", "steps", "nats"; empty: none
    std::string_view help; ///< one line
    SettingValue defaultValue; ///< its alternative is the type of the setting
    std::optional<double> minimum, maximum; ///< numbers only; both inclusive
    std::vector<std::string_view> choices; ///< text only; empty: free text
    bool advanced = false; ///< hidden until asked for
    bool neutral = false; ///< decides no result: an interrupted run may go on with another value
};

/// All settings of one stage in the order of the form.
std::span<const SettingInfo> settingInfos(StageKind stage);

/// The values of all settings of one stage, always complete and each within its range.
class Settings
{
public:
    explicit Settings(StageKind stage); ///< every setting at its default

    StageKind stage() const { return m_stage; }

    /// Throws Error for an unknown name (with the nearest known one), text that is not of the type, a value out of
    /// range, or a choice that does not exist.
    void set(std::string_view name, const SettingValue& value);
    void setFromText(std::string_view name, std::string_view text); ///< "1e-5", "true", "cosine"

    /// REQUIRES: the setting exists for this stage and has that type.
    bool flag(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    double real(std::string_view name) const;
    const std::string& text(std::string_view name) const;
    const SettingValue& value(std::string_view name) const;
    bool isDefault(std::string_view name) const;

    /// Problems between settings, as sentences; empty: none. (Single values are checked when they are set.)
    std::vector<std::string> problems() const;

    Json toJson() const; ///< {"learning_rate": 1e-05, ...}, complete
    Json resultJson() const; ///< the same without the neutral ones: what decides the result
    static Settings fromJson(StageKind stage, const Json& values); ///< missing: default; unknown: Error

private:
    StageKind m_stage;
    std::vector<SettingValue> m_values; ///< parallel to settingInfos(m_stage)
};

} // namespace mpo

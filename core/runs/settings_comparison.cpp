// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/settings_comparison.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

namespace mpo {

namespace {

void forEachSetting(
    const Json& object, const std::string& prefix, const std::function<void(const std::string&, const Json&)>& each)
{
    for (const auto& [key, value] : object.items()) {
        if (value.is_object())
            forEachSetting(value, prefix.empty() && key == "settings" ? std::string() : prefix + key + ".", each);
        else
            each(prefix + key, value);
    }
}

std::string textOf(const Json& value)
{
    if (value.is_string())
        return value.get<std::string>();
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

std::vector<ComparedSetting> compareSettings(std::span<const Json> configs)
{
    std::vector<ComparedSetting> settings;
    std::vector<std::vector<const Json*>> values; // parallel to settings
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t run = 0; run < configs.size(); ++run) {
        if (!configs[run].is_object())
            continue;
        forEachSetting(configs[run], {}, [&](const std::string& name, const Json& value) {
            const auto [place, isNew] = places.emplace(name, settings.size());
            if (isNew) {
                settings.push_back({name, std::vector<std::string>(configs.size()), false});
                values.emplace_back(configs.size(), nullptr);
            }
            settings[place->second].values[run] = textOf(value);
            values[place->second][run] = &value;
        });
    }
    for (std::size_t i = 0; i < settings.size(); ++i)
        settings[i].differs = std::any_of(values[i].begin(), values[i].end(), [&](const Json* value) {
            const Json* first = values[i].front();
            return (value == nullptr) != (first == nullptr) || (value && *value != *first);
        });
    std::stable_partition(settings.begin(), settings.end(), [](const ComparedSetting& one) { return one.differs; });
    return settings;
}

} // namespace mpo

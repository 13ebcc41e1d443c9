// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"
#include "core/store/project.h"
#include "core/support/json.h"
#include "core/support/metric_names.h"

#include <map>
#include <string>
#include <vector>

namespace mpo {

/// Watches the metrics of a run for what is known to go wrong, with the thresholds of the settings alarm_*. An alarm is
/// raised once when its condition begins, and again only after it has passed. The run's numbers stay as they are.
class Alarms
{
public:
    explicit Alarms(const Settings& settings)
        : m_settings(settings)
    {
    }

    /// Alarms that begin with this step.
    std::vector<AlarmRow> look(std::int64_t step, const Metrics& metrics);
    /// Names of those whose condition held until the step that look() saw last.
    const std::vector<std::string>& passed() const { return m_passed; }

    Json toJson() const; ///< for checkpoints
    void restore(const Json& state);

private:
    double threshold(const char* name) const; ///< 0: switched off, or none of this stage
    /// Raises `name` when `condition` begins.
    void raise(const char* name, bool condition, double value, double threshold, const std::string& text);
    void lookAtKl(const Metrics& metrics);
    void lookAtUpdates(const Metrics& metrics);
    void lookAtDrift(const Metrics& metrics);
    void lookAtMargins(const Metrics& metrics);
    void lookAtGradients(const Metrics& metrics);

    Settings m_settings;
    std::map<std::string, bool> m_on; ///< alarms whose condition holds
    std::map<std::string, double> m_starts; ///< first value of a metric
    struct Mean
    {
        double value = 0.0;
        std::int64_t count = 0;
    };
    std::map<std::string, Mean> m_means; ///< of gradient norms
    std::int64_t m_stepsWithoutMargins = 0;

    std::int64_t m_step = 0; ///< of the call under way
    std::vector<AlarmRow> m_raised;
    std::vector<std::string> m_passed;
};

} // namespace mpo

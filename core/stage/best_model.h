// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"
#include "core/support/json.h"
#include "core/support/metric_names.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mpo {

/// The best evaluation on held-out examples so far, and whether it is time to stop because none gets better.
class BestModel
{
public:
    explicit BestModel(const Settings& settings); ///< of a stage with held-out examples

    /// False: no setting asks for it, and observe() does nothing.
    bool wanted() const { return m_keep || m_patience > 0; }
    bool keepsWeights() const { return m_keep; } ///< keep_best or load_best_at_end

    struct Seen
    {
        bool best = false; ///< better than all before
        bool stop = false; ///< early_stop_patience evaluations without a change for the better
    };
    Seen observe(std::int64_t step, const Metrics& metrics);

    std::int64_t step() const { return m_step; } ///< of the best; -1: none yet
    std::string reasonToStop() const; ///< one sentence

    Json toJson() const; ///< for checkpoints
    void restore(const Json& state);

private:
    bool better(double value, double than, double by) const;

    std::string m_metric;
    bool m_keep;
    std::int64_t m_patience;
    double m_minChange;

    std::int64_t m_step = -1;
    double m_best = 0.0;
    std::optional<double> m_mark; ///< the value that early_stop_min_change is measured from
    std::int64_t m_since = 0; ///< evaluations since then
};

} // namespace mpo

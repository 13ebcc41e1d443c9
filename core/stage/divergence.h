// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"
#include "core/support/json.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace mpo {

/// What becomes of a run after a number that is not finite, by the settings on_divergence and max_rollbacks: it ends,
/// or it goes back to its last checkpoint, repeats what followed, and leaves out the batch in which the number arose.
class Divergence
{
public:
    explicit Divergence(const Settings& settings);

    bool rollsBack() const { return m_rollsBack; }
    /// A batch is step and part, both from 0; in PPO rollout and minibatch, the whole rollout being part kWhole.
    static constexpr std::int64_t kWhole = -1;
    bool skips(std::int64_t step, std::int64_t part = kWhole) const { return m_skipped.contains({step, part}); }

    /// Leaves that batch out from now on; returns how to say so. Throws Error when the run is to end. `where`: "Step
    /// 5", `what`: "the loss", `remedy`: what to do, after a semicolon.
    std::string leaveOut(std::int64_t step, std::int64_t part, const std::string& where, const std::string& what,
        const std::string& remedy);

    Json toJson() const; ///< for checkpoints
    void restore(const Json& state); ///< adds what was left out before

private:
    bool m_rollsBack;
    std::int64_t m_most;
    std::set<std::pair<std::int64_t, std::int64_t>> m_skipped;
};

} // namespace mpo

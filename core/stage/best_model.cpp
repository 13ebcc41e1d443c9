// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/best_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {
constexpr auto kLoss = "eval_loss"; // smaller is better; of all other metrics larger is
}

BestModel::BestModel(const Settings& settings)
    : m_metric(settings.stage() == StageKind::Sft ? kLoss : settings.text("best_metric"))
    , m_keep(settings.flag("keep_best") || settings.flag("load_best_at_end"))
    , m_patience(settings.integer("early_stop_patience"))
    , m_minChange(settings.real("early_stop_min_change"))
{
}

bool BestModel::better(double value, double than, double by) const
{
    return m_metric == kLoss ? value < than - by : value > than + by;
}

BestModel::Seen BestModel::observe(std::int64_t step, const Metrics& metrics)
{
    const auto found
        = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& metric) { return metric.name == m_metric; });
    if (!wanted() || found == metrics.end())
        return {};
    const double value = found->value; // NaN is better than nothing and nothing is worse: no comparison holds
    Seen seen;
    if (std::isfinite(value) && (m_step < 0 || better(value, m_best, 0.0))) {
        seen.best = true;
        m_best = value;
        m_step = step;
    }
    if (std::isfinite(value) && (!m_mark || better(value, *m_mark, m_minChange))) {
        m_mark = value;
        m_since = 0;
    } else {
        ++m_since;
    }
    seen.stop = m_patience > 0 && m_since >= m_patience;
    return seen;
}

std::string BestModel::reasonToStop() const
{
    return fmt::format("{} has not become better{} in {} evaluation{}; its best is {:.6g}, after step {}", m_metric,
        m_minChange > 0.0 ? fmt::format(" by more than {:g}", m_minChange) : "", m_since, m_since == 1 ? "" : "s",
        m_best, m_step);
}

Json BestModel::toJson() const
{
    Json state {{"step", m_step}, {"value", m_best}, {"since", m_since}};
    if (m_mark)
        state["mark"] = *m_mark;
    return state;
}

void BestModel::restore(const Json& state)
{
    m_step = state.at("step").get<std::int64_t>();
    m_best = state.at("value").get<double>();
    m_since = state.at("since").get<std::int64_t>();
    m_mark = state.contains("mark") ? std::optional(state.at("mark").get<double>()) : std::nullopt;
}

} // namespace mpo

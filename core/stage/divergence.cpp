// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/divergence.h"

#include "core/support/error.h"

namespace mpo {

Divergence::Divergence(const Settings& settings)
    : m_rollsBack(settings.text("on_divergence") == "rollback")
    , m_most(settings.integer("max_rollbacks"))
{
}

std::string Divergence::leaveOut(
    std::int64_t step, std::int64_t part, const std::string& where, const std::string& what, const std::string& remedy)
{
    const auto done = std::int64_t(m_skipped.size());
    const std::string begin
        = fmt::format("{}: {} is not a finite number, so nothing of this step is kept", where, what);
    if (!m_rollsBack)
        fail("{} and the run ends; {}", begin, remedy);
    if (done >= m_most)
        fail("{}; max_rollbacks = {} batches are left out already, so the run ends; {}", begin, m_most, remedy);
    if (!m_skipped.emplace(step, part).second)
        fail("{}, though its batch is left out already, so the run ends; {}", begin, remedy);
    return fmt::format("{}: the run goes back to its last checkpoint and leaves this batch out ({} of at most {})",
        begin, done + 1, m_most);
}

Json Divergence::toJson() const
{
    Json skipped = Json::array();
    for (const auto& [step, part] : m_skipped)
        skipped.push_back({step, part});
    return skipped;
}

void Divergence::restore(const Json& state)
{
    for (const Json& batch : state)
        m_skipped.emplace(batch.at(0).get<std::int64_t>(), batch.at(1).get<std::int64_t>());
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"

namespace mpo {

void Workspace::joinLaunched() const { m_team = RankTeam::launched(); }

std::shared_ptr<const void> Workspace::share(const Json& job, const Settings& settings) const
{
    if (m_follows)
        return {};
    const auto processes = int(settings.integer("processes"));
    if (!m_team || !m_team->launchedTogether()) {
        if (m_team && m_team->ranks()->size() != processes)
            m_team.reset();
        if (!m_team && processes > 1)
            m_team = RankTeam::started(processes);
    }
    if (!m_team)
        return {};
    m_team->ranks()->announce(toLine(Json {{"project", m_project.folder().string()}, {"command", job}}));
    m_ranks = m_team->ranks();
    info(fmt::format("{} processes divide the work", m_ranks->size()));
    return std::shared_ptr<const void>(
        static_cast<const void*>(this), [this](const void*) { m_ranks = aloneCommunicator(); });
}

void Workspace::leaveReason(const std::string& sentence) const
{
    if (m_team)
        m_team->ranks()->leaveReason(sentence);
}

} // namespace mpo

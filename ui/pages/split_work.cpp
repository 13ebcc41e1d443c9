// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_work.h"

#include "core/store/project.h"
#include "ui/format.h"

#include <utility>

namespace mpo {

SplitWork::SplitWork(EngineBridge& bridge, QObject* parent)
    : QObject(parent)
    , m_bridge(bridge)
{
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_waiting == Kind::Scores)
            Q_EMIT scoring(toQString(event.what), event.share, toQString(event.detail));
    });
    connect(&m_bridge, &EngineBridge::runStarted, this, [this](const RunStarted& event) {
        const std::optional<RunRow> run = m_bridge.project().run(event.run);
        m_part = tr("Training a reward model on the other parts");
        if (run && run->config.contains("fold"))
            m_part = tr("Part %1 of %2: training a reward model on the other parts")
                         .arg(run->config.value("fold", 1))
                         .arg(run->config.value("folds", 1));
    });
    connect(&m_bridge, &EngineBridge::metricsLogged, this, [this](const std::vector<MetricsLogged>& batch) {
        if (m_waiting != Kind::Scores || batch.empty() || batch.back().totalSteps == 0)
            return;
        const MetricsLogged& last = batch.back();
        Q_EMIT scoring(m_part, double(last.step) / double(last.totalSteps),
            tr("step %1 of %2").arg(formatCount(last.step), formatCount(last.totalSteps)));
    });
    connect(&m_bridge, &EngineBridge::pairsScored, this, [this](const PairsScored& event) {
        if (m_waiting != Kind::Scores)
            return;
        m_answered = true;
        Q_EMIT scored(toQString(event.scoreSet));
    });
    connect(
        &m_bridge, &EngineBridge::splitSaved, this, [this] { m_answered = m_answered || m_waiting == Kind::Split; });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (m_waiting == Kind::None || (!m_answered && m_bridge.busy()))
            return; // the end of a command before ours
        const Kind ended = std::exchange(m_waiting, Kind::None);
        Q_EMIT this->ended(
            ended, event.outcome == CommandFinished::Outcome::Succeeded ? QString() : toQString(event.message));
    });
}

void SplitWork::score(const ScorePairs& command)
{
    Q_EMIT scoring(m_bridge.busy() ? tr("Waiting for the running command") : tr("Starting"), -1.0, {});
    begin(Kind::Scores, command);
}

void SplitWork::save(const SplitPairs& command) { begin(Kind::Split, command); }

void SplitWork::begin(Kind kind, const Command& command)
{
    m_waiting = kind;
    m_answered = false;
    m_bridge.post(command);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/engine_bridge.h"

#include <QObject>

namespace mpo {

/// What the engine does for the Split page, one thing at a time: it scores pairs or saves a split, and this tells from
/// its events how far it is and how it ended.
class SplitWork : public QObject
{
    Q_OBJECT
public:
    enum class Kind { None, Scores, Split };

    explicit SplitWork(EngineBridge& bridge, QObject* parent = nullptr);

    void score(const ScorePairs& command);
    void save(const SplitPairs& command);

Q_SIGNALS:
    /// `share` in [0, 1]; negative: not known.
    void scoring(const QString& what, double share, const QString& detail);
    void scored(const QString& scoreSet);
    void ended(mpo::SplitWork::Kind kind, const QString& problem); ///< no problem: empty

private:
    void begin(Kind kind, const Command& command);

    EngineBridge& m_bridge;
    Kind m_waiting = Kind::None;
    QString m_part; ///< what trains while pairs are scored: "Part 1 of 2: ..."
    bool m_answered = false; ///< what is waited for has come: the next CommandFinished is its own
};

} // namespace mpo

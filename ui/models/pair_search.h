// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>

#include <cstdint>
#include <string>
#include <vector>

namespace mpo {

class Project;

/// Looks for a text in the pairs of a data set, in small portions between events, so that the window stays live.
class PairSearch : public QObject
{
    Q_OBJECT
public:
    explicit PairSearch(QObject* parent = nullptr);

    /// Begins anew; upper and lower case are alike.
    void start(const Project& project, const std::string& dataset, std::int64_t total, const QString& text);
    void stop();
    bool active() const { return m_timer.isActive(); }

Q_SIGNALS:
    /// Numbers of pairs, from 0, that have the text in prompt or responses: those found since the last signal.
    /// looked == total: finished
    void progress(const std::vector<std::int64_t>& found, qint64 looked, qint64 total);

private:
    void lookOn();

    const Project* m_project = nullptr;
    std::string m_dataset;
    QString m_text;
    std::int64_t m_looked = 0, m_total = 0;
    QTimer m_timer;
};

} // namespace mpo

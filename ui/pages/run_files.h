// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/run_import.h"

#include <QObject>
#include <QString>

#include <filesystem>
#include <thread>
#include <vector>

namespace mpo {

class Project;

/// What the Runs page does with files, away from the UI thread and beside a training: curves of other programs in, ours
/// out, and how much room runs take. Signals arrive on the thread this object lives on.
class RunFiles : public QObject
{
    Q_OBJECT
public:
    explicit RunFiles(Project& project, QObject* parent = nullptr);

    void importFrom(const std::filesystem::path& path);
    /// What led to a run (0: the newest) as one page: .html, or .pdf. Tells with reported().
    void writeReport(std::int64_t run, const std::filesystem::path& file);
    void exportTo(const std::filesystem::path& folder, const std::vector<std::int64_t>& runs, RunFormat format);
    void measure(const std::vector<std::int64_t>& runs); ///< drops what is being measured
    bool busy() const { return m_busy; } ///< importing or exporting
    void stop();

Q_SIGNALS:
    void busyChanged(bool busy);
    void imported(const std::vector<std::int64_t>& runs, const QString& sentence); ///< with what could not be read
    void exported(const QString& sentence);
    void measured(std::int64_t run, std::uint64_t bytes);
    void reported(const QString& file);
    void failed(const QString& sentence);

private:
    template<class Work>
    void start(const Work& work);
    void setBusy(bool busy);

    Project& m_project;
    bool m_busy = false;
    std::jthread m_work, m_measuring;
};

} // namespace mpo

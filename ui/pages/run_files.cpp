// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/run_files.h"

#include "core/report/project_report.h"
#include "core/runs/disk_use.h"
#include "core/store/project.h"
#include "core/support/file.h"
#include "ui/format.h"
#include "ui/report_pdf.h"

#include <exception>

namespace mpo {

RunFiles::RunFiles(Project& project, QObject* parent)
    : QObject(parent)
    , m_project(project)
{
}

void RunFiles::setBusy(bool busy)
{
    m_busy = busy;
    Q_EMIT busyChanged(busy);
}

void RunFiles::stop() { m_work.request_stop(); }

/// `work` returns what is to be told on the UI thread.
template<class Work>
void RunFiles::start(const Work& work)
{
    if (m_busy)
        return;
    setBusy(true);
    m_work = std::jthread([this, work](const std::stop_token& stop) {
        std::function<void()> tell;
        try {
            tell = work(stop);
        } catch (const std::exception& error) {
            tell = [this, sentence = toQString(error.what())] { Q_EMIT failed(sentence); };
        }
        QMetaObject::invokeMethod(
            this,
            [this, tell] {
                setBusy(false);
                tell();
            },
            Qt::QueuedConnection);
    });
}

void RunFiles::importFrom(const std::filesystem::path& path)
{
    start([this, path](const std::stop_token& stop) {
        const FoundRuns found = findRuns(path, stop);
        std::vector<std::int64_t> runs;
        std::vector<std::string> notes = found.problems;
        for (const RunCurves& run : found.runs) {
            runs.push_back(importRun(m_project, run));
            notes.insert(notes.end(), run.notes.begin(), run.notes.end());
        }
        QString sentence = runs.size() == 1 ? tr("1 run imported.") : tr("%1 runs imported.").arg(runs.size());
        if (!notes.empty())
            sentence += QLatin1Char(' ') + toQString(notes.front()) + QLatin1Char('.');
        if (notes.size() > 1)
            sentence += tr(" And %1 more notes of this kind.").arg(notes.size() - 1);
        return [this, runs, sentence] { Q_EMIT imported(runs, sentence); };
    });
}

void RunFiles::writeReport(std::int64_t run, const std::filesystem::path& file)
{
    start([this, run, file](const std::stop_token&) {
        const HtmlReport page = projectReport(m_project, run);
        if (file.extension() == ".pdf")
            writeReportPdf(page, file);
        else
            writeFileAtomically(file, htmlReport(page));
        return [this, file] { Q_EMIT reported(toQString(file.string())); };
    });
}

void RunFiles::exportTo(const std::filesystem::path& folder, const std::vector<std::int64_t>& runs, RunFormat format)
{
    start([this, folder, runs, format](const std::stop_token& stop) {
        exportRuns(m_project, runs, format, folder, stop);
        const QString where = formatFolder(QString::fromStdString(folder.string()));
        const QString sentence = format == RunFormat::TensorBoard
            ? tr("Exported. \"tensorboard --logdir %1\" shows it.").arg(where)
            : tr("Exported to %1.").arg(where);
        return [this, sentence] { Q_EMIT exported(sentence); };
    });
}

void RunFiles::measure(const std::vector<std::int64_t>& runs)
{
    m_measuring = std::jthread([this, runs](const std::stop_token& stop) {
        for (const std::int64_t run : runs) {
            if (stop.stop_requested())
                return;
            try {
                Q_EMIT measured(run, diskUse(m_project.runFolder(run)));
            } catch (const std::exception&) { // erased meanwhile
            }
        }
    });
}

} // namespace mpo

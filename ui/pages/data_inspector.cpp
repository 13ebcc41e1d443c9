// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/data_inspector.h"

#include "core/store/project.h"
#include "ui/format.h"

#include <condition_variable>
#include <exception>
#include <mutex>

namespace mpo {

struct DataInspector::Wanted
{
    std::string modelFolder;
    PreferencePair pair;
    DatasetKind kind = DatasetKind::Pairs;
};

struct DataInspector::Shared
{
    std::mutex mutex;
    std::condition_variable_any wake;
    std::optional<Wanted> wanted; ///< what is to be shown next
};

DataInspector::DataInspector(Project& project, QObject* parent)
    : QObject(parent)
    , m_project(project)
    , m_shared(new Shared)
{
}

DataInspector::~DataInspector()
{
    m_inspecting = {}; // their threads end before what they use
    m_previewing = {};
}

void DataInspector::setBusy(bool busy)
{
    m_busy = busy;
    Q_EMIT busyChanged(busy);
}

void DataInspector::stop() { m_inspecting.request_stop(); }

void DataInspector::inspect(const std::string& dataset, const std::string& modelFolder, const std::string& against)
{
    m_inspecting = {}; // waits for the portion under way at most
    setBusy(true);
    m_inspecting = std::jthread([this, dataset, modelFolder, against](const std::stop_token& stop) {
        const auto tell = [&](const std::function<void()>& what) {
            QMetaObject::invokeMethod(
                this,
                [this, stop, what] {
                    if (stop.stop_requested() && m_inspecting.get_stop_token() != stop)
                        return; // another one goes on by now
                    setBusy(false);
                    what();
                },
                Qt::QueuedConnection);
        };
        try {
            const auto findings = std::make_shared<const DatasetFindings>(inspectDataset(
                m_project, dataset, modelFolder, against, stop, [this](double share) { Q_EMIT progress(share); }));
            tell([this, dataset, findings] { Q_EMIT inspected(toQString(dataset), findings); });
        } catch (const std::exception& error) {
            const QString sentence = stop.stop_requested() ? QString() : toQString(error.what());
            tell([this, sentence] { Q_EMIT inspectionFailed(sentence); });
        }
    });
}

void DataInspector::preview(const std::string& modelFolder, const PreferencePair& pair, DatasetKind kind)
{
    {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->wanted = Wanted {modelFolder, pair, kind};
    }
    if (!m_previewing.joinable())
        m_previewing = std::jthread([this](const std::stop_token& stop) { previewLoop(stop); });
    m_shared->wake.notify_one();
}

void DataInspector::previewLoop(const std::stop_token& stop)
{
    std::unique_ptr<TokenPreview> tokens; // that of the last model stays loaded
    std::string loaded;
    while (true) {
        Wanted wanted;
        {
            std::unique_lock lock(m_shared->mutex);
            if (!m_shared->wake.wait(lock, stop, [this] { return m_shared->wanted.has_value(); }))
                return;
            wanted = std::move(*m_shared->wanted);
            m_shared->wanted.reset();
        }
        try {
            if (!tokens || loaded != wanted.modelFolder)
                tokens = std::make_unique<TokenPreview>(wanted.modelFolder);
            loaded = wanted.modelFolder;
            Q_EMIT previewed(tokens->row(wanted.pair, wanted.kind));
        } catch (const std::exception& error) {
            Q_EMIT previewFailed(toQString(error.what()));
        }
    }
}

} // namespace mpo

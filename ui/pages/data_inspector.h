// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/dataset_inspection.h"

#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <thread>

namespace mpo {

/// Looks through data sets and shows rows as a model gets them, away from the UI thread and beside a training. Signals
/// arrive on the thread this object lives on.
class DataInspector : public QObject
{
    Q_OBJECT
public:
    explicit DataInspector(Project& project, QObject* parent = nullptr);
    ~DataInspector() override;

    /// Drops what goes on. `modelFolder`: empty counts characters; `against`: empty compares with nothing.
    void inspect(const std::string& dataset, const std::string& modelFolder, const std::string& against);
    void stop();
    bool busy() const { return m_busy; }

    /// Of several asked for in a row only the last is answered.
    void preview(const std::string& modelFolder, const PreferencePair& pair, DatasetKind kind);

Q_SIGNALS:
    void busyChanged(bool busy);
    void progress(double share);
    void inspected(const QString& dataset, const std::shared_ptr<const mpo::DatasetFindings>& findings);
    void inspectionFailed(const QString& sentence);
    void previewed(const mpo::TokenPreview::Row& row);
    void previewFailed(const QString& sentence);

private:
    struct Wanted;
    struct Shared;
    void previewLoop(const std::stop_token& stop);
    void setBusy(bool busy);

    Project& m_project;
    bool m_busy = false;
    std::unique_ptr<Shared> m_shared;
    std::jthread m_inspecting, m_previewing;
};

} // namespace mpo

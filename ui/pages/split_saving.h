// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"
#include "ui/engine_bridge.h"
#include "ui/models/split_data.h"

#include <QObject>

#include <memory>
#include <optional>
#include <vector>

namespace mpo {

class SplitLoader;
class SplitSavePanel;
class SplitWork;

/// What leaves the Split page: the split under a name, its two files, and the command line that does the same. Says
/// what a saving would replace, and can put that back.
class SplitSaving : public QObject
{
    Q_OBJECT
public:
    SplitSaving(EngineBridge& bridge, SplitLoader& loader, SplitWork& work, SplitSavePanel& panel, QObject* parent);

    void show(std::shared_ptr<const SplitData> data, const SplitRule& rule); ///< what would be saved; nullptr: nothing
    void refresh(); ///< reads from the store which splits there are
    const std::vector<SplitRow>& splits() const { return m_splits; }
    QString commandLine() const; ///< does the same as "Save split"

    /// Runs in the background; message() tells the end.
    void exportTo(const QString& easyFile, const QString& hardFile);
    void exportScoresTo(const QString& file); ///< CSV

Q_SIGNALS:
    void message(const QString& sentence);
    void savedChanged();

private:
    SplitPairs command() const; ///< REQUIRES data
    const SplitRow* inTheWay() const; ///< what saving would replace; nullptr: nothing
    void showCommand();
    void showInTheWay();
    void save();
    void undo();
    void askExport();
    void askScores();

    EngineBridge& m_bridge;
    SplitLoader& m_loader;
    SplitWork& m_work;
    SplitSavePanel& m_panel;
    std::shared_ptr<const SplitData> m_data;
    SplitRule m_rule;
    std::vector<SplitRow> m_splits; ///< that are saved
    std::optional<SplitRow> m_replaced; ///< by the last saving, to put back
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"
#include "core/hub/hub_cache.h"
#include "ui/engine_bridge.h"

#include <QWidget>

#include <thread>
#include <vector>

class QLabel;
class QLineEdit;
class QPushButton;
class QTableView;

namespace mpo {

class CachedModelTable;
class EmptyState;
class Notice;
class WorkProgress;

/// The Hugging Face cache of this machine: what is in it, adding that to the project, and downloading more.
class HubPanel : public QWidget
{
    Q_OBJECT
public:
    explicit HubPanel(EngineBridge& bridge, QWidget* parent = nullptr);

    void refresh(); ///< reads the cache anew, away from the UI thread
    /// "ORG/NAME", "ORG/NAME@REVISION" or the address of a model's page -> what to fetch; nothing for anything else.
    static std::optional<DownloadModel> wantedIn(const QString& text);

Q_SIGNALS:
    void message(const QString& sentence);
    void cacheRead(); ///< the table shows what is there now

private:
    void showModels(const std::vector<CachedModel>& models);
    void showState();
    void act(int row);
    void download(const DownloadModel& command);
    void post(Command command, const QString& what);
    void finished(const CommandFinished& event);

    EngineBridge& m_bridge;
    CachedModelTable* m_model = nullptr;
    QTableView* m_table = nullptr;
    EmptyState* m_empty = nullptr;
    QLineEdit* m_name = nullptr;
    QPushButton* m_download = nullptr;
    QWidget* m_work = nullptr; ///< progress and m_cancel
    WorkProgress* m_progress = nullptr;
    QPushButton* m_cancel = nullptr;
    Notice* m_notice = nullptr;
    QLabel* m_place = nullptr;
    std::vector<QPushButton*> m_buttons; ///< of the rows
    QString m_what; ///< that the command in hand does; empty: none of ours runs
    double m_share = -1.0;
    bool m_reading = false, m_again = false; ///< the cache; read it once more when that is done
    std::jthread m_reader; ///< last: it reports to all the rest
};

} // namespace mpo

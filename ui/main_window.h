// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/command.h"
#include "core/engine/event.h"
#include "ui/path_state.h"

#include <QMainWindow>
#include <QTimer>

#include <array>
#include <memory>
#include <optional>

class QStackedWidget;

namespace mpo {

class CheatSheet;
class ClosingDialog;
class DataPage;
class NavigationRail;
class PipelineStrip;
class ResultPage;
class RunBar;
class StartPage;

/// The window of one project: rail, page, bar. Pages do the work; here they are only put together. While a pipeline
/// runs the window follows it from page to page, until the user goes elsewhere.
class MainWindow : public QMainWindow
{
    Q_OBJECT
public:
    explicit MainWindow(std::shared_ptr<Project> project, Engine::Execute execute = {}, QWidget* parent = nullptr);
    ~MainWindow() override;

    void openPage(PageId page); ///< as by a click on the rail
    void importFile(const QString& file); ///< shows on the Data page how it would be read
    std::optional<PageId> currentPage() const; ///< empty: start or result
    Page* page(PageId id) const { return m_pages[std::size_t(id)]; }
    StartPage* startPage() const { return m_start; }
    NavigationRail* rail() const { return m_rail; }
    PipelineStrip* strip() const { return m_strip; }
    EngineBridge& bridge() { return *m_bridge; }

Q_SIGNALS:
    void projectRequested(const QString& folder); ///< another project is wanted, in a window of its own

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    void makePages();
    void makeMenus();
    void connectBridge();
    void showPage(PageId page);
    void showWidget(QWidget* widget);
    void updatePath();
    void followStage(const std::string& stage);
    void startDemo(bool fast);
    void requestProject(const QString& folder);
    void toggleTheme();
    void restoreState();
    void saveState();
    bool isEmptyProject() const;
    void askBeforeClosing();
    void closeAs(int choice); ///< of ClosingDialog
    void finishClosing();

    std::shared_ptr<Project> m_project;
    std::unique_ptr<Selection> m_selection;
    std::unique_ptr<EngineBridge> m_bridge;
    NavigationRail* m_rail = nullptr;
    PipelineStrip* m_strip = nullptr;
    QStackedWidget* m_stack = nullptr;
    RunBar* m_bar = nullptr;
    StartPage* m_start = nullptr;
    ResultPage* m_result = nullptr;
    CheatSheet* m_cheatSheet = nullptr;
    DataPage* m_data = nullptr;
    std::array<Page*, kPages> m_pages {};
    QTimer m_pathTimer;
    std::optional<PageId> m_running;
    std::string m_runningStage;
    bool m_pipeline = false, m_following = false, m_hasResult = false;
    qint64 m_run = 0; ///< that goes on or went on last
    ClosingDialog* m_closing = nullptr; ///< while the user is asked what becomes of what runs
    std::optional<Command> m_background; ///< goes on in a process of its own once it has stopped here
    bool m_closeWhenIdle = false;
    CommandFinished m_outcome; ///< of the last command
};

/// The theme as the user left it; for the start of the program.
void applyStoredTheme();

} // namespace mpo

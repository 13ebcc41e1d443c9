// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/main_window.h"

#include "core/store/project.h"
#include "ui/background_run.h"
#include "ui/cheat_sheet.h"
#include "ui/closing_dialog.h"
#include "ui/format.h"
#include "ui/navigation_rail.h"
#include "ui/pages/data_page.h"
#include "ui/pages/dpo_page.h"
#include "ui/pages/evaluate_page.h"
#include "ui/pages/models_page.h"
#include "ui/pages/result_page.h"
#include "ui/pages/runs_page.h"
#include "ui/pages/split_page.h"
#include "ui/pages/start_page.h"
#include "ui/pages/training_page.h"
#include "ui/pipeline_strip.h"
#include "ui/run_bar.h"
#include "ui/style.h"
#include "ui/view_state.h"
#include "ui/writer_banner.h"

#include <QApplication>
#include <QCloseEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QMenuBar>
#include <QPushButton>
#include <QScreen>
#include <QSettings>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr char kPageKey[] = "window/page";
constexpr char kStateKey[] = "window/state"; ///< JSON: the data set that is chosen, and each page's view state

} // namespace

void applyStoredTheme()
{
    const int stored = QSettings().value(QStringLiteral("theme"), int(Theme::System)).toInt();
    applyStyle(*static_cast<QApplication*>(QApplication::instance()), static_cast<Theme>(std::clamp(stored, 0, 2)));
}

MainWindow::MainWindow(std::shared_ptr<Project> project, Engine::Execute execute, QWidget* parent)
    : QMainWindow(parent)
    , m_project(std::move(project))
    , m_selection(std::make_unique<Selection>(m_project))
    , m_bridge(std::make_unique<EngineBridge>(m_project, std::move(execute)))
{
    const QString name = toQString(m_project->name());
    setWindowTitle(tr("%1 – MPO Studio").arg(name));
    setWindowIcon(QIcon(QStringLiteral(":/icons/app.svg")));
    setMinimumSize(960, 600);

    auto* central = new QWidget;
    auto* columns = new QHBoxLayout(central);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(0);
    m_rail = new NavigationRail;
    m_rail->setProject(name, QString::fromStdString(m_project->folder().string()));
    m_strip = new PipelineStrip;
    m_strip->hide();
    m_stack = new QStackedWidget;
    // Keeps the focus while nothing on the page has it: else the window gives it to the rail when a dialog closes.
    m_stack->setFocusPolicy(Qt::ClickFocus);
    m_bar = new RunBar(*m_bridge);
    auto* rows = new QVBoxLayout;
    rows->setSpacing(0);
    if (m_bridge->readOnly()) {
        auto* banner = new WriterBanner(*m_bridge);
        rows->addWidget(banner);
        connect(banner, &WriterBanner::writingRequested, this,
            [this] { Q_EMIT projectRequested(QString::fromStdString(m_project->folder().string())); });
    }
    rows->addWidget(m_strip);
    rows->addWidget(m_stack, 1);
    auto* upper = new QHBoxLayout;
    upper->setSpacing(0);
    upper->addWidget(m_rail);
    upper->addLayout(rows, 1);
    auto* all = new QVBoxLayout;
    all->setSpacing(0);
    all->addLayout(upper, 1);
    all->addWidget(m_bar);
    columns->addLayout(all);
    setCentralWidget(central);

    makePages();
    makeMenus();
    m_cheatSheet = new CheatSheet(this);
    connectBridge();
    m_pathTimer.setSingleShot(true);
    m_pathTimer.setInterval(100);
    connect(&m_pathTimer, &QTimer::timeout, this, &MainWindow::updatePath);
    updatePath();
    restoreState();
}

MainWindow::~MainWindow()
{
    // Pages refer to bridge and selection: they go first, then the engine stops.
    delete takeCentralWidget();
}

void MainWindow::makePages()
{
    m_data = new DataPage(*m_bridge, *m_selection);
    auto* split = new SplitPage(*m_bridge, *m_selection);
    auto* evaluate = new EvaluatePage(*m_bridge, *m_selection);
    m_pages = {m_data, new TrainingPage(StageKind::Reward, *m_bridge, *m_selection), split,
        new DpoPage(*m_bridge, *m_selection), new TrainingPage(StageKind::Ppo, *m_bridge, *m_selection), evaluate,
        new RunsPage(*m_bridge, *m_selection), new ModelsPage(*m_bridge, *m_selection)};
    for (Page* page : m_pages) {
        m_stack->addWidget(page);
        connect(page, &Page::openPage, this, &MainWindow::openPage);
        connect(page, &Page::message, m_bar, &RunBar::say);
    }
    m_start = new StartPage;
    m_result = new ResultPage;
    m_start->setEnabled(!m_bridge->readOnly());
    m_stack->addWidget(m_start);
    m_stack->addWidget(m_result);

    connect(m_rail, &NavigationRail::chosen, this, &MainWindow::openPage);
    // A control that is disabled or hidden while it has the focus hands it on, and the rail would be next.
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget* before, QWidget* now) {
        if (before && now && m_stack->isAncestorOf(before) && m_rail->isAncestorOf(now)
            && (!before->isEnabled() || !before->isVisible()))
            m_stack->setFocus();
    });
    connect(m_start, &StartPage::demoChosen, this, [this] { startDemo(true); });
    connect(m_start, &StartPage::openChosen, this, [this] {
        openPage(PageId::Data);
        m_data->chooseFile();
    });
    connect(m_start, &StartPage::fileDropped, this, &MainWindow::importFile);
    connect(m_result, &ResultPage::runsRequested, this, [this] { openPage(PageId::Runs); });
    connect(m_strip, &PipelineStrip::followRequested, this, [this] {
        m_following = true;
        m_strip->setFollowing(true);
        followStage(m_runningStage);
    });
    connect(m_strip, &PipelineStrip::resultRequested, this, [this] {
        m_rail->setCurrent({});
        showWidget(m_result);
    });
    connect(m_strip, &PipelineStrip::closed, m_strip, &QWidget::hide);
}

void MainWindow::importFile(const QString& file)
{
    openPage(PageId::Data);
    m_data->importFile(file);
}

void MainWindow::makeMenus()
{
    QMenu* file = menuBar()->addMenu(tr("&Project"));
    file->addAction(tr("&New project…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_N), this, [this] {
        QString folder = QFileDialog::getSaveFileName(this, tr("New project"), tr("my-project.mpo"),
            tr("MPO project (*.mpo)"), nullptr, QFileDialog::DontConfirmOverwrite);
        if (folder.isEmpty())
            return;
        if (!folder.endsWith(QLatin1String(".mpo")))
            folder += QStringLiteral(".mpo");
        requestProject(folder);
    });
    file->addAction(tr("&Open project…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O), this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a project folder (NAME.mpo)"));
        if (!folder.isEmpty())
            requestProject(folder);
    });
    file->addSeparator();
    file->addAction(tr("&Import data…"), QKeySequence::Open, this, [this] {
        openPage(PageId::Data);
        m_data->chooseFile();
    });
    file->addAction(tr("Run the &demo"), this, [this] { startDemo(true); });
    file->addAction(tr("Run the &long demo"), this, [this] { startDemo(false); });
    file->addSeparator();
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);

    QMenu* view = menuBar()->addMenu(tr("&View"));
    for (int i = 0; i < kPages; ++i) {
        const auto id = static_cast<PageId>(i);
        // The rail's buttons own the shortcuts; the menu only names them.
        view->addAction(
            QStringLiteral("%1\tCtrl+%2").arg(pageTitle(id)).arg(i + 1), this, [this, id] { openPage(id); });
    }
    view->addSeparator();
    view->addAction(tr("Light or &dark"), QKeySequence(Qt::CTRL | Qt::Key_T), this, &MainWindow::toggleTheme);
    view->addAction(tr("&As the system"), this, [] {
        QSettings().setValue(QStringLiteral("theme"), int(Theme::System));
        applyStoredTheme();
    });
    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(tr("&Keys"), QKeySequence::HelpContents, this, [this] { m_cheatSheet->toggle(); });
}

void MainWindow::connectBridge()
{
    EngineBridge* bridge = m_bridge.get();
    const auto changed = [this] { m_pathTimer.start(); };
    connect(bridge, &EngineBridge::runStarted, this, [this](const RunStarted& event) {
        m_run = event.run;
        m_running = pageOfStage(event.stage);
        m_runningStage = event.stage;
        if (m_pipeline && m_following)
            followStage(event.stage);
        updatePath();
    });
    connect(bridge, &EngineBridge::runEnded, this, [this, changed] {
        m_running.reset();
        changed();
    });
    connect(bridge, &EngineBridge::datasetImported, this, changed);
    connect(bridge, &EngineBridge::modelSaved, this, changed);
    connect(bridge, &EngineBridge::splitSaved, this, changed);
    connect(bridge, &EngineBridge::evaluationCreated, this, changed);
    connect(bridge, &EngineBridge::pipelineStep, this, [this](const PipelineStep& event) {
        if (!std::exchange(m_pipeline, true)) {
            m_following = true;
            m_strip->setFollowing(true);
        }
        if (m_stack->currentWidget() == m_start)
            showPage(PageId::Data);
        m_strip->showStep(event);

        m_pathTimer.start();
    });
    connect(bridge, &EngineBridge::reportWritten, this, [this](const ReportWritten& event) {
        m_hasResult = true;
        m_result->showReport(event);
    });
    connect(bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        m_running.reset();
        m_outcome = event;
        updatePath();
        const bool succeeded = event.outcome == CommandFinished::Outcome::Succeeded;
        if (std::exchange(m_pipeline, false)) {
            m_strip->finish(succeeded ? tr("Finished. All models, runs and the report are in the project.")
                    : event.outcome == CommandFinished::Outcome::Cancelled ? tr("Stopped. What was finished is kept.")
                                                                           : toQString(event.message),
                succeeded && m_hasResult);
            if (succeeded && m_hasResult && m_following) {
                m_rail->setCurrent({});
                showWidget(m_result);
            }
            m_following = false;
        }
        if (const auto current = currentPage())
            page(*current)->refresh();
    });
    connect(bridge, &EngineBridge::storeChanged, this, [this] {
        updatePath();
        if (const auto current = currentPage())
            page(*current)->refresh();
    });
    connect(bridge, &EngineBridge::busyChanged, this, [this](bool busy) {
        if (busy) {
            m_run = 0;
            updatePath();
        } else if (m_closeWhenIdle) {
            finishClosing();
        }
    });
}

bool MainWindow::isEmptyProject() const
{
    return m_project->datasets().empty() && m_project->models().empty() && m_project->runs().empty();
}

void MainWindow::restoreState()
{
    const QByteArray geometry = QSettings().value(QStringLiteral("geometry")).toByteArray();
    if (geometry.isEmpty() || !restoreGeometry(geometry)) {
        constexpr QSize kFrame(2, 40); // what window managers put around
        resize(QSize(1280, 760).boundedTo(screen()->availableSize() - kFrame));
    }
    if (isEmptyProject()) {
        m_rail->setCurrent({});
        showWidget(m_start);
        return;
    }
    const QJsonObject state
        = QJsonDocument::fromJson(QByteArray::fromStdString(m_project->value(kStateKey).value_or(""))).object();
    if (const QString dataset = state[QStringLiteral("dataset")].toString(); m_project->dataset(dataset.toStdString()))
        m_selection->setDataset(dataset);
    for (int i = 0; i < kPages; ++i)
        restoreViewState(*m_pages[std::size_t(i)], state[toQString(pageName(static_cast<PageId>(i)))].toObject());
    PageId id = PageId::Data;
    const std::string stored = m_project->value(kPageKey).value_or("");
    for (int i = 0; i < kPages; ++i)
        if (pageName(static_cast<PageId>(i)) == stored)
            id = static_cast<PageId>(i);
    showPage(id);
}

void MainWindow::saveState()
{
    QSettings().setValue(QStringLiteral("geometry"), saveGeometry());
    if (m_project->access() != Project::Access::ReadWrite)
        return;
    if (const auto current = currentPage())
        m_project->setValue(kPageKey, std::string(pageName(*current)));
    QJsonObject state {{QStringLiteral("dataset"), m_selection->dataset()}};
    for (int i = 0; i < kPages; ++i)
        state[toQString(pageName(static_cast<PageId>(i)))] = viewState(*m_pages[std::size_t(i)]);
    m_project->setValue(kStateKey, QJsonDocument(state).toJson(QJsonDocument::Compact).toStdString());
}

void MainWindow::openPage(PageId page)
{
    if (m_pipeline && m_following && m_running != page) {
        m_following = false;
        m_strip->setFollowing(false);
    }
    showPage(page);
}

void MainWindow::showWidget(QWidget* widget)
{
    // The focus of a page that goes would jump to some button; on the rail it stays for the arrow and tab keys.
    const bool onRail = focusWidget() && m_rail->isAncestorOf(focusWidget());
    m_stack->setCurrentWidget(widget);
    m_strip->setResultShown(widget == m_result);
    if (onRail)
        return;
    QWidget* first = widget->focusProxy(); // where a page wants its keys
    (first ? first : m_stack)->setFocus();
}

void MainWindow::showPage(PageId id)
{
    m_rail->setCurrent(id);
    page(id)->refresh();
    showWidget(page(id));
}

std::optional<PageId> MainWindow::currentPage() const
{
    for (int i = 0; i < kPages; ++i)
        if (m_stack->currentWidget() == m_pages[std::size_t(i)])
            return static_cast<PageId>(i);
    return {};
}

void MainWindow::followStage(const std::string& stage)
{
    const PageId id = pageOfStage(stage);
    if (id == PageId::Dpo)
        static_cast<DpoPage*>(page(id))->showStage(stage);
    showPage(id);
}

void MainWindow::updatePath()
{
    std::optional<PageId> running = m_running;
    // Before its run begins a stage loads models and tokenizes, and after it the model is saved.
    if (const Command* command = m_bridge->current(); command && !running)
        if (const auto* train = std::get_if<TrainStage>(command))
            running = pageOfStage(stageName(train->stage));
    m_rail->setPath(pathState(*m_project), running);
}

void MainWindow::startDemo(bool fast)
{
    if (m_bridge->busy()) {
        m_bar->say(tr("Something is running already."));
        return;
    }
    RunDemo demo;
    demo.fast = fast;
    m_bridge->post(demo);
}

void MainWindow::requestProject(const QString& folder)
{
    if (m_bridge->busy())
        m_bar->say(tr("Something is running; stop it before you open another project."));
    else if (QFileInfo(folder) != QFileInfo(QString::fromStdString(m_project->folder().string())))
        Q_EMIT projectRequested(folder);
}

void MainWindow::toggleTheme()
{
    QSettings().setValue(QStringLiteral("theme"), int(colours().dark ? Theme::Light : Theme::Dark));
    applyStoredTheme();
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (m_bridge->busy() && !m_bridge->readOnly()) {
        event->ignore();
        if (!m_closing)
            askBeforeClosing();
        return;
    }
    saveState();
    event->accept();
}

void MainWindow::askBeforeClosing()
{
    const Command* command = m_bridge->current();
    const bool pipeline = command
        && (std::get_if<RunDemo>(command) || std::get_if<RunRecipe>(command) || std::get_if<RunExperiment>(command));
    ClosingDialog::Offer offer;
    offer.what = m_bar->state();
    offer.resumable = pipeline || (command && std::get_if<TrainStage>(command));
    offer.background = offer.resumable && m_bridge->commands() == 1 && canRunInBackground(*command);
    m_closing = new ClosingDialog(offer, this);
    m_closing->setAttribute(Qt::WA_DeleteOnClose);
    m_closing->setWindowModality(Qt::WindowModal);
    connect(m_closing, &ClosingDialog::chosen, this, [this](ClosingDialog::Choice choice) { closeAs(int(choice)); });
    connect(m_closing, &QObject::destroyed, this, [this] { m_closing = nullptr; });
    // It may end while the question is open.
    connect(m_bridge.get(), &EngineBridge::busyChanged, m_closing, [this](bool busy) {
        if (!busy && !m_closeWhenIdle)
            m_closing->close();
    });
    m_closing->show();
}

void MainWindow::closeAs(int choice)
{
    const auto chosen = ClosingDialog::Choice(choice);
    m_closeWhenIdle = true;
    if (chosen == ClosingDialog::Choice::Background && m_bridge->current())
        m_background = *m_bridge->current();
    m_closing->wait(chosen == ClosingDialog::Choice::Background
            ? tr("Handing it over to a program in the background: it stops here at its next step, with a checkpoint…")
            : tr("Stopping at the next step; the window closes then…"));
    m_bridge->cancel(chosen == ClosingDialog::Choice::Stop ? OnStop::Keep : OnStop::Pause);
}

/// What ran has stopped.
void MainWindow::finishClosing()
{
    m_closeWhenIdle = false;
    const auto command = std::exchange(m_background, std::nullopt);
    // It may have ended by itself before it heard of the stop.
    QString problem = m_outcome.outcome == CommandFinished::Outcome::Failed ? toQString(m_outcome.message) : QString();
    if (command && m_outcome.outcome == CommandFinished::Outcome::Cancelled) {
        // A training logs to its own folder; a pipeline has many.
        const bool single = std::get_if<TrainStage>(&*command) && m_run != 0;
        const std::filesystem::path folder = single ? m_project->runFolder(m_run) : m_project->folder() / "runs";
        problem = startInBackground(*command, m_project->folder(), folder / "background.log");
    }
    if (m_closing)
        m_closing->done(0);
    if (problem.isEmpty())
        close();
    else
        m_bar->say(problem);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/screenshots.h"

#include "core/engine/evaluation_report.h"
#include "core/runs/run_import.h"
#include "core/store/project.h"
#include "core/support/error.h"
#include "ui/main_window.h"
#include "ui/pages/answer_score_panel.h"
#include "ui/pages/chat_panel.h"
#include "ui/pages/evaluate_judging.h"
#include "ui/pages/evaluate_page.h"
#include "ui/pages/runs_page.h"
#include "ui/style.h"

#include <QAbstractItemModel>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QTimer>

#include <functional>
#include <map>
#include <memory>
#include <set>

namespace fs = std::filesystem;

namespace {

using mpo::MainWindow;
using mpo::PageId;

constexpr int kSettleMilliseconds = 350;
constexpr int kLongestMilliseconds = 1'800'000; ///< for a command

QString textOf(std::string_view text) { return QString::fromUtf8(text.data(), qsizetype(text.size())); }

class Photographer
{
public:
    Photographer(QApplication& application, const ScreenshotOptions& options)
        : m_application(application)
        , m_options(options)
    {
        if (!QDir().mkpath(options.folder))
            mpo::fail("{}: the folder cannot be made", options.folder.toStdString());
        m_tick.start(20); // events that processEvents waits for
    }

    void open(const fs::path& folder)
    {
        m_window = std::make_unique<MainWindow>(mpo::Project::open(folder));
        if (!m_options.size.isEmpty())
            m_window->resize(m_options.size);
        m_window->show();
    }

    MainWindow& window() const { return *m_window; }
    mpo::Project& project() const { return m_window->bridge().project(); }
    void close() { m_window.reset(); }

    /// Lets events, timers and charts come to rest.
    static void settle(int milliseconds = kSettleMilliseconds)
    {
        waitFor([] { return false; }, milliseconds);
    }

    static bool waitFor(const std::function<bool()>& condition, int milliseconds = kLongestMilliseconds)
    {
        QElapsedTimer timer;
        timer.start();
        while (!condition() && timer.elapsed() < milliseconds)
            QApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
        return condition();
    }

    void shoot(const QString& name)
    {
        for (const auto& [theme, suffix] :
            {std::pair {mpo::Theme::Light, "light"}, std::pair {mpo::Theme::Dark, "dark"}}) {
            mpo::applyStyle(m_application, theme);
            settle();
            const QString file = QStringLiteral("%1/%2-%3.png").arg(m_options.folder, name, QLatin1String(suffix));
            if (!m_window->grab().save(file))
                mpo::fail("{}: the picture cannot be written", file.toStdString());
        }
        mpo::applyStyle(m_application, mpo::Theme::Light);
    }

    /// The page as it opens and each of its tabs; `state`: behind the name of the page.
    void shootPage(PageId id, const QString& state = {})
    {
        m_window->openPage(id);
        settle();
        const QString name = textOf(mpo::pageName(id)) + state;
        shoot(name);
        for (QTabWidget* tabs : m_window->page(id)->findChildren<QTabWidget*>()) {
            if (!tabs->isVisible())
                continue;
            for (int tab = 1; tab < tabs->count(); ++tab) {
                tabs->setCurrentIndex(tab);
                shoot(QStringLiteral("%1-%2").arg(name, wordOf(tabs->tabText(tab))));
            }
            tabs->setCurrentIndex(0);
        }
    }

    void shootAllPages(const QString& state = {})
    {
        for (int i = 0; i < mpo::kPages; ++i)
            shootPage(static_cast<PageId>(i), state);
    }

    void run(const mpo::Command& command)
    {
        std::optional<mpo::CommandFinished> finished;
        const auto connection = QObject::connect(&m_window->bridge(), &mpo::EngineBridge::commandFinished,
            m_window.get(), [&](const mpo::CommandFinished& event) { finished = event; });
        m_window->bridge().post(command);
        const bool ended = waitFor([&] { return finished.has_value() && !m_window->bridge().busy(); });
        QObject::disconnect(connection);
        if (!ended)
            mpo::fail("A command did not end within {} s", kLongestMilliseconds / 1000);
        if (finished->outcome != mpo::CommandFinished::Outcome::Succeeded)
            mpo::fail("{}", finished->message);
    }

    template<class T>
    T* find(const QWidget* where, const char* name) const
    {
        return where->findChild<T*>(QLatin1String(name));
    }

    /// The editor or list with this name for screen readers.
    template<class T>
    static T* named(const QWidget* where, const QString& name)
    {
        for (T* widget : where->findChildren<T*>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }

private:
    /// "Import report" -> "import-report"
    static QString wordOf(const QString& title)
    {
        QString word;
        for (const QChar c : title.toLower())
            word += c.isLetterOrNumber() ? c : QLatin1Char('-');
        return word;
    }

    QApplication& m_application;
    const ScreenshotOptions& m_options;
    std::unique_ptr<MainWindow> m_window;
    QTimer m_tick;
};

/// The demo, photographed once in each stage that trains.
void runDemo(Photographer& camera)
{
    std::set<std::string> seen;
    std::vector<std::string> wanted;
    MainWindow& window = camera.window();
    std::map<std::int64_t, std::string> stages;
    const auto started = QObject::connect(&window.bridge(), &mpo::EngineBridge::runStarted, &window,
        [&](const mpo::RunStarted& event) { stages[event.run] = event.stage; });
    const auto logged = QObject::connect(&window.bridge(), &mpo::EngineBridge::metricsLogged, &window,
        [&](const std::vector<mpo::MetricsLogged>& batch) {
            const mpo::MetricsLogged& last = batch.back();
            const std::string& stage = stages[last.run];
            if (3 * last.step > last.totalSteps && seen.insert(stage).second)
                wanted.push_back(stage);
        });
    std::optional<mpo::CommandFinished> finished;
    const auto ended = QObject::connect(&window.bridge(), &mpo::EngineBridge::commandFinished, &window,
        [&](const mpo::CommandFinished& event) { finished = event; });
    mpo::RunDemo demo;
    demo.fast = true;
    window.bridge().post(demo);
    QElapsedTimer timer;
    timer.start();
    while (!finished && timer.elapsed() < kLongestMilliseconds) {
        Photographer::waitFor([&] { return finished.has_value() || !wanted.empty(); }, 1000);
        if (wanted.empty())
            continue;
        const std::string stage = wanted.front();
        wanted.erase(wanted.begin());
        window.openPage(mpo::pageOfStage(stage));
        camera.shoot(QStringLiteral("%1-running").arg(textOf(stage)));
    }
    for (const auto& connection : {started, logged, ended})
        QObject::disconnect(connection);
    if (!finished || finished->outcome != mpo::CommandFinished::Outcome::Succeeded)
        mpo::fail("The demo did not end well: {}", finished ? finished->message : "it took too long");
    camera.settle();
    camera.shoot(QStringLiteral("demo-finished"));
}

void shootData(Photographer& camera)
{
    camera.shootPage(PageId::Data);
    mpo::Page* page = camera.window().page(PageId::Data);
    auto* tabs = page->findChild<QTabWidget*>();
    if (auto* showAs = Photographer::named<QWidget>(page, QStringLiteral("Show pairs as"))) {
        auto* combo = showAs->findChild<QComboBox*>();
        if (combo && combo->count() > 1) {
            combo->setCurrentIndex(1);
            camera.shoot(QStringLiteral("data-tokens"));
            combo->setCurrentIndex(0);
        }
    }
    if (auto* check = camera.find<QPushButton>(page, "check"); check && tabs->isVisible()) {
        tabs->setCurrentIndex(1);
        for (const char* picker : {"Count lengths in", "Look for its prompts in"})
            if (auto* widget = Photographer::named<QWidget>(page, QLatin1String(picker)))
                if (auto* combo = widget->findChild<QComboBox*>(); combo && combo->count() > 1)
                    combo->setCurrentIndex(1);
        check->click();
        Photographer::waitFor([&] { return check->text() == QStringLiteral("Check"); }, 60'000);
        camera.shoot(QStringLiteral("data-checked"));
        tabs->setCurrentIndex(0);
    }
    if (const auto datasets = camera.project().datasets(); !datasets.empty()) {
        const QTemporaryDir temporary;
        mpo::ExportDataset command;
        command.data = datasets.front().name;
        command.file = temporary.filePath(QStringLiteral("pairs.jsonl")).toStdString();
        camera.run(command);
        camera.window().importFile(temporary.filePath(QStringLiteral("pairs.jsonl")));
        camera.shoot(QStringLiteral("data-import"));
        camera.find<QPushButton>(page, "cancelImport")->click();
    }
}

/// With pairs flipped and dropped, divided bars, and another scoring to compare with.
void shootSplit(Photographer& camera)
{
    camera.shootPage(PageId::Split);
    mpo::Page* page = camera.window().page(PageId::Split);
    auto* table = camera.find<QTableView>(page, "examples");
    if (!table->isVisible() || table->model()->rowCount() < 8)
        return;
    const auto choose = [](QComboBox* combo, int index) {
        combo->setCurrentIndex(index);
        Q_EMIT combo->activated(index);
    };
    auto* tabs = page->findChild<QTabWidget*>();
    auto* divide = camera.find<QComboBox>(page, "stackBy");
    Photographer::waitFor([&] { return divide->count() > 1; }, 10'000);
    for (const auto& [row, button] :
        {std::pair(2, "flipPairs"), std::pair(5, "dropPairs"), std::pair(3, "flipPairs")}) {
        table->selectRow(row);
        camera.find<QPushButton>(page, button)->click();
    }
    choose(divide, divide->count() - 1);
    camera.shoot(QStringLiteral("split-edited"));
    tabs->setCurrentIndex(1);
    choose(divide, 1);
    camera.shoot(QStringLiteral("split-edits"));
    auto* second = camera.find<QComboBox>(page, "secondScores");
    if (second->count() < 2) {
        const mpo::ScoreSetRow row = camera.project().scoreSets().back();
        std::vector<mpo::PairScore> scores = camera.project().loadScores(row.name);
        for (std::size_t i = 0; i < scores.size(); ++i) // another opinion, by rule
            scores[i].chosen = 0.7 * scores[i].chosen + 0.4 * double(i % 7) - 1.0;
        camera.project().addScoreSet({0, "second opinion", row.dataset, "second", true, row.pairs, {}}, scores);
        page->refresh();
    }
    tabs->setCurrentIndex(tabs->count() - 1);
    choose(second, 1);
    camera.settle();
    camera.shoot(QStringLiteral("split-compared"));
    camera.find<QPushButton>(page, "listDisagreeing")->click();
    choose(divide, 0);
    camera.shoot(QStringLiteral("split-disagreeing"));
}

void shootEvaluate(Photographer& camera)
{
    auto* page = static_cast<mpo::EvaluatePage*>(camera.window().page(PageId::Evaluate));
    std::vector<std::string> policies;
    for (const mpo::ModelRow& model : camera.project().models())
        if (model.kind != "reward")
            policies.push_back(model.name);
    const auto datasets = camera.project().datasets();
    if (policies.size() >= 2 && !datasets.empty()) {
        mpo::CreateEvaluation command;
        command.sources = {policies.front(), policies.back()};
        command.data = datasets.front().name;
        command.name = "first against last";
        command.prompts = 8;
        command.maxNewTokens = 24;
        command.annotators = 2;
        command.repeats = 2;
        command.criteria = {"helpful", "harmless"};
        command.strength = true;
        camera.run(command);
    }
    camera.shootPage(PageId::Evaluate);
    if (auto* judge = camera.find<QPushButton>(page, "judgeByModel"); judge && judge->isVisible()) {
        judge->click();
        for (const int kind : {0, 1, 2}) {
            camera.find<QComboBox>(page, "judgeKind")->setCurrentIndex(kind);
            camera.shoot(QStringLiteral("evaluate-judge-%1").arg(kind));
        }
        camera.find<QPushButton>(page, "closeJudge")->click();
    }
    if (auto* make = camera.find<QPushButton>(page, "newSession"); make && make->isVisible()) {
        make->click();
        camera.shoot(QStringLiteral("evaluate-new"));
        camera.find<QPushButton>(page, "cancelNewEvaluation")->click();
    }
    const auto evaluations = camera.project().evaluations();
    if (evaluations.empty())
        return;
    const std::int64_t session = evaluations.back().id;
    page->openSession(session);
    if (!evaluations.back().closed) {
        camera.shoot(QStringLiteral("evaluate-who"));
        page->judging()->begin(QStringLiteral("Anna"));
        for (const Qt::Key key : {Qt::Key_Q, Qt::Key_5, Qt::Key_F}) {
            QKeyEvent press(QEvent::KeyPress, key, Qt::NoModifier);
            QApplication::sendEvent(page->judging(), &press);
        }
        camera.shoot(QStringLiteral("evaluate-judging"));
        const mpo::Verdict verdicts[] {mpo::Verdict::Left, mpo::Verdict::Right, mpo::Verdict::Left, mpo::Verdict::Tie};
        mpo::joinAnnotator(camera.project(), evaluations.back(), "Ben");
        for (const std::string name : {"Anna", "Ben"})
            for (const mpo::EvaluationItemRow& item : camera.project().evaluationItems(session, name))
                if (!item.verdict)
                    camera.project().judge(session, item.number,
                        {verdicts[item.number % 4], item.number == 3 ? "The prompt makes no sense" : "", 6.0,
                            item.number == 3,
                            {{"harmless", mpo::Verdict::Tie}, {"helpful", verdicts[(item.number + 1) % 4]}},
                            item.number % 4 == 3 ? std::nullopt : std::optional(double(item.number % 3 + 1))},
                        name);
        page->judging()->begin(QStringLiteral("Anna"));
        camera.shoot(QStringLiteral("evaluate-done"));
        camera.project().closeEvaluation(session);
        page->openSession(session);
    }
    camera.shoot(QStringLiteral("evaluate-result"));
    auto* tabs = camera.find<QTabWidget>(page, "resultTabs");
    for (int tab = 1; tab < tabs->count(); ++tab)
        if (tabs->isTabVisible(tab)) {
            tabs->setCurrentIndex(tab);
            camera.shoot(QStringLiteral("evaluate-result-%1").arg(tab));
        }
    tabs->setCurrentIndex(2);
    camera.find<QComboBox>(page, "verdictFilter")->setCurrentIndex(1);
    camera.shoot(QStringLiteral("evaluate-result-queue"));
    tabs->setCurrentIndex(0);
}

void shootRuns(Photographer& camera)
{
    mpo::Project& project = camera.project();
    const std::vector<mpo::RunRow> runs = project.runs();
    auto* page = static_cast<mpo::RunsPage*>(camera.window().page(PageId::Runs));
    auto* table = camera.find<QTableView>(page, "runs");
    if (!runs.empty()) { // words of a user, and a run of another program
        project.setRunTags(runs.front().id, {"final", "to show"});
        project.setRunNote(
            runs.front().id, "The whole method: DPO on the easy pairs, then PPO on the prompts of the hard ones.");
        project.setRunTags(runs.back().id, {"baseline"});
        const QTemporaryDir temporary;
        for (const mpo::RunRow& run : runs)
            if (run.stage == "dpo") {
                mpo::exportRuns(project, {run.id}, mpo::RunFormat::TensorBoard, temporary.path().toStdString());
                mpo::importRun(project, mpo::findRuns(temporary.path().toStdString()).runs.front());
                break;
            }
    }
    camera.shootPage(PageId::Runs);
    const auto choose = [&](const QStringList& stages) {
        table->clearSelection();
        for (int row = 0; row < table->model()->rowCount(); ++row)
            if (stages.contains(table->model()->index(row, 1).data().toString()))
                table->selectionModel()->select(
                    table->model()->index(row, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
    };
    auto* tabs = page->findChild<QTabWidget*>();
    choose({QStringLiteral("dpo"), QStringLiteral("import")});
    camera.shoot(QStringLiteral("runs-compared"));
    tabs->setCurrentIndex(1);
    camera.shoot(QStringLiteral("runs-compared-settings"));
    tabs->setCurrentIndex(2);
    choose({QStringLiteral("ppo")});
    camera.shoot(QStringLiteral("runs-ppo-lineage"));
    tabs->setCurrentIndex(0);
    choose({QStringLiteral("import")});
    page->deleteChosen();
    camera.shoot(QStringLiteral("runs-deleted"));
    page->undoDelete();
}

void shootModels(Photographer& camera)
{
    camera.shootPage(PageId::Models);
    mpo::Page* page = camera.window().page(PageId::Models);
    auto* tabs = page->findChild<QTabWidget*>();
    auto* chat = page->findChild<mpo::ChatPanel*>();
    tabs->setCurrentWidget(chat);
    auto* input = Photographer::named<QPlainTextEdit>(chat, QStringLiteral("Message"));
    for (const char* picker : {"Second model", "Reward model for the answers"})
        if (auto* combo = Photographer::named<QWidget>(chat, QLatin1String(picker))->findChild<QComboBox*>();
            combo->count() > 1)
            combo->setCurrentIndex(combo->count() - 1);
    if (input->isEnabled()) {
        for (const char* text : {"How do I bake bread?", "Tell me more about it."}) {
            input->setPlainText(QString::fromLatin1(text));
            chat->send();
            Photographer::waitFor([&] { return !camera.window().bridge().busy(); }, 120'000);
        }
        camera.shoot(QStringLiteral("models-chat-answered"));
    }
    auto* scores = page->findChild<mpo::AnswerScorePanel*>();
    tabs->setCurrentWidget(scores);
    const auto edits = scores->findChildren<QPlainTextEdit*>();
    edits[0]->setPlainText(QStringLiteral("How do I bake bread?"));
    edits[1]->setPlainText(QStringLiteral("Please take flour, water and salt, and let the dough rest for an hour."));
    edits[2]->setPlainText(QStringLiteral("bread bread bread bread"));
    scores->score();
    Photographer::waitFor([&] { return !camera.window().bridge().busy(); }, 120'000);
    camera.shoot(QStringLiteral("models-scored"));
    tabs->setCurrentIndex(0);
}

} // namespace

void takeScreenshots(QApplication& application, const ScreenshotOptions& options)
{
    QSettings::setDefaultFormat(QSettings::IniFormat); // the user's own window is left alone
    const QTemporaryDir temporary;
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, temporary.path());
    const fs::path folder = fs::path(temporary.path().toStdString()) / "demo.mpo";
    Photographer camera(application, options);
    if (options.project) {
        if (!mpo::Project::isProject(*options.project))
            mpo::fail("{}: is not a project of MPO Studio", options.project->string());
        std::error_code error;
        fs::copy(*options.project, folder, fs::copy_options::recursive, error);
        if (error)
            mpo::fail("{}: cannot be copied to be shown ({})", options.project->string(), error.message());
        fs::remove(folder / "project.lock", error);
        camera.open(folder);
    } else {
        camera.open(folder);
        if (!camera.window().currentPage())
            camera.shoot(QStringLiteral("start"));
        camera.shootAllPages(QStringLiteral("-empty"));
        runDemo(camera);
    }
    shootData(camera);
    camera.shootPage(PageId::RewardModel);
    shootSplit(camera);
    for (const PageId page : {PageId::Dpo, PageId::Ppo})
        camera.shootPage(page);
    shootEvaluate(camera);
    shootRuns(camera);
    shootModels(camera);
    QMetaObject::invokeMethod(&camera.window(), [&] {
        for (QAction* action : camera.window().findChildren<QAction*>())
            if (action->shortcut() == QKeySequence(QKeySequence::HelpContents))
                action->trigger();
    });
    camera.shoot(QStringLiteral("keys"));
    camera.close();
}

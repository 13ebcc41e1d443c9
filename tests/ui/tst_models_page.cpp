// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/error.h"
#include "tests/ui/ui_test.h"
#include "ui/charts/lineage_view.h"
#include "ui/models/cached_model_table.h"
#include "ui/notice.h"
#include "ui/pages/answer_score_panel.h"
#include "ui/pages/chat_panel.h"
#include "ui/pages/hub_panel.h"
#include "ui/pages/model_card.h"
#include "ui/pages/models_page.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

namespace {

const std::string kCommit(40, 'a');

/// A cache with a model that can be used, one of another family, and one that is not complete.
struct CacheFixture : UiFixture
{
    fs::path cache = fs::path(folder.path().toStdString()) / "hub";

    CacheFixture()
    {
        qputenv("HF_HUB_CACHE", QByteArray::fromStdString(cache.string()));
        add("org/whole", "llama", true);
        add("org/strange", "strange", true);
        add("org/part", "llama", false);
    }
    fs::path snapshot(const std::string& repository) const
    {
        std::string name = "models--" + repository;
        name.replace(name.find('/'), 1, "--");
        return cache / name / "snapshots" / kCommit;
    }
    void add(const std::string& repository, const std::string& family, bool weights) const
    {
        fs::create_directories(snapshot(repository));
        std::ofstream(snapshot(repository) / "config.json") << "{\"model_type\": \"" << family << "\"}";
        if (weights)
            std::ofstream(snapshot(repository) / "model.safetensors") << std::string(1000, 'w');
    }
};

/// The panel on the page, with the cache read.
HubPanel* shownPanel(ModelsPage& page)
{
    auto* panel = page.findChild<HubPanel*>();
    QSignalSpy read(panel, &HubPanel::cacheRead);
    page.resize(1000, 640);
    page.show();
    page.findChild<QTabWidget*>()->setCurrentWidget(panel);
    [[maybe_unused]] const bool done = read.wait(10000);
    return panel;
}

QPushButton* buttonIn(const HubPanel& panel, int row)
{
    const auto* table = panel.findChild<QTableView*>();
    return qobject_cast<QPushButton*>(table->indexWidget(table->model()->index(row, CachedModelTable::Action)));
}

} // namespace

class TestModelsPage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void cardTellsWhatAModelIs()
    {
        UiFixture fixture;
        fixture.addModel("base", "policy");
        std::filesystem::create_directories(fixture.project->folder() / "models");
        std::filesystem::copy(MPO_FIXTURES "/parity/models/llama", fixture.project->folder() / "models" / "base");
        const std::int64_t run
            = fixture.project->beginRun("dpo", "child", {{"model", "base"}, {"data", "gone"}}, {"base"});
        fixture.project->endRun(run, RunState::Finished, "");
        ModelRow child;
        child.name = "child";
        child.folder = "models/nowhere";
        child.kind = "policy";
        child.family = "llama";
        child.run = run;
        child.parent = "base";
        fixture.project->addModel(child);
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        page.resize(1100, 680);
        page.show();
        page.refresh();
        auto* card = page.findChild<ModelCard*>();
        const auto fact = [&](const char* name) {
            for (const QLabel* label : card->findChildren<QLabel*>())
                if (label->accessibleName() == QLatin1String(name))
                    return label->text();
            return QString();
        };
        const auto says = [&](const QString& text) {
            const auto labels = card->findChildren<QLabel*>();
            return std::any_of(labels.begin(), labels.end(),
                [&](const QLabel* label) { return label->isVisible() && label->text().contains(text); });
        };
        QTRY_COMPARE(fact("Layers"), QStringLiteral("–")); // its folder is not there
        QTRY_VERIFY(says(QStringLiteral("nowhere")));
        QCOMPARE(fact("Made by"), QStringLiteral("run %1").arg(run));
        QVERIFY(says(QStringLiteral("Not used yet.")));
        const auto tables = page.findChildren<QTableView*>();
        auto* table = *std::find_if(tables.begin(), tables.end(),
            [](const QTableView* view) { return view->accessibleName() == QLatin1String("Models"); });
        for (int row = 0; row < table->model()->rowCount(); ++row)
            if (table->model()->index(row, 0).data().toString() == QLatin1String("base"))
                table->selectRow(row);
        QTRY_VERIFY(says(QStringLiteral("base")));
        QTRY_COMPARE(fact("Vocabulary"), QStringLiteral("80"));
        QVERIFY(says(QStringLiteral("child in run %1, as its model").arg(run)));
        QVERIFY(!fact("On disk").isEmpty());
        auto* lineage = card->findChild<LineageView*>();
        const auto& nodes = lineage->lineage().nodes;
        const auto place = int(std::find_if(nodes.begin(), nodes.end(), [](const auto& node) {
            return node.name == "child";
        }) - nodes.begin());
        QTest::mouseClick(lineage, Qt::LeftButton, Qt::NoModifier, lineage->cardOf(place).center());
        QCOMPARE(table->currentIndex().row(), 0);
    }

    void chatWithTwoModels()
    {
        UiFixture fixture;
        fixture.addModel("left", "policy");
        fixture.addModel("right", "policy");
        fixture.addModel("judge", "reward");
        std::vector<ChatTurn> asked;
        fixture.work = [&](const Command& command, const EventSink& sink, std::stop_token) {
            asked.push_back(std::get<ChatTurn>(command));
            if (asked.size() == 3)
                throw Error("the model has vanished");
            for (std::size_t side = 0; side < asked.back().sides.size(); ++side) {
                ChatAnswered answer;
                answer.side = side;
                answer.text = side == 0 ? "I say <b>this</b>" : "and I that";
                answer.tokens = 5;
                answer.finished = true;
                answer.score = 0.25;
                sink(answer);
            }
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        page.resize(1100, 680);
        page.show();
        page.refresh();
        auto* chat = page.findChild<ChatPanel*>();
        page.findChild<QTabWidget*>()->setCurrentWidget(chat);
        const auto named = [&](const char* name) {
            for (QWidget* widget : chat->findChildren<QWidget*>())
                if (widget->accessibleName() == QLatin1String(name))
                    return widget;
            return static_cast<QWidget*>(nullptr);
        };
        auto* input = static_cast<QPlainTextEdit*>(named("Message"));
        auto* left = static_cast<QTextBrowser*>(named("Dialogue"));
        auto* right = static_cast<QTextBrowser*>(named("Dialogue with the second model"));
        const auto choose = [&](const char* picker, const char* model) {
            auto* combo = named(picker)->findChild<QComboBox*>();
            combo->setCurrentIndex(combo->findData(QLatin1String(model)));
        };
        choose("Model", "left");
        QVERIFY(!right->isVisible());
        QTest::keyClicks(input, QStringLiteral("hello"));
        QTest::keyClick(input, Qt::Key_Return);
        QTRY_VERIFY(left->toPlainText().contains(QStringLiteral("I say <b>this</b>"))); // as it was written
        QTRY_VERIFY(!bridge.busy());
        QVERIFY(left->toPlainText().contains(QStringLiteral("reward 0.25")));
        QVERIFY(input->toPlainText().isEmpty());
        choose("Second model", "right");
        choose("Reward model for the answers", "judge");
        QVERIFY(right->isVisible());
        QTest::keyClicks(input, QStringLiteral("again"));
        QTest::keyClick(input, Qt::Key_Return);
        QTRY_VERIFY(right->toPlainText().contains(QStringLiteral("and I that")));
        QTRY_VERIFY(!bridge.busy());
        QCOMPARE(asked[1].sides.size(), std::size_t(2));
        QCOMPARE(asked[1].sides[0].dialogue.size(), std::size_t(3)); // hello, its answer, again
        QCOMPARE(asked[1].sides[1].dialogue.size(), std::size_t(1)); // the newcomer has heard only this
        QCOMPARE(asked[1].rewardModel, std::string("judge"));
        QTest::keyClicks(input, QStringLiteral("third"));
        QTest::keyClick(input, Qt::Key_Return);
        QTRY_COMPARE(input->toPlainText(), QStringLiteral("third")); // it failed: nothing that was typed is lost
        QVERIFY(!left->toPlainText().contains(QStringLiteral("third")));
    }

    void answersAreScored()
    {
        UiFixture fixture;
        fixture.addModel("judge", "reward");
        fixture.work = [](const Command& command, const EventSink& sink, std::stop_token) {
            const auto& score = std::get<ScoreAnswers>(command);
            sink(AnswersScored {
                score.answers.size() == 2 ? std::vector<double> {0.5, 1.5} : std::vector<double> {-0.5}});
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        page.resize(1100, 680);
        page.show();
        page.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        page.refresh();
        page.findChild<QPushButton*>(QStringLiteral("try"))->click(); // the card of a reward model leads here
        auto* panel = page.findChild<AnswerScorePanel*>();
        QVERIFY(panel->isVisible());
        const auto edits = panel->findChildren<QPlainTextEdit*>();
        QCOMPARE(edits.size(), 3);
        const auto label = [&](const char* name) { return panel->findChild<QLabel*>(QLatin1String(name))->text(); };
        QTest::keyClicks(edits[0], QStringLiteral("a prompt"));
        QTest::keyClicks(edits[1], QStringLiteral("an answer"));
        QTest::keyClick(edits[1], Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE(label("score"), QStringLiteral("−0.5"));
        QTRY_VERIFY(!bridge.busy());
        QTest::keyClicks(edits[2], QStringLiteral("another"));
        QCOMPARE(label("score"), QStringLiteral("–")); // it belongs to other texts
        QTest::keyClick(edits[2], Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE(label("score2"), QStringLiteral("1.5"));
        QVERIFY(label("verdict").contains(QStringLiteral("second answer is better by 1")));
        QVERIFY(label("verdict").contains(QStringLiteral("73.1 %"))); // sigma(1)
    }

    void cacheIsListed()
    {
        CacheFixture fixture;
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        HubPanel* panel = shownPanel(page);
        auto* model = panel->findChild<CachedModelTable*>();
        const QAbstractItemModelTester tester(model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto text = [&](int row, int column) { return model->index(row, column).data().toString(); };
        QCOMPARE(model->rowCount(), 3);
        QCOMPARE(text(0, CachedModelTable::Name), QStringLiteral("org/part"));
        QCOMPARE(text(0, CachedModelTable::State), QStringLiteral("model.safetensors is missing"));
        QCOMPARE(text(1, CachedModelTable::Family), QStringLiteral("strange"));
        QVERIFY(text(1, CachedModelTable::State).contains(QLatin1String("not supported")));
        QCOMPARE(text(2, CachedModelTable::Size), QStringLiteral("1 kB"));
        QCOMPARE(text(2, CachedModelTable::State), QStringLiteral("complete"));
        QCOMPARE(buttonIn(*panel, 0)->text(), QStringLiteral("Fetch the rest"));
        QVERIFY(!buttonIn(*panel, 1));
        QCOMPARE(buttonIn(*panel, 2)->text(), QStringLiteral("Add to project"));
    }

    void droppedModelsAreImported()
    {
        CacheFixture fixture;
        std::string imported;
        fixture.work = [&](const Command& command, const EventSink&, std::stop_token) {
            imported = std::get<ImportModel>(command).source.string();
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QStringLiteral("/models/some model.gguf"))});
        QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&page, &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&page, &drop);
        QTRY_VERIFY(fixture.commands == 1 && !bridge.busy());
        QCOMPARE(imported, std::string("/models/some model.gguf"));
    }

    void oneClickAdds()
    {
        CacheFixture fixture;
        std::string added;
        fixture.work = [&](const Command& command, const EventSink& sink, std::stop_token) {
            added = std::get<AddModel>(command).source;
            ModelRow row;
            row.name = "whole";
            row.folder = fixture.snapshot("org/whole").string();
            row.kind = "policy";
            row.created = nowUtc();
            fixture.project->addModel(row);
            sink(ModelSaved {"whole", row.folder});
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        HubPanel* panel = shownPanel(page);
        const auto* model = panel->findChild<CachedModelTable*>();
        buttonIn(*panel, 2)->click();
        QTRY_COMPARE(model->index(2, CachedModelTable::State).data().toString(), QStringLiteral("in the project"));
        QCOMPARE(added, std::string("org/whole"));
        QTRY_VERIFY(!buttonIn(*panel, 2));
    }

    void whatIsMissingIsFetched()
    {
        CacheFixture fixture;
        std::string fetched;
        fixture.work = [&](const Command& command, const EventSink&, std::stop_token) {
            fetched = std::get<DownloadModel>(command).repository;
            fixture.add("org/part", "llama", true);
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        HubPanel* panel = shownPanel(page);
        buttonIn(*panel, 0)->click();
        const auto* model = panel->findChild<CachedModelTable*>();
        QTRY_COMPARE(model->index(0, CachedModelTable::State).data().toString(), QStringLiteral("complete"));
        QCOMPARE(fetched, std::string("org/part"));
    }

    void downloadShowsProgressAndCanBeCancelled()
    {
        CacheFixture fixture;
        fixture.work = [&](const Command&, const EventSink& sink, const std::stop_token& stop) {
            sink(Progress {"Downloading org/new", 0.25, "1 MB of 4 MB"});
            while (!stop.stop_requested())
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            throw std::runtime_error("The download was stopped");
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        HubPanel* panel = shownPanel(page);
        QSignalSpy said(&page, &ModelsPage::message);
        auto* download = buttonWith(*panel, QStringLiteral("Download"));
        auto* cancel = buttonWith(*panel, QStringLiteral("Cancel"));
        auto* name = panel->findChild<QLineEdit*>();
        QVERIFY(!download->isEnabled());
        QVERIFY(!cancel->isVisible());
        name->setText(QStringLiteral("not a name"));
        QVERIFY(!download->isEnabled());
        name->setText(QStringLiteral("org/new"));
        QVERIFY(download->isEnabled());
        QTest::keyClick(name, Qt::Key_Return);
        QTRY_COMPARE(panel->findChild<QProgressBar*>()->value(), 250);
        QVERIFY(!download->isEnabled());
        QVERIFY(!buttonIn(*panel, 2)->isEnabled());
        QCOMPARE(panel->findChild<QLabel*>(QStringLiteral("progressText"))->text(),
            QStringLiteral("Downloading org/new: 1 MB of 4 MB"));
        cancel->click();
        QTRY_VERIFY(!bridge.busy());
        QVERIFY(!cancel->isVisible());
        QCOMPARE(said.constFirst().constFirst().toString(), QStringLiteral("The download was stopped"));
        QVERIFY(!panel->findChild<QLabel*>(QStringLiteral("hubError"))->isVisible());
        QVERIFY(download->isEnabled());
    }

    void failureSaysWhy()
    {
        CacheFixture fixture;
        fixture.work = [&](const Command& command, const EventSink&, std::stop_token) {
            QCOMPARE(std::get<DownloadModel>(command).revision, std::string("v2"));
            throw std::runtime_error("org/new: the model is gated");
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        HubPanel* panel = shownPanel(page);
        panel->findChild<QLineEdit*>()->setText(QStringLiteral("org/new@v2"));
        buttonWith(*panel, QStringLiteral("Download"))->click();
        auto* error = panel->findChild<QLabel*>(QStringLiteral("hubError"));
        QTRY_VERIFY(error->isVisible());
        QCOMPARE(error->text(), QStringLiteral("org/new: the model is gated"));
    }

    void aFailureDoesNotOutliveItsReader()
    {
        UiFixture fixture;
        std::atomic<bool> fails {true};
        fixture.work = [&](const Command&, const EventSink&, std::stop_token) {
            if (fails)
                throw std::runtime_error("this is no model");
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        page.show();
        const auto drop = [&] {
            QMimeData data;
            data.setUrls({QUrl::fromLocalFile(fixture.folder.path())});
            QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(&page, &enter);
            QDropEvent event(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(&page, &event);
            QTRY_VERIFY(!bridge.busy());
        };
        const Notice* notice = nullptr;
        for (const Notice* one : page.findChildren<Notice*>(Qt::FindDirectChildrenOnly))
            notice = one; // not that of the panel of the cache
        QVERIFY(notice);
        drop();
        QTRY_VERIFY(notice->isVisible());
        QCOMPARE(notice->label()->text(), QStringLiteral("this is no model"));
        page.hide();
        page.show();
        QVERIFY(!notice->isVisible());
        drop();
        QTRY_VERIFY(notice->isVisible());
        fails = false;
        drop(); // a new import, which says how it ended
        QTRY_VERIFY(notice->label()->text().endsWith(QStringLiteral("is in the project now.")));
    }

    void whatMayBeTyped()
    {
        const auto wanted = [](const char* text) {
            const auto command = HubPanel::wantedIn(QString::fromLatin1(text));
            return command ? command->repository + " " + command->revision : std::string();
        };
        QCOMPARE(wanted(" org/name "), std::string("org/name main"));
        QCOMPARE(wanted("org/name@refs/pr/1"), std::string("org/name refs/pr/1"));
        QCOMPARE(wanted("https://huggingface.co/org/name"), std::string("org/name main"));
        QCOMPARE(wanted("https://huggingface.co/org/name/tree/v2"), std::string("org/name v2"));
        for (const char* text : {"", "name", "org/", "org/name@", "../name", "org/na me", "https://huggingface.co/"})
            QCOMPARE(wanted(text), std::string());
    }

    void emptyCache()
    {
        CacheFixture fixture;
        fs::remove_all(fixture.cache);
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        ModelsPage page(bridge, selection);
        HubPanel* panel = shownPanel(page);
        QVERIFY(!panel->findChild<QTableView*>()->isVisible());
        bool said = false;
        for (const QLabel* label : panel->findChildren<QLabel*>())
            said = said || (label->isVisible() && label->text().contains(QLatin1String("cache is empty")));
        QVERIFY(said);
    }
};

QTEST_MAIN(TestModelsPage)
#include "tst_models_page.moc"

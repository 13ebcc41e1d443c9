// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/ui_test.h"
#include "ui/models/cached_model_table.h"
#include "ui/pages/hub_panel.h"
#include "ui/pages/models_page.h"

#include <QAbstractItemModelTester>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTest>

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

QPushButton* buttonOf(const HubPanel& panel, int row)
{
    const auto* table = panel.findChild<QTableView*>();
    return qobject_cast<QPushButton*>(table->indexWidget(table->model()->index(row, CachedModelTable::Action)));
}

QPushButton* buttonNamed(const HubPanel& panel, const QString& text)
{
    for (QPushButton* button : panel.findChildren<QPushButton*>())
        if (button->text() == text)
            return button;
    return nullptr;
}

} // namespace

class TestModelsPage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
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
        QCOMPARE(buttonOf(*panel, 0)->text(), QStringLiteral("Fetch the rest"));
        QVERIFY(!buttonOf(*panel, 1));
        QCOMPARE(buttonOf(*panel, 2)->text(), QStringLiteral("Add to project"));
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
        buttonOf(*panel, 2)->click();
        QTRY_COMPARE(model->index(2, CachedModelTable::State).data().toString(), QStringLiteral("in the project"));
        QCOMPARE(added, std::string("org/whole"));
        QTRY_VERIFY(!buttonOf(*panel, 2));
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
        buttonOf(*panel, 0)->click();
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
        auto* download = buttonNamed(*panel, QStringLiteral("Download"));
        auto* cancel = buttonNamed(*panel, QStringLiteral("Cancel"));
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
        QVERIFY(!buttonOf(*panel, 2)->isEnabled());
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
        buttonNamed(*panel, QStringLiteral("Download"))->click();
        auto* error = panel->findChild<QLabel*>(QStringLiteral("hubError"));
        QTRY_VERIFY(error->isVisible());
        QCOMPARE(error->text(), QStringLiteral("org/new: the model is gated"));
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

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/ui_test.h"
#include "ui/charts/length_histogram.h"
#include "ui/models/finding_table_model.h"
#include "ui/models/import_issue_model.h"
#include "ui/models/pair_table_model.h"
#include "ui/notice.h"
#include "ui/pages/data_check_panel.h"
#include "ui/pages/data_import_panel.h"
#include "ui/pages/data_page.h"
#include "ui/pair_view.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QDir>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>

#include <algorithm>
#include <array>
#include <numeric>

using namespace mpo;

class TestDataPage : public QObject
{
    Q_OBJECT

    static QString write(const UiFixture& fixture, const QString& name, const QByteArray& text)
    {
        const QString path = fixture.folder.path() + QLatin1Char('/') + name;
        QDir().mkpath(QFileInfo(path).path());
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            qFatal("the file of the test cannot be written");
        return path;
    }

    static void press(DataPage& page, const char* button)
    {
        page.findChild<QPushButton*>(QLatin1String(button))->click();
    }

    static QComboBox* combo(DataPage& page, const char* name)
    {
        return page.findChild<QComboBox*>(QLatin1String(name));
    }

    static QString textOf(DataPage& page, const char* name)
    {
        return page.findChild<QLabel*>(QLatin1String(name))->text();
    }

    static QString textsOf(const PairView& view)
    {
        QString text;
        for (const auto* reader : view.findChildren<QTextBrowser*>())
            text += reader->toPlainText() + QLatin1Char('|');
        return text;
    }

    /// The one for the table of pairs, not the preview of an import.
    static PairView* pairViewOf(const DataPage& page)
    {
        const auto views = page.findChildren<PairView*>();
        const auto* preview = page.findChild<DataImportPanel*>();
        const auto found = std::find_if(
            views.begin(), views.end(), [&](const PairView* view) { return !preview->isAncestorOf(view); });
        return found == views.end() ? nullptr : *found;
    }

    /// Everything that the preview shows.
    static QString preview(DataPage& page)
    {
        QString text;
        for (const auto* view : page.findChild<DataImportPanel*>()->findChildren<QTextBrowser*>())
            text += view->toPlainText() + QLatin1Char('|');
        return text;
    }

private Q_SLOTS:
    void pairsArePagedIn()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 450);
        PairTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setDataset(fixture.project.get(), QStringLiteral("pairs"));
        QCOMPARE(model.rowCount(), 450);
        QCOMPARE(model.index(449, PairTableModel::Prompt).data().toString(), QStringLiteral("prompt 450"));
        QCOMPARE(model.index(0, PairTableModel::Lengths).data().toString(), QStringLiteral("15 / 9"));
        QCOMPARE(model.pair(200).prompt, std::string("prompt 201"));
        model.setDataset(nullptr, {});
        QCOMPARE(model.rowCount(), 0);
    }

    void searchFindsInResponses()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 1200);
        PairTableModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setDataset(fixture.project.get(), QStringLiteral("pairs"));
        model.setSearch(QStringLiteral("RARE"));
        QVERIFY(model.searching());
        QTRY_VERIFY(!model.searching());
        QCOMPARE(model.rowCount(), 120);
        QCOMPARE(model.pairNumber(0), std::int64_t(9));
        QCOMPARE(model.pair(119).prompt, std::string("prompt 1200"));
        model.setSearch({});
        QCOMPARE(model.rowCount(), 1200);
    }

    void checkFindsWhatStandsOut()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 30);
        Dataset odd {"odd", DatasetKind::Pairs, {}};
        for (const auto& [prompt, chosen, rejected] : std::initializer_list<std::array<const char*, 3>> {
                 {"new", "a", "bb"}, {"new", "bb", "a"}, {"prompt 7", "x", "x"}, {"new", "a", "bb"}}) {
            PreferencePair pair;
            pair.prompt = prompt;
            pair.chosen = chosen;
            pair.rejected = rejected;
            odd.pairs.push_back(pair);
        }
        fixture.project->addDataset(odd, "test");
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.resize(1100, 680);
        page.show();
        selection.setDataset(QStringLiteral("odd"));
        page.refresh();
        auto* tabs = page.findChild<QTabWidget*>();
        tabs->setCurrentIndex(1);
        auto* findings = page.findChild<FindingTableModel*>();
        const QAbstractItemModelTester tester(findings, QAbstractItemModelTester::FailureReportingMode::QtTest);
        for (QComboBox* combo : page.findChild<DataCheckPanel*>()->findChildren<QComboBox*>())
            if (const int at = combo->findData(QStringLiteral("pairs")); at >= 0)
                combo->setCurrentIndex(at); // the data set to compare prompts with
        press(page, "check");
        QTRY_COMPARE(findings->rowCount(), 5); // a conflict each way, a leak, identical responses, a duplicate
        QStringList kinds;
        for (int row = 0; row < findings->rowCount(); ++row)
            kinds << findings->index(row, FindingTableModel::Kind).data().toString();
        QCOMPARE(kinds.count(QStringLiteral("opposite labels")), 2);
        QCOMPARE(kinds.count(QStringLiteral("prompt in both")), 1);
        QCOMPARE(kinds.count(QStringLiteral("identical responses")), 1);
        QCOMPARE(kinds.count(QStringLiteral("duplicate")), 1);
        auto* histogram = page.findChild<LengthHistogram*>();
        const auto counts = histogram->counts(LengthHistogram::Part::Chosen);
        QCOMPARE(std::accumulate(counts.begin(), counts.end(), std::int64_t(0)), std::int64_t(4));
        auto* table = page.findChild<DataCheckPanel*>()->findChild<QTableView*>();
        table->setFocus();
        table->selectRow(kinds.indexOf(QStringLiteral("identical responses")));
        QTest::keyClick(table, Qt::Key_Return);
        QCOMPARE(tabs->currentIndex(), 0); // the row itself
        QTRY_VERIFY(textsOf(*pairViewOf(page)).contains(QStringLiteral("prompt 7")));
    }

    void histogramCountsEveryLength()
    {
        UiFixture fixture;
        LengthHistogram histogram;
        std::vector<std::int32_t> lengths {0, 1, 1, 5, -1, 1000, 100000};
        for (const bool logX : {false, true}) {
            histogram.setLogX(logX);
            histogram.setSeries(
                {{LengthHistogram::Part::Prompt, QStringLiteral("prompt"), lengths}}, QStringLiteral("tokens"));
            const auto counts = histogram.counts(LengthHistogram::Part::Prompt);
            QCOMPARE(std::accumulate(counts.begin(), counts.end(), std::int64_t(0)), std::int64_t(6));
            QCOMPARE(counts.back(), std::int64_t(1)); // the longest one is not left out
            QCOMPARE(histogram.edges().size(), counts.size() + 1);
            QCOMPARE(histogram.edges().front(), 0.0);
            QCOMPARE(histogram.edges().back(), 100001.0);
        }
        histogram.setSeries({{LengthHistogram::Part::Prompt, QStringLiteral("prompt"), {0}}}, QStringLiteral("tokens"));
        QCOMPARE(histogram.counts(LengthHistogram::Part::Prompt), std::vector<std::int64_t> {1});
        histogram.setSeries({}, QStringLiteral("tokens"));
    }

    void pairsAreShownAsAModelGetsThem()
    {
        UiFixture fixture;
        fixture.addPairs("pairs", 3);
        const std::filesystem::path folder = fixture.project->folder() / "models" / "chat";
        std::filesystem::create_directories(folder);
        std::filesystem::copy(MPO_FIXTURES "/chat/chat_tokenizer.json", folder / "tokenizer.json");
        write(fixture, QStringLiteral("test.mpo/models/chat/tokenizer_config.json"), R"({"eos_token": "<|im_end|>"})");
        fixture.addModel("chat", "policy");
        fixture.addModel("broken", "policy");
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.resize(1100, 680);
        page.show();
        page.refresh();
        auto* view = pairViewOf(page);
        const auto shown = [&] { return textsOf(*view); };
        QVERIFY(!shown().contains(QStringLiteral("im_end")));
        QComboBox* showAs = nullptr;
        for (QComboBox* combo : page.findChildren<QComboBox*>())
            if (combo->itemText(0) == QStringLiteral("Text as it stands"))
                showAs = combo;
        QVERIFY(showAs);
        showAs->setCurrentIndex(showAs->findData(QStringLiteral("chat")));
        QTRY_VERIFY(shown().contains(QStringLiteral("<|im_end|>")));
        QVERIFY(shown().contains(QStringLiteral("a good response")));
        bool counted = false;
        for (const QLabel* label : view->findChildren<QLabel*>())
            counted = counted || label->text().contains(QStringLiteral(" tokens"));
        QVERIFY(counted);
        showAs->setCurrentIndex(showAs->findData(QStringLiteral("broken")));
        const auto says = [&](const QString& text) {
            const auto labels = page.findChildren<QLabel*>();
            return std::any_of(labels.begin(), labels.end(),
                [&](const QLabel* label) { return label->isVisible() && label->text().contains(text); });
        };
        QTRY_VERIFY(says(QStringLiteral("models/broken")));
        showAs->setCurrentIndex(0);
        QVERIFY(!shown().contains(QStringLiteral("im_end")));
    }

    void importReportIsShown()
    {
        UiFixture fixture;
        QString file;
        fixture.work = [&](const Command& command, const EventSink& sink, std::stop_token) {
            file = QString::fromStdString(std::get<ImportDataset>(command).file.string());
            fixture.addPairs("mine", 3);
            auto report = std::make_shared<ImportReport>();
            report->file = "mine.jsonl";
            report->format = "prompt_chosen_rejected";
            report->records = 5;
            report->imported = 3;
            report->malformed = 1;
            report->duplicates = 1;
            report->mapping = {{"prompt", "question"}, {"chosen", "good"}};
            report->issues = {{ImportIssue::Kind::Malformed, 2, "field \"rejected\" is missing"},
                {ImportIssue::Kind::Duplicate, 4, "as line 1"}};
            sink(DatasetImported {"mine", report});
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.refresh();
        const QString path
            = write(fixture, QStringLiteral("mine.jsonl"), "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n");
        page.importFile(path);
        QVERIFY(!bridge.busy()); // shown first
        press(page, "startImport");
        QVERIFY(bridge.busy());
        QTRY_VERIFY(!bridge.busy());
        QCOMPARE(file, path);
        QCOMPARE(selection.dataset(), QStringLiteral("mine"));
        const auto* issues = page.findChild<ImportIssueModel*>();
        QCOMPARE(issues->rowCount(), 2);
        QCOMPARE(issues->index(0, ImportIssueModel::Reason).data().toString(),
            QStringLiteral("field \"rejected\" is missing"));
        QStringList values;
        for (const QLabel* label : page.findChildren<QLabel*>())
            if (label->property("role").toString() == QLatin1String("value")
                && !page.findChild<DataCheckPanel*>()->isAncestorOf(label))
                values << label->text();
        values.sort();
        QCOMPARE(values, QStringLiteral("0 0 0 0 1 1 3 5").split(QLatin1Char(' ')));
        QVERIFY(textOf(page, "mapping").contains(QStringLiteral("prompt ← question")));
        QCOMPARE(page.findChild<QListWidget*>()->count(), 1);
    }

    void failedImportSaysWhy()
    {
        UiFixture fixture;
        fixture.work = [](const Command&, const EventSink&, std::stop_token) {
            throw std::runtime_error("x.jsonl: no format fits");
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.show();
        page.importFile(write(fixture, QStringLiteral("x.jsonl"), "{\"prompt\":\"p\"}\n"));
        press(page, "startImport");
        QTRY_VERIFY(!bridge.busy());
        const auto said = [&](const QString& text) {
            for (const QLabel* label : page.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains(text))
                    return true;
            return false;
        };
        QVERIFY(said(QStringLiteral("x.jsonl: no format fits")));
        page.importFile(QStringLiteral("/no/such.jsonl"));
        QVERIFY(said(QStringLiteral("/no/such.jsonl: no such file")));
        QVERIFY(page.findChild<DataImportPanel*>()->isHidden());
    }

    /// It is there until it is dismissed, something new is begun, or whoever has read it leaves the page.
    void aFailureDoesNotOutliveItsReader()
    {
        UiFixture fixture;
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        const auto fail = [&] { page.importFile(QStringLiteral("/no/such.jsonl")); };
        auto* notice = page.findChild<Notice*>();
        fail(); // not seen yet
        QVERIFY(!notice->isVisible());
        page.show();
        QVERIFY(notice->isVisible());
        page.hide();
        page.show();
        QVERIFY(!notice->isVisible());
        fail();
        QVERIFY(notice->isVisible());
        QTest::mouseClick(notice->findChild<QPushButton*>(QStringLiteral("dismiss")), Qt::LeftButton);
        QVERIFY(!notice->isVisible());
        fail();
        page.importFile(
            write(fixture, QStringLiteral("x.jsonl"), "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\"}\n"));
        QVERIFY(!page.findChild<DataImportPanel*>()->isHidden());
        QVERIFY(!notice->isVisible());
    }

    void formatAndMappingAreShownBeforeTheImport()
    {
        UiFixture fixture;
        ImportDataset given;
        fixture.work = [&](const Command& command, const EventSink&, std::stop_token) {
            given = std::get<ImportDataset>(command);
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.show();
        page.importFile(write(fixture, QStringLiteral("w.jsonl"),
            R"({"question":{"full_text":"Why?"},"answer_0":"no idea","answer_1":"because","score_0":-1,"score_1":1})"
            "\n"));
        QCOMPARE(combo(page, "column-prompt")->currentText(), QStringLiteral("question.full_text"));
        QCOMPARE(combo(page, "column-margin")->currentText(), QStringLiteral("difference of the scores"));
        QVERIFY(combo(page, "column-chosen")->findText(QStringLiteral("answer_0")) > 0);
        QVERIFY(combo(page, "column-completion")->isHidden());
        QVERIFY2(preview(page).contains(QStringLiteral("because|no idea")), qPrintable(preview(page)));
        press(page, "startImport");
        QTRY_VERIFY(!bridge.busy());
        QVERIFY(given.options.columns.empty() && given.options.format.empty() && given.options.inWindow);

        page.importFile(write(fixture, QStringLiteral("t.jsonl"),
            R"({"prompt":"P","completion":"C"})"
            "\n"));
        QVERIFY(combo(page, "column-rejected")->isHidden());
        QCOMPARE(combo(page, "column-completion")->currentText(), QStringLiteral("completion"));
        combo(page, "importFormat")->setCurrentText(QStringLiteral("prompts"));
        Q_EMIT combo(page, "importFormat")->activated(0);
        QVERIFY(combo(page, "column-completion")->isHidden());
        press(page, "cancelImport");
        QVERIFY(page.findChild<DataImportPanel*>()->isHidden());
    }

    void columnsAreGuessedAndChosen()
    {
        UiFixture fixture;
        ImportDataset given;
        fixture.work = [&](const Command& command, const EventSink&, std::stop_token) {
            given = std::get<ImportDataset>(command);
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.show();
        page.importFile(write(fixture, QStringLiteral("own.csv"), "query,good,bad,other\nQ,A,B,O\n"));
        QCOMPARE(combo(page, "column-prompt")->currentText(), QStringLiteral("query"));
        QVERIFY2(preview(page).contains(QStringLiteral("A|B|Q")), qPrintable(preview(page)));
        auto* rejected = combo(page, "column-rejected");
        rejected->setCurrentText(QStringLiteral("other"));
        Q_EMIT rejected->activated(rejected->currentIndex());
        QVERIFY2(preview(page).contains(QStringLiteral("A|O|Q")), qPrintable(preview(page)));
        press(page, "startImport");
        QTRY_VERIFY(!bridge.busy());
        QVERIFY((given.options.columns == ColumnMap {{"prompt", "query"}, {"chosen", "good"}, {"rejected", "other"}}));

        page.importFile(write(fixture, QStringLiteral("odd.csv"), "x,y\n1,2\n"));
        const QString problem = textOf(page, "importProblem");
        QVERIFY2(problem.contains(QStringLiteral("columns x, y")) && !problem.contains(QStringLiteral("--map")),
            qPrintable(problem));
        QVERIFY(!page.findChild<QPushButton*>(QStringLiteral("startImport"))->isEnabled());
    }

    void aDroppedFolderOffersItsSplits()
    {
        UiFixture fixture;
        ImportDataset given;
        fixture.work = [&](const Command& command, const EventSink&, std::stop_token) {
            given = std::get<ImportDataset>(command);
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.show();
        write(fixture, QStringLiteral("set/train.jsonl"), "{\"prompt\":\"of train\"}\n");
        write(fixture, QStringLiteral("set/test.csv"), "prompt\nof test\n");
        QMimeData mime;
        mime.setUrls({QUrl::fromLocalFile(fixture.folder.path() + QStringLiteral("/set"))});
        QDragEnterEvent enter(QPoint(9, 9), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&page, &enter); // a drop goes to what took the entering
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(9, 9), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&page, &drop);
        auto* split = combo(page, "importSplit");
        QCOMPARE(split->count(), 3);
        QVERIFY(preview(page).contains(QStringLiteral("of train")));
        split->setCurrentText(QStringLiteral("test"));
        Q_EMIT split->activated(split->currentIndex());
        QVERIFY(preview(page).contains(QStringLiteral("of test")));
        press(page, "startImport");
        QTRY_VERIFY(!bridge.busy());
        QCOMPARE(given.options.split, std::string("test"));
    }

    void issueModelIsSound()
    {
        ImportIssueModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setIssues({{ImportIssue::Kind::EmptyAnswer, 1234, "why"}});
        QCOMPARE(model.index(0, ImportIssueModel::Line).data().toString(), QStringLiteral("1,234"));
        model.setIssues({});
        QCOMPARE(model.rowCount(), 0);
    }
};

QTEST_MAIN(TestDataPage)
#include "tst_data_page.moc"

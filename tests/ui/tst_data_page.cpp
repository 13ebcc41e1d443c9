// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/ui_test.h"
#include "ui/models/import_issue_model.h"
#include "ui/models/pair_table_model.h"
#include "ui/pages/data_page.h"

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

using namespace mpo;

class TestDataPage : public QObject
{
    Q_OBJECT
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
            report->issues = {{ImportIssue::Kind::Malformed, 2, "field \"rejected\" is missing"},
                {ImportIssue::Kind::Duplicate, 4, "as line 1"}};
            sink(DatasetImported {"mine", report});
        };
        EngineBridge bridge(fixture.project, fixture.execute());
        Selection selection(fixture.project);
        DataPage page(bridge, selection);
        page.refresh();
        page.importFile(QStringLiteral("/data/mine.jsonl"));
        QVERIFY(bridge.busy());
        QTRY_VERIFY(!bridge.busy());
        QCOMPARE(file, QStringLiteral("/data/mine.jsonl"));
        QCOMPARE(selection.dataset(), QStringLiteral("mine"));
        const auto* issues = page.findChild<ImportIssueModel*>();
        QCOMPARE(issues->rowCount(), 2);
        QCOMPARE(issues->index(0, ImportIssueModel::Reason).data().toString(),
            QStringLiteral("field \"rejected\" is missing"));
        QStringList values;
        for (const QLabel* label : page.findChildren<QLabel*>())
            if (label->property("role").toString() == QLatin1String("value"))
                values << label->text();
        values.sort();
        QCOMPARE(values, QStringLiteral("0 0 1 1 3 5").split(QLatin1Char(' ')));
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
        page.importFile(QStringLiteral("x.jsonl"));
        QTRY_VERIFY(!bridge.busy());
        bool said = false;
        for (const QLabel* label : page.findChildren<QLabel*>())
            said = said || (label->isVisible() && label->text() == QLatin1String("x.jsonl: no format fits"));
        QVERIFY(said);
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

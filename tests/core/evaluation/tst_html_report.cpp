// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/html_report.h"
#include "core/evaluation/svg_chart.h"

#include <QTest>
#include <QXmlStreamReader>

using namespace mpo;

class TestHtmlReport : public QObject
{
    Q_OBJECT

    static HtmlReport example()
    {
        HtmlReport report;
        report.title = "MPO <demo> & report";
        report.introduction = {ReportParagraph {"All numbers come from this run.\n<script>alert(1)</script>"}};
        ReportTable table;
        table.caption = "Held-out prompts";
        table.header = {"model", "true reward", "win rate"};
        table.rows = {{"SFT", "0.37", "–"}, {"MPO", "−0.93", "61 % (52 to 69)"}, {"cut short"}};
        LineChart chart;
        chart.lines = {{"loss", {1, 2}, {3, 4}}};
        report.sections = {
            {"Results", {table, ReportParagraph {"Text"}}}, {"Curves", {ReportFigure {lineChartSvg(chart), "Loss"}}}};
        return report;
    }

private Q_SLOTS:
    void codeStaysAsItIs()
    {
        HtmlReport report;
        report.introduction = {ReportCode {"mpo data import 'a & b'\n  --name <x>"}};
        QXmlStreamReader reader(QByteArray::fromStdString(htmlReport(report)));
        while (!reader.atEnd() && reader.name() != QLatin1String("pre"))
            reader.readNext();
        QCOMPARE(reader.readElementText(), QStringLiteral("mpo data import 'a & b'\n  --name <x>"));
    }

    void isWellFormedAndInOrder()
    {
        QXmlStreamReader reader(QByteArray::fromStdString(htmlReport(example())));
        QStringList headings, cells, classes;
        int figures = 0, scripts = 0;
        while (!reader.atEnd()) {
            reader.readNext();
            if (!reader.isStartElement())
                continue;
            const QString name = reader.name().toString();
            figures += name == QLatin1String("svg");
            scripts += name == QLatin1String("script");
            const auto attributes = reader.attributes();
            if (name == QLatin1String("h1") || name == QLatin1String("h2"))
                headings << reader.readElementText();
            else if (name == QLatin1String("td")) {
                classes << attributes.value(QLatin1String("class")).toString();
                cells << reader.readElementText();
            }
        }
        QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
        QCOMPARE(headings,
            (QStringList {QStringLiteral("MPO <demo> & report"), QStringLiteral("Results"), QStringLiteral("Curves")}));
        QCOMPARE(figures, 1);
        QCOMPARE(scripts, 0); // the user's text stays text
        QCOMPARE(cells.size(), qsizetype(9)); // the short row is filled up
        QCOMPARE(cells[5], QString::fromUtf8("61 % (52 to 69)"));
        const QString number = QStringLiteral("number");
        QCOMPARE(classes, (QStringList {{}, number, number, {}, number, number, {}, number, number}));
    }

    void needsNothingFromOutside()
    {
        QString page = QString::fromStdString(htmlReport(example()));
        page.remove(QStringLiteral("http://www.w3.org/2000/svg"))
            .remove(QStringLiteral("http://www.w3.org/1999/xhtml"));
        for (const char* word : {"http", "src=", "href", "@import", "url("})
            QVERIFY2(!page.contains(QLatin1String(word)), word);
        QVERIFY(page.contains(QStringLiteral("prefers-color-scheme: dark")));
        QVERIFY(page.startsWith(QStringLiteral("<!DOCTYPE html>")));
    }

    void emptyReport()
    {
        QXmlStreamReader reader(QByteArray::fromStdString(htmlReport({})));
        while (!reader.atEnd())
            reader.readNext();
        QVERIFY(!reader.hasError());
    }
};

QTEST_GUILESS_MAIN(TestHtmlReport)
#include "tst_html_report.moc"

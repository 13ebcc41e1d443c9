// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/svg_chart.h"
#include "tests/common/near.h"

#include <QXmlStreamReader>

#include <limits>

using namespace mpo;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Element
{
    QString name, text;
    QXmlStreamAttributes attributes;
    double number(const char* key) const { return attributes.value(QLatin1String(key)).toDouble(); }
    QString colour() const { return attributes.value(QLatin1String("fill")).toString(); }
};

/// The elements in order; empty when the text is not well-formed XML.
QList<Element> elementsOf(const std::string& svg)
{
    QList<Element> elements;
    QXmlStreamReader reader(QByteArray::fromStdString(svg));
    while (!reader.atEnd()) {
        reader.readNext();
        if (reader.isStartElement())
            elements.append({reader.name().toString(), {}, reader.attributes()});
        else if (reader.isCharacters() && !elements.isEmpty())
            elements.last().text += reader.text();
    }
    if (reader.hasError())
        qWarning("%s", qPrintable(reader.errorString()));
    return reader.hasError() ? QList<Element> {} : elements;
}

QList<Element> named(const QList<Element>& elements, const char* name)
{
    QList<Element> result;
    for (const Element& element : elements)
        if (element.name == QLatin1String(name))
            result.append(element);
    return result;
}

QList<QPointF> pointsOf(const Element& polyline)
{
    QList<QPointF> points;
    const QString text = polyline.attributes.value(QLatin1String("points")).toString();
    for (const QString& pair : text.split(QLatin1Char(' '))) {
        const QStringList parts = pair.split(QLatin1Char(','));
        points.append({parts[0].toDouble(), parts[1].toDouble()});
    }
    return points;
}

QString colourText(std::string_view colour) { return QString::fromUtf8(colour.data(), qsizetype(colour.size())); }

/// Nothing is fetched from anywhere, no script runs, and no number failed.
void verifyClean(const std::string& svg)
{
    QString text = QString::fromStdString(svg);
    text.remove(QStringLiteral("http://www.w3.org/2000/svg"));
    for (const char* word : {"http", "href", "url(", "<script", "<image", "nan", "inf\""})
        QVERIFY2(!text.contains(QLatin1String(word)), word);
}

} // namespace

class TestSvgChart : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void linesHaveTheirPlacesAndLegend()
    {
        LineChart chart;
        chart.frame = {"Loss <train & test>", "step", "loss"};
        chart.lines = {{"DPO \"easy\"", {0, 5, 10}, {1.0, 0.5, 0.0}}, {"<b>", {0, 10}, {0.0, 1.0}}};
        const std::string svg = lineChartSvg(chart);
        verifyClean(svg);
        const auto elements = elementsOf(svg);
        const auto lines = named(elements, "polyline");
        QCOMPARE(lines.size(), qsizetype(2));
        const auto first = pointsOf(lines[0]), second = pointsOf(lines[1]);
        QCOMPARE(first.size(), qsizetype(3));
        COMPARE_NEAR(first[1].x(), 0.5 * (first[0].x() + first[2].x()), 0.11);
        COMPARE_NEAR(first[1].y(), 0.5 * (first[0].y() + first[2].y()), 0.11);
        QVERIFY(first[0].y() < first[2].y()); // larger values stand higher
        COMPARE_NEAR(second[1].y(), first[0].y(), 0.11);
        COMPARE_NEAR(first[2].x(), 680 - 18, 0.11); // the data reach the right edge
        QStringList texts;
        for (const Element& text : named(elements, "text"))
            texts << text.text.trimmed();
        for (const char* wanted : {"Loss <train & test>", "DPO \"easy\"", "<b>", "step", "loss", "0.0", "1.0", "10"})
            QVERIFY2(texts.contains(QString::fromUtf8(wanted)), wanted);
    }

    void gapsBreakTheLine()
    {
        LineChart chart;
        chart.lines = {{"", {1, 2, 3, 4, 5, 6}, {1, 2, kNan, 3, kNan, 1}}};
        const auto elements = elementsOf(lineChartSvg(chart));
        QCOMPARE(named(elements, "polyline").size(), qsizetype(1)); // 1-2; the two points alone become dots
        QCOMPARE(named(elements, "circle").size(), qsizetype(2));
    }

    void intervalsStandBesideEachOther()
    {
        LineChart chart;
        chart.lines = {
            {"a", {1, 2}, {1.0, 2.0}, {{0.5, 1.5}, {1.0, 3.5}}}, {"b", {1, 2}, {1.0, 1.5}, {{-2.0, 1.2}, {1.4, 1.6}}}};
        const std::string svg = lineChartSvg(chart);
        verifyClean(svg);
        const auto elements = elementsOf(svg);
        const auto circles = named(elements, "circle");
        QCOMPARE(circles.size(), qsizetype(4));
        const auto at = [](const Element& element, const char* name) {
            return element.attributes.value(QLatin1String(name)).toDouble();
        };
        COMPARE_NEAR(at(circles[2], "cx") - at(circles[0], "cx"), 6.0, 0.11); // both at x = 1
        int upright = 0;
        for (const Element& line : named(elements, "line"))
            for (const Element& circle : circles)
                if (at(line, "x1") == at(circle, "cx") && at(line, "x2") == at(circle, "cx")) {
                    ++upright;
                    QVERIFY(at(line, "y1") > at(circle, "cy")
                        && at(line, "y2") < at(circle, "cy")); // low below, high above
                    QVERIFY(at(line, "y1") <= chart.frame.height && at(line, "y2") >= 0.0);
                }
        QCOMPARE(upright, 4);
    }

    void logAxisPutsDecadesAtEqualDistances()
    {
        LineChart chart;
        chart.logY = true;
        chart.lines = {{"", {1, 2, 3, 4}, {1, 10, 100, 0.0}}}; // 0 cannot stand on a log axis
        const std::string svg = lineChartSvg(chart);
        verifyClean(svg);
        const auto points = pointsOf(named(elementsOf(svg), "polyline").value(0));
        QCOMPARE(points.size(), qsizetype(3));
        COMPARE_NEAR(points[0].y() - points[1].y(), points[1].y() - points[2].y(), 0.21);
    }

    /// 200,000 points make a small file that still shows the one outlier.
    void longLinesAreThinnedWithoutLosingOutliers()
    {
        ChartLine line;
        for (int i = 0; i < 200000; ++i) {
            line.x.push_back(i);
            line.y.push_back(i == 123456 ? 50.0 : (i % 7) * 0.1);
        }
        LineChart chart;
        chart.lines = {line};
        const std::string svg = lineChartSvg(chart);
        QVERIFY(svg.size() < 60000);
        double top = 1e9;
        for (const QPointF& point : pointsOf(named(elementsOf(svg), "polyline").value(0)))
            top = std::min(top, point.y());
        // 50 is the axis' last mark too: the outlier touches the upper edge
        LineChart whole;
        whole.lines = {{"", {0, 1}, {0, 50}}};
        COMPARE_NEAR(top, pointsOf(named(elementsOf(lineChartSvg(whole)), "polyline").value(0))[1].y(), 0.11);
    }

    void chartsWithoutData()
    {
        for (const std::string& svg : {lineChartSvg({}), lineChartSvg({{}, {{"a", {1}, {kNan}}}, true}),
                 histogramChartSvg({}), histogramChartSvg({{}, {0, 1, {0, 0}}, 0.5}), barChartSvg({}),
                 barChartSvg({{}, {{"a", kNan, {}}}, {}})}) {
            verifyClean(svg);
            QVERIFY(!elementsOf(svg).isEmpty());
            QVERIFY(svg.find("Nothing to draw") != std::string::npos);
        }
    }

    void oneValueOnly()
    {
        LineChart chart;
        chart.lines = {{"a", {3}, {0.0}}};
        QCOMPARE(named(elementsOf(lineChartSvg(chart)), "circle").size(), qsizetype(1));
        verifyClean(lineChartSvg(chart));
    }

    /// Areas: below the threshold in one colour, above in the other, the bar that it cuts in both.
    void histogramChangesColourAtTheThreshold()
    {
        HistogramChart chart;
        chart.frame = {"Reward gaps", "gap", "pairs"};
        chart.histogram = {-2.0, 2.0, {10, 20, 40, 5}};
        chart.threshold = 0.5; // in the middle of the third bar
        const std::string svg = histogramChartSvg(chart);
        verifyClean(svg);
        double below = 0, above = 0, cutLow = 0, cutHigh = 0;
        for (const Element& bar : named(elementsOf(svg), "rect")) {
            if (bar.attributes.hasAttribute(QLatin1String("rx")) || !bar.attributes.hasAttribute(QLatin1String("x")))
                continue; // legend, paper
            const bool hard = bar.colour() == colourText(kHardColour);
            QVERIFY(hard || bar.colour() == colourText(kEasyColour));
            (hard ? below : above) += bar.number("width") * bar.number("height");
            if (bar.number("height") > 100 && hard)
                cutLow = std::max(cutLow, bar.number("height"));
            if (bar.number("height") > 100 && !hard)
                cutHigh = std::max(cutHigh, bar.number("height"));
        }
        // below: 10 + 20 + half of 40 = 50; above: 20 + 5. Gaps of a pixel between bars blur it a little.
        COMPARE_NEAR(below / above, 2.0, 0.03);
        COMPARE_NEAR(cutLow, cutHigh, 0.0);
        QVERIFY(svg.find(">threshold 0.5<") != std::string::npos);
        QVERIFY(svg.find(">easy<") != std::string::npos && svg.find(">hard<") != std::string::npos);
    }

    void histogramWithLogAxisShowsSingleCounts()
    {
        HistogramChart chart;
        chart.histogram = {0.0, 3.0, {1, 1000, 0}};
        chart.logY = true;
        const std::string svg = histogramChartSvg(chart);
        verifyClean(svg);
        int bars = 0;
        for (const Element& bar : named(elementsOf(svg), "rect"))
            if (bar.attributes.hasAttribute(QLatin1String("x"))) {
                ++bars;
                QVERIFY(bar.number("height") > 10.0);
            }
        QCOMPARE(bars, 2);
    }

    void thresholdOutsideTheBarsStaysInThePicture()
    {
        for (const double threshold : {-100.0, 100.0, kNan, std::numeric_limits<double>::infinity()}) {
            HistogramChart chart;
            chart.histogram = {0.0, 1.0, {3, 4}};
            chart.threshold = threshold;
            const auto elements = elementsOf(histogramChartSvg(chart));
            for (const Element& line : named(elements, "line"))
                QVERIFY(line.number("x1") >= 0 && line.number("x1") <= 680);
        }
    }

    void barsBeginAtZeroAndCarryTheirIntervals()
    {
        BarChart chart;
        chart.frame = {"Win rate against SFT", "win rate", ""};
        chart.bars = {{"MPO", 0.6, Interval {0.5, 0.7}}, {"DPO & co", 0.3, {}}, {"worse", -0.2, {}}};
        chart.reference = 0.5;
        const std::string svg = barChartSvg(chart);
        verifyClean(svg);
        const auto elements = elementsOf(svg);
        QList<Element> bars;
        for (const Element& rect : named(elements, "rect"))
            if (rect.attributes.hasAttribute(QLatin1String("rx")))
                bars.append(rect);
        QCOMPARE(bars.size(), qsizetype(3));
        COMPARE_NEAR(bars[0].number("width"), 2.0 * bars[1].number("width"), 0.21);
        COMPARE_NEAR(bars[0].number("x"), bars[1].number("x"), 0.0);
        COMPARE_NEAR(bars[2].number("x") + bars[2].number("width"), bars[0].number("x"), 0.11); // to the left of zero
        // Interval: from 5/6 to 7/6 of the bar's length.
        const double zero = bars[0].number("x"), unit = bars[0].number("width") / 0.6;
        bool found = false;
        for (const Element& line : named(elements, "line"))
            found = found
                || (std::abs(line.number("x1") - (zero + 0.5 * unit)) < 0.3
                    && std::abs(line.number("x2") - (zero + 0.7 * unit)) < 0.3);
        QVERIFY(found);
    }

    void longNamesAreCutAndKeptAsToolTip()
    {
        BarChart chart;
        chart.bars = {{std::string(200, 'x') + "&", 1.0, {}}};
        const std::string svg = barChartSvg(chart);
        QVERIFY(svg.find("…") != std::string::npos);
        QVERIFY(svg.find("<title>" + std::string(200, 'x') + "&amp;</title>") != std::string::npos);
        QVERIFY(!elementsOf(svg).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestSvgChart)
#include "tst_svg_chart.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/markup.h"

#include <QTest>
#include <QXmlStreamReader>

using namespace mpo;

class TestMarkup : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void byHand()
    {
        QCOMPARE(escapeMarkup("<b a=\"1\">'x' & y</b>"),
            std::string("&lt;b a=&quot;1&quot;&gt;&#39;x&#39; &amp; y&lt;/b&gt;"));
        QCOMPARE(escapeMarkup("Käse\t日本 \xF0\x9F\x98\x80\n"), std::string("Käse\t日本 \xF0\x9F\x98\x80\n"));
        const std::string replaced = "\xEF\xBF\xBD";
        QCOMPARE(escapeMarkup(std::string("a\0b\x1B", 4)), "a" + replaced + "b" + replaced);
        QCOMPARE(escapeMarkup("\xC3"), replaced); // cut short
        QCOMPARE(escapeMarkup("\xC0\xAF"), replaced + replaced); // overlong
        QCOMPARE(escapeMarkup("\xED\xA0\x80"), replaced + replaced + replaced); // surrogate
    }

    /// Whatever the bytes, an XML parser accepts the result and gives valid text back.
    void anyBytesBecomeXml()
    {
        std::uint32_t state = 1;
        for (int round = 0; round < 2000; ++round) {
            std::string bytes;
            for (int i = 0; i < 24; ++i) {
                state = state * 1664525u + 1013904223u;
                bytes += char(state >> 24);
            }
            const std::string text = escapeMarkup(bytes);
            QXmlStreamReader reader(QByteArray::fromStdString("<t a=\"" + text + "\">" + text + "</t>"));
            while (!reader.atEnd())
                reader.readNext();
            QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
        }
    }
};

QTEST_GUILESS_MAIN(TestMarkup)
#include "tst_markup.moc"

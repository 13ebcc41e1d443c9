// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/word_diff.h"

#include <QRandomGenerator>
#include <QTest>

using namespace mpo;

class TestWordDiff : public QObject
{
    Q_OBJECT

    static QStringList marked(const QString& text, const std::vector<TextSpan>& spans)
    {
        QStringList parts;
        for (const TextSpan& span : spans)
            parts << text.mid(span.first, span.length);
        return parts;
    }
    /// Words that are not marked, one space between.
    static QString rest(QString text, const std::vector<TextSpan>& spans)
    {
        for (auto span = spans.rbegin(); span != spans.rend(); ++span)
            text.replace(span->first, span->length, QStringLiteral(" "));
        return text.simplified();
    }

private Q_SLOTS:
    void marksWhatDiffers()
    {
        const QString left = QStringLiteral("To move the kettle, ask a friend."),
                      right = QStringLiteral("To move the old boat, ask  a\nfriend today.");
        const WordDifference difference = wordDifference(left, right);
        QCOMPARE(marked(left, difference.left), QStringList {QStringLiteral("kettle")});
        QCOMPARE(marked(right, difference.right), (QStringList {QStringLiteral("old boat"), QStringLiteral("today")}));
        QCOMPARE(difference.common, 2.0 * 8 / (9 + 11)); // To move the , ask a friend .
    }

    void edges()
    {
        QCOMPARE(wordDifference({}, {}).common, 1.0);
        QCOMPARE(wordDifference(QStringLiteral("a b"), QStringLiteral(" a  b ")).common, 1.0);
        QVERIFY(wordDifference(QStringLiteral("a b"), QStringLiteral("a b")).left.empty());
        const WordDifference all = wordDifference(QStringLiteral("a b"), {});
        QCOMPARE(all.left, (std::vector<TextSpan> {{0, 3}}));
        QCOMPARE(all.common, 0.0);
        const WordDifference other = wordDifference(QStringLiteral("a b c"), QStringLiteral("d e"));
        QCOMPARE(other.left, (std::vector<TextSpan> {{0, 5}}));
        QCOMPARE(other.right, (std::vector<TextSpan> {{0, 3}}));
        // Too much to say: nothing is marked.
        const WordDifference many = wordDifference(QStringLiteral("a b c"), QStringLiteral("d e"), 4);
        QVERIFY(many.left.empty() && many.right.empty());
        QCOMPARE(many.common, 0.0);
    }

    /// Random texts: what is not marked is the same on both sides, and no longer common subsequence exists.
    void isALongestCommonSubsequence()
    {
        QRandomGenerator random(7);
        for (int round = 0; round < 300; ++round) {
            QStringList sides[2];
            for (QStringList& side : sides)
                for (int i = random.bounded(12); i > 0; --i)
                    side << QString(QChar('a' + random.bounded(4)));
            const QString left = sides[0].join(QLatin1Char(' ')), right = sides[1].join(QLatin1Char(' '));
            const WordDifference difference = wordDifference(left, right);
            const QString common = rest(left, difference.left);
            QCOMPARE(common, rest(right, difference.right));
            std::vector<std::vector<int>> longest(
                std::size_t(sides[0].size() + 1), std::vector<int>(std::size_t(sides[1].size() + 1), 0));
            for (std::size_t i = 1; i < longest.size(); ++i)
                for (std::size_t j = 1; j < longest[i].size(); ++j)
                    longest[i][j] = sides[0][qsizetype(i - 1)] == sides[1][qsizetype(j - 1)]
                        ? longest[i - 1][j - 1] + 1
                        : std::max(longest[i - 1][j], longest[i][j - 1]);
            const int words = common.isEmpty() ? 0 : int(common.count(QLatin1Char(' ')) + 1);
            QCOMPARE(words, longest.back().back());
        }
    }
};

QTEST_MAIN(TestWordDiff)
#include "tst_word_diff.moc"

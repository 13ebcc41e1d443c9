// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/shell.h"

#include <QProcess>
#include <QTest>

using namespace mpo;

class TestShell : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// A shell reads back what went in.
    void isReadBackUnchanged_data()
    {
        QTest::addColumn<QByteArray>("word");
        for (const char* word : {"plain", "a b", "it's", "$HOME `id` \"x\"", "*", "", "--set=x", "new\nline", "\\",
                 "äö", "'", "''", "~", "a;b", "#no"})
            QTest::newRow(word) << QByteArray(word);
    }
    void isReadBackUnchanged()
    {
        QFETCH(QByteArray, word);
        const std::string quoted = shellQuoted(word.toStdString());
        QProcess shell;
        shell.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QString::fromStdString("printf %s " + quoted)});
        QVERIFY(shell.waitForFinished());
        QCOMPARE(shell.readAllStandardOutput(), word);
    }
    void plainWordsStayPlain()
    {
        QCOMPARE(shellQuoted("models/rm-1_b.safe=1e-5"), std::string("models/rm-1_b.safe=1e-5"));
        QCOMPARE(shellQuoted("a b"), std::string("'a b'"));
    }
};

QTEST_GUILESS_MAIN(TestShell)
#include "tst_shell.moc"

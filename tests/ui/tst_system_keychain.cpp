// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/key_store.h"

#include <QTest>

using namespace mpo;

/// The keychain of this desktop, which is asked only where MPO_TEST_KEYCHAIN is set: it may want a password, and holds
/// the user's own secrets.
class TestSystemKeychain : public QObject
{
    Q_OBJECT

    static QString account() { return QStringLiteral("tst_system_keychain.invalid"); }

private Q_SLOTS:
    void keepsAndForgets()
    {
        const auto keys = systemKeychain();
        if (!keys)
            QSKIP("built without QtKeychain");
        if (!qEnvironmentVariableIsSet("MPO_TEST_KEYCHAIN"))
            QSKIP("set MPO_TEST_KEYCHAIN=1 to use the keychain of this desktop");
        int answers = 0;
        QString found, problem;
        const auto told = [&](const QString& error) {
            problem += error;
            ++answers;
        };
        const auto read = [&] {
            found.clear();
            keys->read(account(), this, [&](const QString& key, const QString& error) {
                found = key;
                told(error);
            });
        };
        keys->write(account(), QStringLiteral("s3cret \u00e4"), this, told);
        QTRY_COMPARE_WITH_TIMEOUT(answers, 1, 20000);
        QCOMPARE(problem, QString());
        read();
        QTRY_COMPARE_WITH_TIMEOUT(answers, 2, 20000);
        QCOMPARE(found, QStringLiteral("s3cret \u00e4"));
        keys->remove(account(), this, told);
        QTRY_COMPARE_WITH_TIMEOUT(answers, 3, 20000);
        read();
        QTRY_COMPARE_WITH_TIMEOUT(answers, 4, 20000);
        QCOMPARE(found, QString());
        keys->remove(account(), this, told); // nothing there: no error
        QTRY_COMPARE_WITH_TIMEOUT(answers, 5, 20000);
        QCOMPARE(problem, QString());
    }
};

QTEST_GUILESS_MAIN(TestSystemKeychain)
#include "tst_system_keychain.moc"

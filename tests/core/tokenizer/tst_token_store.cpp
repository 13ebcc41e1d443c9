// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_store.h"

#include "core/tokenizer/tokenized_pair.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <numeric>

using namespace mpo;

class TestTokenStore : public QObject
{
    Q_OBJECT

    static TokenIds list(std::size_t length, TokenId first)
    {
        TokenIds ids(length);
        std::iota(ids.begin(), ids.end(), first);
        return ids;
    }

    /// Lists of many lengths, one of them larger than a chunk of 16 MiB; then whether all of them are as they were.
    static void fill(TokenStore& store)
    {
        std::vector<std::span<const TokenId>> views;
        std::vector<std::size_t> lengths;
        for (std::size_t i = 0; i < 60; ++i)
            lengths.push_back(i == 30 ? 5'000'000 : i * 9973 % 300'000);
        for (std::size_t i = 0; i < lengths.size(); ++i)
            views.push_back(store.add(list(lengths[i], TokenId(i))));
        std::size_t total = 0;
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            QVERIFY(std::ranges::equal(views[i], list(lengths[i], TokenId(i))));
            total += lengths[i] * sizeof(TokenId);
        }
        QCOMPARE(store.bytes(), total);
    }

private Q_SLOTS:
    void staysInMemory()
    {
        QTemporaryDir folder;
        TokenStore store(folder.path().toStdString());
        fill(store);
        QCOMPARE(store.bytesInFile(), std::size_t(0));
    }

    void goesToAFileThatNoFolderNames()
    {
        QTemporaryDir folder;
        TokenStore store(folder.path().toStdString(), /*inMemory=*/1);
        fill(store);
        QVERIFY(store.bytesInFile() > store.bytes() / 2);
        QVERIFY(QDir(folder.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
    }

    void memoryWhereThereCanBeNoFile()
    {
        TokenStore store("/proc/no/such/folder", 1);
        fill(store);
        QCOMPARE(store.bytesInFile(), std::size_t(0));
    }

    void viewsOutliveTheirPairs()
    {
        TokenizedPairs some;
        {
            TokenizedPairs all;
            for (TokenId i = 0; i < 1000; ++i)
                all.add({{i, i + 1}, {i + 2}, {}}, i);
            some = all.emptyWithStore();
            some.add(all[7]);
        }
        QCOMPARE(some.size(), std::size_t(1));
        QCOMPARE(some[0].index, 7);
        QVERIFY(std::ranges::equal(some[0].prompt, TokenIds {7, 8}));
        QVERIFY(some[0].rejected.empty());
    }
};

QTEST_APPLESS_MAIN(TestTokenStore)
#include "tst_token_store.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/page_heap.h"

#include <QTest>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

using namespace mpo;

class TestPageHeap : public QObject
{
    Q_OBJECT

    static constexpr std::size_t kMiB = std::size_t(1) << 20;

private Q_SLOTS:
    void handsOutAgainAlsoInOtherSizes()
    {
        PageHeap heap;
        void* const first = heap.take(10 * kMiB);
        void* const second = heap.take(6 * kMiB);
        QVERIFY(heap.giveBack(first) && heap.giveBack(second));
        QCOMPARE(heap.use().kept, 16 * kMiB);
        // Both are one range now: three of another size come from the same pages.
        std::vector<void*> parts;
        for (int i = 0; i < 3; ++i)
            parts.push_back(heap.take(5 * kMiB));
        QCOMPARE(heap.use().inUse, 15 * kMiB);
        QCOMPARE(heap.use().kept, std::size_t(0));
        QCOMPARE(heap.use().mostInUse, 16 * kMiB);
        for (void* part : parts)
            QVERIFY(heap.giveBack(part));
    }

    void neverKeepsMoreThanTheWorstMomentNeeded()
    {
        PageHeap heap;
        std::mt19937 draw(7);
        std::vector<void*> held;
        std::size_t most = 0;
        for (int i = 0; i < 20000; ++i) {
            held.push_back(heap.take(std::size_t(draw() % 3000 + 1) * 1024));
            while (held.size() > 40 || (!held.empty() && draw() % 2 == 0)) {
                std::swap(held[draw() % held.size()], held.back());
                heap.giveBack(held.back());
                held.pop_back();
            }
            const PageHeap::Use use = heap.use();
            most = std::max(most, use.inUse);
            QVERIFY(use.kept <= use.mostInUse);
        }
        // Pages that are in use in part: little more than what was in use.
        QVERIFY2(heap.use().mostInUse < most * 3 / 2,
            qPrintable(QString::number(double(heap.use().mostInUse) / double(most))));
        for (void* block : held)
            heap.giveBack(block);
        QCOMPARE(heap.use().inUse, std::size_t(0));
        heap.releaseKept();
        QCOMPARE(heap.use().kept, std::size_t(0));
        QCOMPARE(heap.use().mostInUse, std::size_t(0));
    }

    void pagesGivenBackAreZero()
    {
        PageHeap heap;
        auto* const held = static_cast<char*>(heap.take(2 * kMiB)); // so that the segment stays
        auto* const block = static_cast<char*>(heap.take(8 * kMiB));
        std::memset(block, 1, 8 * kMiB);
        heap.giveBack(block);
        heap.releaseKept();
        auto* const again = static_cast<char*>(heap.take(8 * kMiB));
        QCOMPARE(again, block);
        QVERIFY(std::all_of(again, again + 8 * kMiB, [](char c) { return c == 0; }));
        heap.giveBack(again);
        heap.giveBack(held);
    }

    void blocksKeepWhatIsTheirs()
    {
        PageHeap heap;
        std::vector<std::thread> threads;
        std::vector<int> wrong(4, 0);
        for (std::size_t t = 0; t < wrong.size(); ++t)
            threads.emplace_back([&heap, &wrong, t] {
                struct Block
                {
                    char* place;
                    std::size_t size;
                    char content;
                };
                std::mt19937 draw(static_cast<unsigned>(t));
                std::vector<Block> held;
                for (int i = 0; i < 2000; ++i) {
                    const std::size_t size = 100'000 + draw() % 1'000'000;
                    held.push_back({static_cast<char*>(heap.take(size)), size, char(t * 50 + std::size_t(i) % 50)});
                    for (std::size_t at = 0; at < size; at += 4096)
                        held.back().place[at] = held.back().content;
                    held.back().place[size - 1] = held.back().content;
                    while (held.size() > 8) {
                        std::swap(held[draw() % held.size()], held.back());
                        const Block block = held.back();
                        held.pop_back();
                        for (std::size_t at = 0; at < block.size; at += 4096)
                            wrong[t] += block.place[at] != block.content;
                        wrong[t] += block.place[block.size - 1] != block.content;
                        wrong[t] += !heap.giveBack(block.place);
                    }
                }
                for (const Block& block : held)
                    wrong[t] += !heap.giveBack(block.place);
            });
        for (std::thread& thread : threads)
            thread.join();
        for (const int count : wrong)
            QCOMPARE(count, 0);
        QCOMPARE(heap.use().inUse, std::size_t(0));
    }

    void knowsItsOwn()
    {
        PageHeap heap;
        int other = 0;
        QVERIFY(!heap.giveBack(&other));
        QVERIFY(!heap.giveBack(nullptr));
        void* const block = heap.take(1);
        QVERIFY(!heap.giveBack(static_cast<char*>(block) + 64));
        QVERIFY(heap.giveBack(block));
        QVERIFY(!heap.giveBack(block));
    }

    void saysWhenThereIsNoMemory()
    {
        PageHeap heap;
        QCOMPARE(heap.take(std::size_t(1) << 60), nullptr);
        QCOMPARE(heap.take(std::size_t(-1)), nullptr);
        QCOMPARE(heap.use().inUse, std::size_t(0));
    }
};

QTEST_APPLESS_MAIN(TestPageHeap)
#include "tst_page_heap.moc"

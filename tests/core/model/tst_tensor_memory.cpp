// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_memory.h"

#include <ATen/ATen.h>
#include <QTest>

#include <thread>
#include <vector>

using namespace mpo;

class TestTensorMemory : public QObject
{
    Q_OBJECT

    static at::Tensor bytes(std::int64_t count) { return at::empty({count}, at::kByte); }
    static constexpr std::int64_t kMiB = std::int64_t(1) << 20;

private Q_SLOTS:
    void initTestCase()
    {
        const at::Tensor before = bytes(3 * kMiB); // of the allocator that was there
        keepTensorMemory();
        keepTensorMemory();
    }

    void handsOutAgainWhatFits()
    {
        void* place = nullptr;
        {
            const at::Tensor first = bytes(10 * kMiB);
            place = first.data_ptr();
        }
        QVERIFY(tensorMemoryUse().kept >= std::size_t(10 * kMiB));
        const at::Tensor nearlyTheSame = bytes(10 * kMiB - 1000);
        QCOMPARE(nearlyTheSame.data_ptr(), place);
        const at::Tensor other = bytes(10 * kMiB);
        QVERIFY(other.data_ptr() != place);
    }

    void neverKeepsMoreThanTheWorstMomentNeeded()
    {
        releaseTensorMemory();
        const std::size_t before = tensorMemoryUse().inUse;
        for (std::int64_t size = 2; size < 40; ++size) {
            const at::Tensor one = bytes(size * kMiB); // none fits for the next
            const TensorMemoryUse use = tensorMemoryUse();
            QVERIFY(use.inUse + use.kept <= use.mostInUse);
        }
        QVERIFY(tensorMemoryUse().mostInUse < before + std::size_t(45 * kMiB));
        releaseTensorMemory();
        QCOMPARE(tensorMemoryUse().kept, std::size_t(0));
        QCOMPARE(tensorMemoryUse().inUse, before);
    }

    void smallOnesAreTheHeaps()
    {
        const std::size_t before = tensorMemoryUse().inUse;
        const at::Tensor small = bytes(1000);
        QCOMPARE(tensorMemoryUse().inUse, before);
    }

    void tensorsKeepWhatIsTheirs()
    {
        std::vector<std::thread> threads;
        std::vector<int> wrong(4, 0);
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&wrong, t] {
                std::vector<at::Tensor> held;
                for (int i = 0; i < 200; ++i) {
                    held.push_back(at::full({kMiB + 4096 * (i % 7)}, std::int64_t(t * 50 + i % 50), at::kByte));
                    if (i % 3 == 0)
                        held.erase(held.begin() + i % std::int64_t(held.size()));
                    if (held.size() > 12)
                        held.erase(held.begin());
                    for (const at::Tensor& tensor : held)
                        wrong[std::size_t(t)]
                            += !(tensor[0].item<int>() == tensor[-1].item<int>() && tensor[0].item<int>() / 50 == t);
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        for (const int count : wrong)
            QCOMPARE(count, 0);
    }

    void saysWhenThereIsNoMemory()
    {
        try {
            const at::Tensor tooLarge = bytes(std::int64_t(1) << 55);
            QFAIL("there was memory");
        } catch (const std::exception& error) {
            QVERIFY(QString::fromUtf8(error.what()).contains(QLatin1String("allocate memory")));
        }
    }
};

QTEST_APPLESS_MAIN(TestTensorMemory)
#include "tst_tensor_memory.moc"

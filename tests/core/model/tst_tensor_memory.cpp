// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_memory.h"

#include <ATen/ATen.h>
#include <QTest>

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

    void largeOnesComeFromTheHeapOfPages()
    {
        {
            const at::Tensor first = bytes(10 * kMiB);
            QCOMPARE(tensorMemoryUse().inUse, std::size_t(10 * kMiB));
        }
        QCOMPARE(tensorMemoryUse().inUse, std::size_t(0));
        QCOMPARE(tensorMemoryUse().kept, std::size_t(10 * kMiB));
        releaseTensorMemory();
        QCOMPARE(tensorMemoryUse().kept, std::size_t(0));
    }

    void smallOnesAreTheHeaps()
    {
        const std::size_t before = tensorMemoryUse().inUse;
        const at::Tensor small = bytes(1000);
        QCOMPARE(tensorMemoryUse().inUse, before);
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

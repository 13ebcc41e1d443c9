// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/row_split_product.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

using namespace mpo;

/// Against the product of the same numbers in double.
class TestRowSplitProduct : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { at::set_num_threads(m_threads); }

    void equalsTheProductInDouble_data()
    {
        QTest::addColumn<int>("threads");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("outputs");
        QTest::addColumn<bool>("transposed");
        for (const int threads : {1, 2, 3})
            for (const int rows : {1, 639, 640, 641, 1071, 1400})
                for (const int outputs : {100, 200, 576, 1300})
                    for (const bool transposed : {false, true})
                        QTest::addRow("%d threads, %d rows, %d outputs%s", threads, rows, outputs,
                            transposed ? ", transposed" : "")
                            << threads << rows << outputs << transposed;
    }
    void equalsTheProductInDouble()
    {
        QFETCH(int, threads);
        QFETCH(int, rows);
        QFETCH(int, outputs);
        QFETCH(bool, transposed);
        at::manual_seed(7);
        at::set_num_threads(threads);
        const at::Tensor a = at::randn({rows, 96}).to(at::kBFloat16);
        const at::Tensor w = (transposed ? at::randn({outputs, 96}) : at::randn({96, outputs})).to(at::kBFloat16);
        const at::Tensor b = transposed ? w.t() : w;
        const at::Tensor y = rowSplitProduct(a, b);
        QCOMPARE(y.scalar_type(), at::kBFloat16);
        const at::Tensor exact = a.to(at::kDouble).matmul(b.to(at::kDouble));
        const double error = ((y.to(at::kDouble) - exact).abs() / (exact.abs() + 1.0)).max().item<double>();
        QVERIFY2(error < 0x1p-8, qPrintable(QString::number(error))); // half a rounding, and the sums'
    }

    void failuresReachTheCaller()
    {
        at::set_num_threads(2);
        const at::Tensor a = at::randn({700, 96}).to(at::kBFloat16), b = at::randn({95, 576}).to(at::kBFloat16);
        QVERIFY_THROWS_EXCEPTION(c10::Error, rowSplitProduct(a, b));
    }

private:
    const int m_threads = at::get_num_threads();
};

QTEST_APPLESS_MAIN(TestRowSplitProduct)
#include "tst_row_split_product.moc"

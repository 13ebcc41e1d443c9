// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_quants.h"
#include "core/model/tensor_file.h"
#include "core/support/file.h"
#include "tests/common/gguf_bytes.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

#include <cstring>

using namespace mpo;
namespace fs = std::filesystem;

class TestGgufQuants : public QObject
{
    Q_OBJECT
    static fs::path fixture(const char* name) { return fs::path(MPO_FIXTURES) / "gguf" / name; }

private Q_SLOTS:
    /// tests/fixtures/gguf/make_gguf_fixture.py: random blocks, zeros, ones, and scales from the smallest to infinity.
    void bitsEqualThePackageGguf()
    {
        const auto expected = readTensorFile(fixture("quants.safetensors"));
        const auto read = dequantisedTensors(GgufFile(fixture("quants.gguf")));
        QCOMPARE(read.size(), expected.size());
        QCOMPARE(read.size(), std::size_t(14));
        for (const auto& [name, theirs] : expected) {
            const at::Tensor& ours = read.at(name);
            QVERIFY2(ours.sizes() == theirs.sizes() && ours.numel() >= 256, name.c_str());
            const auto *a = ours.const_data_ptr<float>(), *b = theirs.const_data_ptr<float>();
            int finite = 0;
            for (std::int64_t i = 0; i < ours.numel(); ++i) {
                finite += std::isfinite(b[i]);
                const bool same = (std::isnan(a[i]) && std::isnan(b[i])) || std::memcmp(a + i, b + i, 4) == 0;
                QVERIFY2(same,
                    qPrintable(QStringLiteral("%1[%2]: %3 instead of %4")
                                   .arg(QString::fromStdString(name))
                                   .arg(i)
                                   .arg(double(a[i]))
                                   .arg(double(b[i]))));
            }
            QVERIFY2(finite > ours.numel() / 2, name.c_str());
        }
    }

    /// More pieces than threads, and a last piece that is shorter.
    void largeTensorsAreSharedOut()
    {
        const QTemporaryDir folder;
        const fs::path path = fs::path(folder.path().toStdString()) / "large.gguf";
        constexpr std::uint64_t kRows = 9001, kColumns = 96;
        std::string bytes;
        for (std::uint64_t block = 0; block < kRows * kColumns / 32; ++block)
            bytes.append(GgufBytes::raw(std::uint16_t(0x3C00))).append(32, char(block % 251)); // scale 1
        writeFileAtomically(path, GgufBytes().tensor("t", {kColumns, kRows}, 8, bytes).bytes());
        const auto read = dequantisedTensors(GgufFile(path));
        const at::Tensor blocks = read.at("t").view({-1, 32});
        const at::Tensor expected = at::arange(blocks.size(0)).remainder(251).to(at::kChar).to(at::kFloat);
        QVERIFY(at::equal(blocks, expected.unsqueeze(1).expand_as(blocks)));
        QVERIFY(read.at("t").sizes() == at::IntArrayRef({std::int64_t(kRows), std::int64_t(kColumns)}));
    }

    void otherTypesAreNamed()
    {
        const QTemporaryDir folder;
        const fs::path path = fs::path(folder.path().toStdString()) / "other.gguf";
        writeFileAtomically(path, GgufBytes().tensor("blk.0.w", {256}, 16, std::string(66, '\0')).bytes());
        const std::string message = messageOf([&] { dequantisedTensors(GgufFile(path)); });
        QVERIFY2(message.find("tensor blk.0.w has the type IQ2_XXS, which is not supported; take a file with F32, F16")
                != std::string::npos,
            message.c_str());
    }
};

QTEST_GUILESS_MAIN(TestGgufQuants)
#include "tst_gguf_quants.moc"

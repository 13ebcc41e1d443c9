// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_file.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

using namespace mpo;
namespace fs = std::filesystem;

class TestTensorFile : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

    /// A file made by hand: header and body as given.
    fs::path file(const std::string& header, const std::string& body) const
    {
        const std::uint64_t size = header.size();
        const fs::path result = path("made.safetensors");
        writeFileAtomically(result, std::string(reinterpret_cast<const char*>(&size), 8) + header + body);
        return result;
    }

    /// The sentence with which the file is refused; empty: it was read.
    static QString refusal(const fs::path& file)
    {
        try {
            readTensorFile(file);
            return {};
        } catch (const Error& error) {
            return QString::fromUtf8(error.what());
        }
    }

private Q_SLOTS:
    void everyTypeComesBackBitForBit()
    {
        const NamedTensors written {{"f32", at::randn({3, 5})}, {"bf16", at::randn({7}).to(at::kBFloat16)},
            {"f16", at::randn({2, 2}).to(at::kHalf)}, {"f64", at::randn({4}, at::kDouble)},
            {"i64", at::tensor({std::int64_t(-5), std::int64_t(1) << 40})}, {"i32", at::tensor({1, -2, 3})},
            {"u8", at::tensor({0, 255}).to(at::kByte)}, {"bool", at::tensor({0, 1, 1}).to(at::kBool)},
            {"scalar", at::scalar_tensor(2.5)}, {"empty", at::empty({0, 4})}, {"turned", at::randn({4, 6}).t()}};
        writeTensorFile(path("all.safetensors"), written, {{"note", "a test"}});
        const auto read = readTensorFile(path("all.safetensors"));
        QCOMPARE(read.size(), written.size());
        for (const auto& [name, tensor] : written) {
            QCOMPARE(read.at(name).scalar_type(), tensor.scalar_type());
            QVERIFY2(at::equal(read.at(name), tensor), name.c_str());
        }
        const std::string bytes = readTextFile(path("all.safetensors"));
        QVERIFY(bytes.find("\"format\":\"pt\"") != std::string::npos
            && bytes.find("\"note\":\"a test\"") != std::string::npos);
        QCOMPARE(
            std::distance(fs::directory_iterator(fs::path(m_folder.path().toStdString())), fs::directory_iterator()),
            std::ptrdiff_t(1));
    }

    /// Bytes written down by hand after the format's description.
    void layoutIsTheFormats()
    {
        using namespace std::string_literals;
        const auto read = readTensorFile(file(
            R"({"b":{"dtype":"I32","shape":[2],"data_offsets":[4,12]},"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}   )",
            "\x80\x3f\x00\xc0\x01\x00\x00\x00\xff\xff\xff\xff"s));
        QVERIFY(at::equal(read.at("a").to(at::kFloat), at::tensor({1.0F, -2.0F}).view({1, 2})));
        QVERIFY(at::equal(read.at("b"), at::tensor({1, -1}, at::kInt)));
    }

    void attacksAreRefused_data()
    {
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<int>("bodySize");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const char* header, int size, const char* says) {
            QTest::newRow(name) << QByteArray(header) << size << QString::fromUtf8(says);
        };
        row("overlap",
            R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
            12, "tensor b");
        row("hole",
            R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
            12, "tensor b");
        row("hole in front", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "tensor a");
        row("bytes left over", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 9, "holds 9");
        row("body too short", R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", 8, "cut or damaged");
        row("key twice",
            R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
            4, "twice");
        row("field twice", R"({"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}})", 4, "twice");
        row("negative dimension", R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "dimension");
        row("negative offset", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 0, "data offset");
        row("offsets swapped", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "offsets");
        row("fraction", R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "dimension");
        row("product overflows to 0", R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
            0, "impossible shape");
        row("overflow beside a zero", R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}})",
            0, "impossible shape");
        row("dimension above 2^64", R"({"a":{"dtype":"F32","shape":[99999999999999999999999],"data_offsets":[0,4]}})",
            4, "dimension");
        row("too many dimensions",
            R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1,
            "dimensions");
        row("shape and size differ", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "takes 8 bytes");
        row("unknown type", R"({"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}})", 4, "type F4");
        row("no type", R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4, "tensor a");
        row("three offsets", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4, "tensor a");
        row("entry is a number", R"({"a":1})", 0, "tensor a");
        row("header is a list", R"([1])", 0, "not a safetensors");
        row("leading blank", R"( {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4, "not a safetensors");
        row("text behind the object", R"({}{})", 0, "made.safetensors");
        row("metadata of numbers", R"({"__metadata__":{"a":1}})", 0, "__metadata__");
        row("truth value 2", R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", 1, "BOOL");
        row("deep nesting", QByteArray(R"({"a":)" + QByteArray(5000, '[') + QByteArray(5000, ']') + "}").constData(), 0,
            "deep");
    }
    void attacksAreRefused()
    {
        QFETCH(QByteArray, header);
        QFETCH(int, bodySize);
        QFETCH(QString, says);
        const QString sentence = refusal(file(header.toStdString(), std::string(std::size_t(bodySize), '\2')));
        QVERIFY2(
            sentence.contains(QStringLiteral("made.safetensors")) && sentence.contains(says), qPrintable(sentence));
    }

    void hugeHeadersAreRefused()
    {
        for (const std::uint64_t size :
            {std::uint64_t(100'000'001), std::uint64_t(1) << 40, ~std::uint64_t(0), ~std::uint64_t(0) - 7}) {
            writeFileAtomically(path("made.safetensors"), std::string(reinterpret_cast<const char*>(&size), 8) + "{}");
            QVERIFY(refusal(path("made.safetensors")).contains(QStringLiteral("header")));
        }
        QVERIFY(refusal(path("absent.safetensors")).contains(QStringLiteral("absent.safetensors")));
    }

    /// Every cut is refused, and every flipped bit of the header either changes nothing that matters or is refused:
    /// never a crash.
    void cutsAndFlippedBits()
    {
        writeTensorFile(path("cut.safetensors"), {{"one", at::randn({5, 3})}, {"two", at::arange(9)}});
        const std::string whole = readTextFile(path("cut.safetensors"));
        std::uint64_t header = 0;
        std::copy_n(whole.data(), 8, reinterpret_cast<char*>(&header));
        const fs::path cut = path("made.safetensors");
        const auto write = [&](const std::string& bytes) {
            QFile out(QString::fromStdString(cut.string()));
            return out.open(QIODevice::WriteOnly | QIODevice::Truncate)
                && out.write(bytes.data(), qint64(bytes.size())) == qint64(bytes.size());
        };
        for (std::size_t length = 0; length < whole.size(); ++length) {
            QVERIFY(write(whole.substr(0, length)));
            QVERIFY2(refusal(cut).contains(QStringLiteral("made.safetensors")), qPrintable(QString::number(length)));
        }
        int refused = 0;
        for (std::size_t place = 0; place < 8 + header; ++place)
            for (int bit = 0; bit < 8; ++bit) {
                std::string changed = whole;
                changed[place] = char(changed[place] ^ (1 << bit));
                QVERIFY(write(changed));
                refused += !refusal(cut).isEmpty();
            }
        QVERIFY(refused > 64); // all of the length's bits at least
    }

    void shardsStayInTheirFolder()
    {
        const fs::path folder = path("sharded");
        fs::create_directories(folder);
        writeTensorFile(folder / "model-00001-of-00002.safetensors", {{"a", at::ones({2})}});
        writeTensorFile(folder / "model-00002-of-00002.safetensors", {{"b", at::zeros({3})}});
        const auto read = [&](const std::string& second) {
            writeJsonFile(folder / "model.safetensors.index.json",
                {{"metadata", {{"total_size", 20}}},
                    {"weight_map", {{"a", "model-00001-of-00002.safetensors"}, {"b", second}}}});
            return readModelTensors(folder);
        };
        QVERIFY(at::equal(read("model-00002-of-00002.safetensors").at("b"), at::zeros({3})));

        writeTensorFile(path("outside.safetensors"), {{"b", at::zeros({3})}});
        fs::create_symlink(path("outside.safetensors"), folder / "linked.safetensors");
        for (const char* name : {"../outside.safetensors", "/etc/passwd", "..", ".", "", "a\\b", "linked.safetensors",
                 "absent.safetensors"})
            QVERIFY_EXCEPTION_THROWN(read(name), Error);
        // Named in the index, but not in the shard.
        QVERIFY_EXCEPTION_THROWN(read("model-00001-of-00002.safetensors"), Error);
    }

    /// The cache of the hub: snapshots/ID/FILE is a link to blobs/HASH.
    void linksOfTheHubCacheAreRead()
    {
        const fs::path cache = path("models--org--name"), folder = cache / "snapshots" / "0a1b";
        fs::create_directories(folder);
        writeTensorFile(cache / "blobs" / "ffee", {{"a", at::ones({2})}});
        fs::create_symlink("../../blobs/ffee", folder / "model-00001-of-00001.safetensors");
        writeFileAtomically(
            folder / "model.safetensors.index.json", R"({"weight_map":{"a":"model-00001-of-00001.safetensors"}})");
        QVERIFY(at::equal(readModelTensors(folder).at("a"), at::ones({2})));
    }

    void pickleIsNamed()
    {
        fs::create_directories(path("old"));
        writeFileAtomically(path("old") / "pytorch_model.bin", "x");
        try {
            readModelTensors(path("old"));
            QFAIL("read");
        } catch (const Error& error) {
            QVERIFY(QString::fromUtf8(error.what()).contains(QStringLiteral("safetensors")));
        }
    }
};

QTEST_GUILESS_MAIN(TestTensorFile)
#include "tst_tensor_file.moc"

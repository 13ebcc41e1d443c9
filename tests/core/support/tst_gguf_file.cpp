// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/file.h"
#include "core/support/gguf_file.h"
#include "core/support/random.h"
#include "tests/common/gguf_bytes.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

class TestGgufFile : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path file(const std::string& bytes) const
    {
        const fs::path path = fs::path(m_folder.path().toStdString()) / "made.gguf";
        std::ofstream(path, std::ios::binary) << bytes; // not on disk for good: this is done thousands of times
        return path;
    }
    QString refusal(const std::string& bytes) const
    {
        return QString::fromStdString(messageOf([&] { GgufFile {file(bytes)}; }));
    }

    static GgufBytes sound()
    {
        GgufBytes made;
        made.key("general.architecture", "llama").key("llama.block_count", 2u).key("llama.eps", 0.5f);
        made.key("u8", 0, GgufBytes::raw(std::uint8_t(200))).key("i8", 1, GgufBytes::raw(std::int8_t(-3)));
        made.key("u16", 2, GgufBytes::raw(std::uint16_t(60000))).key("i16", 3, GgufBytes::raw(std::int16_t(-300)));
        made.key("i32", 5, GgufBytes::raw(std::int32_t(-70000))).key("yes", 7, GgufBytes::raw(std::uint8_t(1)));
        made.key("u64", 10, GgufBytes::raw(std::uint64_t(1) << 63)).key("i64", 11, GgufBytes::raw(std::int64_t(-5)));
        made.key("f64", 12, GgufBytes::raw(0.1)).key("texts", std::vector<std::string> {"a", "", "\xc3\xa4 b"});
        made.keys<std::int32_t>("ids", 5, {3, -1}).keys<float>("scores", 6, {-1.5f, 0.0f});
        made.keys<std::uint8_t>("flags", 7, {1, 0, 1}).keys<std::uint8_t>("none", 7, {});
        made.tensor("a", {3, 2}, 0, std::string(24, '\x01')).tensor("b", {32}, 8, std::string(34, '\x02'));
        return made;
    }

private Q_SLOTS:
    void everyKindOfValueIsRead_data()
    {
        QTest::addColumn<unsigned>("version");
        QTest::newRow("2") << 2u;
        QTest::newRow("3") << 3u;
    }
    void everyKindOfValueIsRead()
    {
        QFETCH(unsigned, version);
        GgufBytes made = sound();
        made.version = version;
        const GgufFile read(file(made.bytes()));
        QCOMPARE(*read.get<std::string>("general.architecture"), std::string("llama"));
        for (const auto& [key, value] : {std::pair {"llama.block_count", 2}, {"u8", 200}, {"i8", -3}, {"u16", 60000},
                 {"i16", -300}, {"i32", -70000}, {"i64", -5}})
            QCOMPARE(*read.get<std::int64_t>(key), std::int64_t(value));
        QCOMPARE(*read.get<double>("llama.eps"), 0.5);
        QCOMPARE(*read.get<double>("f64"), 0.1);
        QCOMPARE(*read.get<double>("u64"), std::ldexp(1.0, 63));
        QCOMPARE(*read.get<bool>("yes"), true);
        QCOMPARE(*read.get<std::vector<std::string>>("texts"), (std::vector<std::string> {"a", "", "\xc3\xa4 b"}));
        QCOMPARE(*read.get<std::vector<std::int64_t>>("ids"), (std::vector<std::int64_t> {3, -1}));
        QCOMPARE(*read.get<std::vector<double>>("scores"), (std::vector<double> {-1.5, 0.0}));
        QCOMPARE(*read.get<std::vector<bool>>("flags"), (std::vector<bool> {true, false, true}));
        QVERIFY(read.get<std::vector<bool>>("none")->empty());
        QVERIFY(!read.get<bool>("absent"));
        QVERIFY(messageOf([&] { (void)read.get<bool>("ids"); }).find("\"ids\" has a value of an unexpected type")
            != std::string::npos);

        QCOMPARE(read.tensors().size(), std::size_t(2));
        const GgufTensor *a = read.tensor("a"), *b = read.tensor("b");
        QCOMPARE(a->shape, (std::vector<std::int64_t> {2, 3})); // slowest first
        QCOMPARE(a->bytes.size(), std::size_t(24));
        QCOMPARE(int(a->bytes[23]), 1);
        QCOMPARE(std::string(b->type->name), std::string("Q8_0"));
        QCOMPARE(b->bytes.size(), std::size_t(34));
        QCOMPARE(int(b->bytes[0]), 2);
        QVERIFY(!read.tensor("c"));
    }

    void alignmentIsObeyed()
    {
        GgufBytes made;
        made.alignment = 64;
        made.key("general.alignment", 64u).tensor("a", {1}, 0, "abcd").tensor("b", {1}, 0, "efgh");
        const GgufFile read(file(made.bytes()));
        QCOMPARE(int(read.tensor("b")->bytes[0]), int('e'));
        QCOMPARE(read.tensor("b")->bytes.data() - read.tensor("a")->bytes.data(), std::ptrdiff_t(64));
    }

    void damageIsNamed_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, const std::string& bytes, const char* says) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString::fromUtf8(says);
        };
        const auto with = [](auto change) {
            GgufBytes made;
            change(made);
            return made.bytes();
        };
        const std::string tail(64, '\0');
        row("empty", "", "not a GGUF file");
        row("another file", "PK\x03\x04 and more than that, much more", "not a GGUF file");
        row("before GGUF", "tjgg\x03" + tail, "from before GGUF");
        row("version 1", with([](GgufBytes& m) { m.version = 1; }), "GGUF version 1 is not supported");
        row("version 4", with([](GgufBytes& m) { m.version = 4; }), "GGUF version 4 is not known; there are 2 and 3");
        row("big-endian", with([](GgufBytes& m) { m.version = 0x03000000; }), "big-endian");
        row("only the mark", "GGUF", "it ends inside the header");
        row("counts missing", "GGUF" + GgufBytes::raw(3u) + "abc", "it ends inside the header");
        row("absurd count of keys", "GGUF" + GgufBytes::raw(3u) + std::string(8, '\0') + std::string(8, '\xff'),
            "0 tensors and 18446744073709551615 keys");
        row("absurd count of tensors",
            "GGUF" + GgufBytes::raw(3u) + GgufBytes::raw(std::uint64_t(1) << 40) + std::string(8, '\0'),
            "1099511627776 tensors");
        row("key twice", with([](GgufBytes& m) { m.key("k", 1u).key("k", 2u); }), "\"k\" stands twice");
        row("unknown type of value", with([](GgufBytes& m) { m.key("k", 13, "abcd"); }), "unknown type 13");
        row("list of lists",
            with([](GgufBytes& m) { m.key("k", 9, GgufBytes::raw(9u) + GgufBytes::raw(std::uint64_t(0))); }),
            "list of lists");
        row("list longer than the file",
            with([](GgufBytes& m) { m.key("k", 9, GgufBytes::raw(4u) + GgufBytes::raw(std::uint64_t(1000))); }),
            "it has 1000 elements, more than there can be");
        row("list of absurd length",
            with([](GgufBytes& m) { m.key("k", 9, GgufBytes::raw(8u) + GgufBytes::raw(~std::uint64_t(0))); }),
            "more than there can be");
        row("text of absurd length", with([](GgufBytes& m) { m.key("k", 8, GgufBytes::raw(~std::uint64_t(0))); }),
            "a text of 18446744073709551615 bytes");
        row("text longer than the file", with([](GgufBytes& m) { m.key("k", 8, GgufBytes::raw(std::uint64_t(900))); }),
            "it ends inside the header");
        row("neither true nor false", with([](GgufBytes& m) { m.key("k", 7, "\x02"); }), "neither true nor false");
        row("alignment 0", with([](GgufBytes& m) { m.key("general.alignment", 0u); }), "no power of two");
        row("alignment 48", with([](GgufBytes& m) { m.key("general.alignment", 48u); }), "no power of two");
        row("alignment a text", with([](GgufBytes& m) { m.key("general.alignment", "32"); }), "unexpected type");
        row("unknown type of tensor", with([&](GgufBytes& m) { m.tensor("t", {1}, 4, tail); }), "type 4");
        row("five dimensions", with([&](GgufBytes& m) { m.tensor("t", {1, 1, 1, 1, 1}, 0, tail); }), "5 dimensions");
        row("no extent", with([&](GgufBytes& m) { m.tensor("t", {4, 0}, 0, tail); }), "impossible shape");
        row("negative extent", with([&](GgufBytes& m) { m.tensor("t", {~std::uint64_t(0)}, 0, tail); }),
            "impossible shape");
        row("product that overflows", with([&](GgufBytes& m) {
            m.tensor("t", {std::uint64_t(1) << 32, std::uint64_t(1) << 32, 4}, 0, tail);
        }),
            "impossible shape");
        row("half a block", with([&](GgufBytes& m) {
            m.tensor("t", {48, 2}, 2, tail);
        }),
            "rows of 48 numbers, but Q4_0 stores 32");
        row("tensor twice", with([&](GgufBytes& m) { m.tensor("t", {1}, 0, tail).tensor("t", {1}, 0, tail); }),
            "t stands twice");
        row("beyond the end", with([&](GgufBytes& m) { m.tensor("t", {17}, 0, tail); }), "beyond the end");
        row("offset beyond the end", with([&](GgufBytes& m) { m.tensorAt("t", {1}, 0, 1u << 20, tail); }),
            "beyond the end");
        row("offset that overflows", with([&](GgufBytes& m) { m.tensorAt("t", {16}, 0, ~std::uint64_t(31), tail); }),
            "beyond the end");
        row("unaligned", with([&](GgufBytes& m) { m.tensorAt("t", {1}, 0, 4, tail); }), "multiple of 32");
        row("overlap", with([&](GgufBytes& m) { m.tensor("a", {16}, 0, tail).tensorAt("b", {8}, 0, 32, tail); }),
            "tensors a and b overlap");
    }
    void damageIsNamed()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, says);
        const QString message = refusal(bytes.toStdString());
        QVERIFY2(message.contains(says) && message.contains(QStringLiteral("made.gguf")), qPrintable(message));
    }

    /// Every beginning of a sound file and many changed bytes: read or refused in one sentence, never more.
    void noBytesBringItDown()
    {
        const std::string whole = sound().bytes();
        for (std::size_t size = 0; size < whole.size() - 62; ++size) // the last tensor has 30 bytes of padding
            QVERIFY(refusal(whole.substr(0, size)) != QStringLiteral("no error"));
        RandomStream random(7, "fuzz");
        int readable = 0;
        constexpr int kRounds = 1000;
        for (int i = 0; i < kRounds; ++i) {
            std::string changed = whole;
            for (int k = int(random.below(4)); k >= 0; --k)
                changed[std::size_t(random.below(std::int64_t(changed.size())))] = char(random.below(256));
            readable += refusal(changed) == QStringLiteral("no error");
        }
        QVERIFY2(readable > 0 && readable < kRounds, std::to_string(readable).c_str());
    }

    void filesAreRecognised()
    {
        const fs::path folder(m_folder.path().toStdString());
        writeFileAtomically(folder / "named.gguf", "anything");
        writeFileAtomically(folder / "unnamed", "GGUF and more");
        writeFileAtomically(folder / "config.json", "{}");
        QVERIFY(isGgufFile(folder / "named.gguf") && isGgufFile(folder / "unnamed"));
        QVERIFY(!isGgufFile(folder / "config.json") && !isGgufFile(folder) && !isGgufFile(folder / "absent.gguf"));
        QVERIFY(messageOf([&] { GgufFile {folder}; }).find("cannot be read (Is a directory)") != std::string::npos);
        QVERIFY(
            messageOf([&] { GgufFile {folder / "absent"}; }).find("cannot be read (No such file") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestGgufFile)
#include "tst_gguf_file.moc"

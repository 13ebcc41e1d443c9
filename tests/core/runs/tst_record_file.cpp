// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/record_file.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

class TestRecordFile : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    fs::path write(const std::string& content) const
    {
        const fs::path file = fs::path(m_folder.path().toStdString()) / "records";
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

private Q_SLOTS:
    /// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
    void checksums()
    {
        QCOMPARE(crc32c("123456789"), 0xE3069283U);
        QCOMPARE(crc32c(std::string(32, '\0')), 0x8A9136AAU);
        QCOMPARE(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
        std::string rising, falling;
        for (int i = 0; i < 32; ++i) {
            rising += char(i);
            falling += char(31 - i);
        }
        QCOMPARE(crc32c(rising), 0x46DD794EU);
        QCOMPARE(crc32c(falling), 0x113FDB5CU);
    }

    void roundTrip()
    {
        const std::string large(100'000, 'x');
        RecordReader reader(write(recordOf("") + recordOf("one") + recordOf(large)));
        std::string data;
        QVERIFY(reader.next(data) && data.empty());
        QVERIFY(reader.next(data) && data == "one");
        QVERIFY(reader.next(data) && data == large);
        QVERIFY(!reader.next(data));
        QVERIFY(reader.problem().empty());
        QVERIFY(!reader.next(data));
    }

    void everyCutIsToldApartFromTheEnd()
    {
        const std::string whole = recordOf("first") + recordOf("second");
        const std::size_t border = recordOf("first").size();
        for (std::size_t length = 0; length < whole.size(); ++length) {
            RecordReader reader(write(whole.substr(0, length)));
            std::string data;
            std::size_t read = 0;
            while (reader.next(data))
                ++read;
            QCOMPARE(read, std::size_t(length >= border));
            const bool atBorder = length == 0 || length == border;
            QCOMPARE(reader.problem().empty(), atBorder);
            QCOMPARE(reader.cutOff(), !atBorder);
        }
    }

    void everyFlippedBitIsSeen()
    {
        const std::string whole = recordOf("first") + recordOf("second");
        for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
            std::string damaged = whole;
            damaged[bit / 8] = char(damaged[bit / 8] ^ (1 << (bit % 8)));
            RecordReader reader(write(damaged));
            std::string data;
            std::vector<std::string> read;
            while (reader.next(data))
                read.push_back(data);
            QVERIFY(read.size() < 2);
            QVERIFY(!reader.problem().empty());
            QVERIFY(read.empty() || read.front() == "first");
        }
    }

    void hugeLengthIsNotBelieved()
    {
        std::string head(8, '\xff'); // a length of 2^64 - 1 with its right checksum
        const std::uint32_t crc = maskedCrc32c(head);
        for (int i = 0; i < 4; ++i)
            head += char((crc >> (8 * i)) & 0xff);
        RecordReader reader(write(head + std::string(100, 'x')));
        std::string data;
        QVERIFY(!reader.next(data));
        QVERIFY(QByteArray::fromStdString(reader.problem()).contains("more than"));
    }

    void noFile()
    {
        QVERIFY(messageOf([] { RecordReader("/nowhere/at/all"); }).find("/nowhere/at/all: cannot be read") == 0);
        QVERIFY(messageOf([&] { RecordReader(m_folder.path().toStdString()); }).find("cannot be read")
            != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestRecordFile)
#include "tst_record_file.moc"

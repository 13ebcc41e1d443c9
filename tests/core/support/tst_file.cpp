// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/unfinished.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

using namespace mpo;
namespace fs = std::filesystem;

class TestFile : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

private Q_SLOTS:
    /// FIPS 180-2, appendix B: "abc", the 448-bit text, one million times 'a'; and nothing at all.
    void sha256OfTheStandard()
    {
        QCOMPARE(sha256("abc"), std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        QCOMPARE(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            std::string("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
        QCOMPARE(sha256(""), std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        writeFileAtomically(path("million"), std::string(1000000, 'a'));
        QCOMPARE(sha256OfFile(path("million")),
            std::string("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
        Sha256 pieces;
        pieces.add("a");
        pieces.add("");
        pieces.add("bc");
        QCOMPARE(pieces.hex(), sha256("abc"));
    }

    void contentIsReplacedAndNothingElseIsLeft()
    {
        const std::string binary("\0\xff\r\n", 4);
        writeFileAtomically(path("a/b/c.txt"), "old");
        ::chmod(path("a/b/c.txt").c_str(), 0600);
        writeFileAtomically(path("a/b/c.txt"), binary);
        QCOMPARE(readTextFile(path("a/b/c.txt")), binary);
        struct stat status
        {
        };
        QCOMPARE(::stat(path("a/b/c.txt").c_str(), &status), 0);
        QCOMPARE(int(status.st_mode & 0777), 0600); // a private file stays private
        QCOMPARE(std::distance(fs::directory_iterator(path("a/b")), fs::directory_iterator()), std::ptrdiff_t(1));
    }

    void whatDeadProcessesLeftGoes()
    {
        for (const char* name : {"left/out/a", "left/.out.12.tmp/a", "left/.out.13-2.tmp", "left/.other.12.tmp"})
            writeFileAtomically(path(name), "x");
        removeUnfinished(path("left/out"));
        QVERIFY(fs::exists(path("left/out/a")) && fs::exists(path("left/.other.12.tmp")));
        QVERIFY(!fs::exists(path("left/.out.12.tmp")) && !fs::exists(path("left/.out.13-2.tmp")));
        removeUnfinished(path("nowhere/out"));
    }

    /// A disk that is full in the middle of the write, here a limit on the size of files.
    void aFailedWriteLeavesTheOldContent()
    {
        writeFileAtomically(path("kept/a.txt"), "old");
        rlimit before {};
        getrlimit(RLIMIT_FSIZE, &before);
        const auto oldHandler = std::signal(SIGXFSZ, SIG_IGN);
        rlimit small = before;
        small.rlim_cur = 4096;
        setrlimit(RLIMIT_FSIZE, &small);
        const auto message = messageOf([&] { writeFileAtomically(path("kept/a.txt"), std::string(100000, 'x')); });
        setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, oldHandler);
        QVERIFY2(message.find("kept/a.txt: cannot be written (File too large)") != message.npos, message.c_str());
        QCOMPARE(readTextFile(path("kept/a.txt")), std::string("old"));
        QCOMPARE(std::distance(fs::directory_iterator(path("kept")), fs::directory_iterator()), std::ptrdiff_t(1));
    }

    void troubleNamesTheFile()
    {
        QVERIFY(messageOf([&] { readTextFile(path("nowhere")); }).ends_with("nowhere: no such file"));
        QVERIFY(messageOf([&] { readTextFile(m_folder.path().toStdString()); }).ends_with(": is a folder, not a file"));
        writeFileAtomically(path("long"), "12345");
        QVERIFY(messageOf([&] { readTextFile(path("long"), 4); }).find("long: larger than the 4 bytes")
            != std::string::npos);
        QCOMPARE(readTextFile(path("long"), 5), std::string("12345"));
        const auto message = messageOf([&] { writeFileAtomically(path("long/inside"), "x"); });
        QVERIFY2(message.find("long: the folder cannot be made") != message.npos, message.c_str());
    }
};

QTEST_GUILESS_MAIN(TestFile)
#include "tst_file.moc"

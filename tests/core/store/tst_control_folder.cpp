// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/control_folder.h"
#include "core/store/lock_file.h"
#include "core/store/run_log.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "core/support/random.h"
#include "store_test.h"

#include <QTest>

#include <fstream>
#include <thread>

using namespace mpo;
namespace fs = std::filesystem;

class TestControlFolder : public QObject
{
    Q_OBJECT

    static fs::path requestsOf(const TemporaryProject& temporary) { return temporary.folder / "control" / "requests"; }
    static std::size_t filesIn(const fs::path& folder)
    {
        return std::size_t(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
    }

private Q_SLOTS:
    void stateIsRead();
    void requestIsObeyedOnceAndAnswered();
    void requestsKeepTheirOrder();
    void staleRequestsAreIgnored();
    void answerOutlivesTheWriter();
    void nobodyWrites();
    void writerThatDiesIsTold();
    void noAnswerIsTold();
    void anythingMayLieThere();
    void linkIsNotFollowed();
    void looksDoNotTurnAWriterAway();
    void logRoundTrip();
};

void TestControlFolder::stateIsRead()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    QVERIFY(!readWriter(temporary.folder)); // it takes no requests yet
    QCOMPARE(writingProcess(temporary.folder), std::optional<long>(::getpid()));
    ControlFolder folder(temporary.folder);
    WriterState state;
    state.busy = true;
    state.run = 7;
    state.firstStep = 3;
    state.what = "Scoring \"pairs\"\n";
    state.share = 0.25;
    state.pipelineTitle = "DPO";
    state.pipelineStep = 2;
    state.pipelineSteps = 5;
    folder.publish(state);
    const auto read = readWriter(temporary.folder);
    QVERIFY(read.has_value());
    QCOMPARE(read->process, std::int64_t(::getpid()));
    QCOMPARE(read->program, std::string("tst_control_folder"));
    QCOMPARE(read->instance, folder.instance());
    state.instance = read->instance;
    state.process = read->process;
    state.program = read->program;
    QVERIFY(*read == state);
}

void TestControlFolder::requestIsObeyedOnceAndAnswered()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    ControlFolder folder(temporary.folder);
    folder.publish({});
    const std::string id = putRequest(temporary.folder, RequestKind::Checkpoint, 5);
    const auto requests = folder.newRequests();
    QCOMPARE(requests.size(), std::size_t(1));
    QCOMPARE(requests[0].id, id);
    QVERIFY(requests[0].kind == RequestKind::Checkpoint);
    QCOMPARE(requests[0].run, std::int64_t(5));
    QCOMPARE(requests[0].process, std::int64_t(::getpid()));
    QVERIFY(folder.newRequests().empty()); // although it still lies there
    QCOMPARE(filesIn(requestsOf(temporary)), std::size_t(1));
    QVERIFY(!takeAnswer(temporary.folder, id));
    folder.answer(requests[0], {true, "Step 12"});
    QCOMPARE(filesIn(requestsOf(temporary)), std::size_t(0));
    const auto answer = takeAnswer(temporary.folder, id);
    QVERIFY(answer && answer->done);
    QCOMPARE(answer->message, std::string("Step 12"));
    QVERIFY(!takeAnswer(temporary.folder, id)); // fetched
    QVERIFY(folder.newRequests().empty());
}

void TestControlFolder::requestsKeepTheirOrder()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    ControlFolder folder(temporary.folder);
    folder.publish({});
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(putRequest(temporary.folder, i % 2 ? RequestKind::Resume : RequestKind::Pause, 0));
        QTest::qSleep(12); // the clock of the file system
    }
    const auto requests = folder.newRequests();
    QCOMPARE(requests.size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
        QCOMPARE(requests[i].id, ids[i]);
}

/// What was meant for a writer that has gone is not for the next one, whenever it arrives.
void TestControlFolder::staleRequestsAreIgnored()
{
    const TemporaryProject temporary;
    std::string stale;
    Json late;
    QCOMPARE(exitCodeOfChild([&] {
        const auto project = temporary.open();
        ControlFolder folder(temporary.folder);
        folder.publish({});
        putRequest(temporary.folder, RequestKind::Stop, 0);
        return 0; // without a destructor: killed
    }),
        0);
    QCOMPARE(filesIn(requestsOf(temporary)), std::size_t(1));
    for (const auto& entry : fs::directory_iterator(requestsOf(temporary)))
        late = readJsonFile(entry.path());
    QVERIFY(!readWriter(temporary.folder)); // writer.json lies there, but nobody holds the lock
    const auto project = temporary.open();
    QVERIFY(!readWriter(temporary.folder)); // that of the dead one is not taken for ours
    ControlFolder folder(temporary.folder);
    folder.publish({});
    QVERIFY(folder.newRequests().empty());
    // One that comes only now, from somebody who has read the old writer.json.
    late["id"] = std::string(32, 'a');
    writeJsonFile(requestsOf(temporary) / (std::string(32, 'a') + ".json"), late);
    QVERIFY(folder.newRequests().empty());
    QCOMPARE(filesIn(requestsOf(temporary)), std::size_t(0));
}

/// The answer of a writer that has gone is there for the asker, also when the next one has come already.
void TestControlFolder::answerOutlivesTheWriter()
{
    const TemporaryProject temporary;
    std::string id;
    {
        const auto project = temporary.open();
        ControlFolder folder(temporary.folder);
        folder.publish({});
        id = putRequest(temporary.folder, RequestKind::Stop, 0);
        folder.answer(folder.newRequests().at(0), {true, "Stopping"});
    }
    const auto project = temporary.open();
    const ControlFolder folder(temporary.folder);
    const auto answer = takeAnswer(temporary.folder, id);
    QVERIFY(answer && answer->done);
}

void TestControlFolder::nobodyWrites()
{
    const TemporaryProject temporary;
    temporary.open().reset();
    QVERIFY(!writingProcess(temporary.folder));
    QVERIFY(contains(errorOf([&] { putRequest(temporary.folder, RequestKind::Pause, 0); }), "no program writes"));
    const auto project = temporary.open();
    QVERIFY(contains(errorOf([&] { putRequest(temporary.folder, RequestKind::Pause, 0); }), "takes no requests"));
}

void TestControlFolder::writerThatDiesIsTold()
{
    const TemporaryProject temporary;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto project = temporary.open();
        ControlFolder folder(temporary.folder);
        folder.publish({});
        while (folder.newRequests().empty())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        ::_exit(0); // heard, and gone before it answered
    }
    QTRY_VERIFY(readWriter(temporary.folder));
    const std::string error = errorOf([&] { askWriter(temporary.folder, RequestKind::Stop, 0); });
    QVERIFY2(contains(error, "ended before it answered"), error.c_str());
    QCOMPARE(filesIn(requestsOf(temporary)), std::size_t(0));
    ::waitpid(child, nullptr, 0);
}

void TestControlFolder::noAnswerIsTold()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    ControlFolder folder(temporary.folder);
    folder.publish({});
    const std::string error
        = errorOf([&] { askWriter(temporary.folder, RequestKind::Stop, 0, std::chrono::milliseconds(200)); });
    QVERIFY2(contains(error, "did not answer"), error.c_str());
    QVERIFY(folder.newRequests().empty()); // it was taken back
}

/// Whatever stands in the files: no request comes of it, and it is taken away.
void TestControlFolder::anythingMayLieThere()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    ControlFolder folder(temporary.folder);
    folder.publish({});
    const std::string good = toLine(
        {{"id", std::string(32, 'b')}, {"instance", folder.instance()}, {"kind", "pause"}, {"run", 1}, {"process", 2}});
    RandomStream random(1, "bytes");
    for (int i = 0; i < 3000; ++i) {
        std::string bytes = good;
        const auto changes = 1 + random.below(4);
        for (std::int64_t change = 0; change < changes; ++change)
            bytes[std::size_t(random.below(std::int64_t(bytes.size())))] = char(random.below(256));
        if (i % 3 == 0)
            bytes.resize(std::size_t(random.below(std::int64_t(bytes.size()))));
        std::ofstream(requestsOf(temporary) / "bad.json", std::ios::binary) << bytes;
        QVERIFY(folder.newRequests().empty()); // already for the name of the file
        std::ofstream(temporary.folder / "control" / "writer.json", std::ios::binary) << bytes;
        (void)readWriter(temporary.folder);
    }
    QCOMPARE(filesIn(requestsOf(temporary)), std::size_t(0));
    std::ofstream(requestsOf(temporary) / "large.json") << std::string(1 << 20, ' ') << good;
    fs::create_directory(requestsOf(temporary) / "folder.json");
    QVERIFY(folder.newRequests().empty());
}

void TestControlFolder::linkIsNotFollowed()
{
    const TemporaryProject temporary;
    const auto project = temporary.open();
    const fs::path elsewhere = temporary.folder.parent_path() / "elsewhere";
    fs::create_directory(elsewhere);
    fs::create_directory_symlink(elsewhere, temporary.folder / "control");
    ControlFolder folder(temporary.folder);
    folder.publish({});
    QVERIFY(folder.newRequests().empty());
    QCOMPARE(filesIn(elsewhere), std::size_t(0));
}

void TestControlFolder::looksDoNotTurnAWriterAway()
{
    const TemporaryProject temporary;
    temporary.open().reset();
    std::jthread looking([&](const std::stop_token& stop) {
        while (!stop.stop_requested())
            (void)writingProcess(temporary.folder);
    });
    for (int i = 0; i < 100; ++i)
        QCOMPARE(errorOf([&] { temporary.open().reset(); }), std::string());
    looking.request_stop();
}

void TestControlFolder::logRoundTrip()
{
    const QTemporaryDir root;
    const fs::path folder = root.path().toStdString();
    std::uint64_t offset = 0;
    QVERIFY(readRunLog(folder, offset).empty());
    QVERIFY(appendRunLog(folder, {{"2026-01-01T00:00:00Z", "info", "one line\nand no other"}}));
    auto lines = readRunLog(folder, offset);
    QCOMPARE(lines.size(), std::size_t(1));
    QCOMPARE(lines[0].text, std::string("one line and no other"));
    QCOMPARE(lines[0].level, std::string("info"));
    std::ofstream(folder / "log.txt", std::ios::app) << "2026-01-01T00:00:01Z warning half a li";
    QVERIFY(readRunLog(folder, offset).empty());
    std::ofstream(folder / "log.txt", std::ios::app) << "ne\n";
    lines = readRunLog(folder, offset);
    QCOMPARE(lines.size(), std::size_t(1));
    QCOMPARE(lines[0].text, std::string("half a line"));
    QVERIFY(readRunLog(folder, offset).empty());
    // Of a very long log only the end is read.
    std::ofstream(folder / "log.txt", std::ios::app) << std::string(std::size_t(3) << 20, 'x') << "\nt info last\n";
    lines = readRunLog(folder, offset);
    QCOMPARE(lines.size(), std::size_t(1));
    QCOMPARE(lines[0].text, std::string("last"));
    QVERIFY(!appendRunLog(folder / "nowhere", {{"t", "info", "x"}}));
}

QTEST_GUILESS_MAIN(TestControlFolder)
#include "tst_control_folder.moc"

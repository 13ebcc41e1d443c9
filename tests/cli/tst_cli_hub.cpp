// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/cli/tiny_model.h"
#include "tests/common/fake_hub.h"

#include <QDirIterator>
#include <QJsonDocument>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

namespace {

const char* const kSecret = "hf_secretTokenOfTheTest";

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/// Models from a hub of the test's own, with the program as a script runs it.
class TestCliHub : public QObject
{
    Q_OBJECT

    struct Result
    {
        int status = -1;
        QByteArray out, err;
        QJsonObject row(int line = 0) const { return QJsonDocument::fromJson(out.split('\n').value(line)).object(); }
    };

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FakeHub> m_hub;
    QProcessEnvironment m_environment;

    QString path(const QString& name) const { return m_folder->filePath(name); }
    QString weightsPath() const
    {
        return path(QStringLiteral("cache/models--tiny--model/snapshots/%1/model.safetensors")
                        .arg(QString::fromStdString(m_hub->commit)));
    }
    /// Bytes of the weights that an unfinished download left.
    qint64 rest() const
    {
        const std::string etag = FakeHub::etagOf(m_hub->files.at("model.safetensors"));
        const QString file = QStringLiteral("cache/models--tiny--model/blobs/%1.incomplete");
        return QFileInfo(path(file.arg(QString::fromStdString(etag)))).size();
    }
    void start(QProcess& process, const char* arguments) const
    {
        process.setProcessEnvironment(m_environment);
        process.setWorkingDirectory(m_folder->path());
        process.start(QStringLiteral(MPO_BIN "/mpo"), QString::fromLatin1(arguments).split(QLatin1Char(' ')));
    }
    Result run(const char* arguments) const
    {
        QProcess process;
        start(process, arguments);
        process.closeWriteChannel();
        if (!process.waitForFinished(60000) || process.exitStatus() != QProcess::NormalExit)
            qWarning("mpo %s: %s", arguments, qPrintable(process.errorString()));
        return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
    }
    /// The weights come in drop by drop, and a part of them is there.
    void startSlowly(QProcess& process)
    {
        m_hub->twist("/large/model.safetensors", [](const auto&, FakeHub::Reply& reply, int count) {
            if (count == 1) {
                reply.chunk = 100;
                reply.pause = std::chrono::milliseconds(20);
            }
        });
        start(process, "model get tiny/model");
        QTRY_VERIFY_WITH_TIMEOUT(rest() > 500, 30000);
    }

private Q_SLOTS:
    void init();
    void fetchesAndUsesByName();
    void projectThenFolderThenCache();
    void goesOnAfterAKill();
    void stopsOnInterruptAndGoesOn();
    void saysWhatToDo();
    void neverShowsTheToken();
};

void TestCliHub::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_hub = std::make_unique<FakeHub>();
    tiny_model::write(path(QStringLiteral("source")));
    for (const char* name : {"config.json", "model.safetensors"})
        m_hub->files[name] = {contentOf(path(QStringLiteral("source/") + QLatin1String(name))).toStdString(),
            std::string(name) == "model.safetensors", {}};
    QFile pairs(path(QStringLiteral("pairs.jsonl")));
    QVERIFY(pairs.open(QIODevice::WriteOnly));
    pairs.write("{\"prompt_ids\":[1,2],\"chosen_ids\":[3,4,10],\"rejected_ids\":[5,10]}\n");
    m_environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HF_TOKEN_PATH", "http_proxy"})
        m_environment.remove(QLatin1String(name));
    m_environment.insert(QStringLiteral("HF_ENDPOINT"), QString::fromStdString(m_hub->endpoint()));
    m_environment.insert(QStringLiteral("HF_HUB_CACHE"), path(QStringLiteral("cache")));
    m_environment.insert(QStringLiteral("HF_HOME"), path(QStringLiteral("home")));
    m_environment.insert(QStringLiteral("XDG_DATA_HOME"), path(QStringLiteral("data")));
    m_environment.insert(QStringLiteral("OMP_NUM_THREADS"), QStringLiteral("1"));
}

void TestCliHub::fetchesAndUsesByName()
{
    const Result got = run("--project p.mpo --json model get tiny/model --name small");
    QVERIFY2(got.status == 0, got.err.constData());
    QCOMPARE(got.row().value(QLatin1String("model")).toString(), QStringLiteral("small"));
    QCOMPARE(contentOf(weightsPath()), contentOf(path(QStringLiteral("source/model.safetensors"))));

    const QJsonObject cached = run("--json model cache").row();
    QCOMPARE(cached.value(QLatin1String("model")).toString(), QStringLiteral("tiny/model"));
    const QJsonObject revision = cached.value(QLatin1String("revisions")).toArray().at(0).toObject();
    QCOMPARE(revision.value(QLatin1String("complete")).toBool(), true);
    QCOMPARE(revision.value(QLatin1String("family")).toString(), QStringLiteral("llama"));
    QVERIFY(run("model cache").out.contains("tiny/model  llama"));

    // The project refers to the cache; nothing was copied.
    const QJsonObject row = run("--project p.mpo --json model list").row();
    QCOMPARE(row.value(QLatin1String("folder")).toString(), QFileInfo(weightsPath()).path());
    QVERIFY(QDir(path(QStringLiteral("p.mpo/models"))).isEmpty());

    const Result folder = run("--json logprobs --model source --data pairs.jsonl");
    QVERIFY2(folder.status == 0, folder.err.constData());
    for (const char* command : {"--json logprobs --model tiny/model --data pairs.jsonl",
             "--json logprobs --model tiny/model@main --data pairs.jsonl",
             "--project p.mpo --json logprobs --model small --data pairs.jsonl"})
        QCOMPARE(run(command).out, folder.out);
    QCOMPARE(run("--json model info tiny/model").row().value(QLatin1String("hidden")).toInt(), 8);
    QCOMPARE(run("--project q.mpo model import tiny/model --name copy").status, 0);
    QVERIFY(QFileInfo::exists(path(QStringLiteral("q.mpo/models/copy/model.safetensors"))));
    QCOMPARE(run("--project q.mpo model import tiny/model --link").status, 0);
    const QJsonObject linked = run("--project q.mpo --json model list").row(1);
    QCOMPARE(linked.value(QLatin1String("name")).toString(), QStringLiteral("model"));
    QCOMPARE(linked.value(QLatin1String("folder")).toString(), QFileInfo(weightsPath()).path());
}

void TestCliHub::projectThenFolderThenCache()
{
    QCOMPARE(run("model get tiny/model").status, 0);
    QVERIFY(run("--json model info tiny/model").out.contains("/cache/models--tiny--model/snapshots/"));
    tiny_model::write(path(QStringLiteral("tiny/model")));
    const QString folder = run("--json model info tiny/model").row().value(QLatin1String("folder")).toString();
    QCOMPARE(folder, QStringLiteral("tiny/model"));
}

void TestCliHub::goesOnAfterAKill()
{
    QProcess process;
    startSlowly(process);
    process.kill(); // SIGKILL
    QVERIFY(process.waitForFinished(30000));
    const qint64 kept = rest();
    QVERIFY(kept > 500);
    QVERIFY(kept < qint64(m_hub->files["model.safetensors"].content.size()));
    QVERIFY(!QFileInfo::exists(weightsPath()));
    QVERIFY(run("model cache").out.contains("model.safetensors is missing"));

    QCOMPARE(run("model get tiny/model").status, 0);
    QCOMPARE(contentOf(weightsPath()), contentOf(path(QStringLiteral("source/model.safetensors"))));
    const FakeHub::Request last = m_hub->requests().back();
    QVERIFY(last.toStore);
    QCOMPARE(last.headers.at("range"), "bytes=" + std::to_string(kept) + "-");
    QCOMPARE(rest(), qint64(0));
}

void TestCliHub::stopsOnInterruptAndGoesOn()
{
    QProcess process;
    startSlowly(process);
    ::kill(pid_t(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(30000));
    QCOMPARE(process.exitCode(), 130);
    QVERIFY(process.readAllStandardError().contains("the same command goes on from it"));
    QVERIFY(rest() > 500);
    QCOMPARE(run("model get tiny/model").status, 0);
    QCOMPARE(contentOf(weightsPath()), contentOf(path(QStringLiteral("source/model.safetensors"))));
}

void TestCliHub::saysWhatToDo()
{
    const auto says = [&](const char* arguments, const char* what) {
        const Result result = run(arguments);
        return result.status == 1 && result.out.isEmpty() && result.err.contains(what);
    };
    QVERIFY(says("logprobs --model tiny/model --data pairs.jsonl", "`mpo model get tiny/model` downloads it"));
    QVERIFY(says("model info nowhere", "`mpo model list` and `mpo model cache` show what there is"));
    QVERIFY(says("model get tiny/other", "tiny/other: there is no such model"));
    QVERIFY(says("model get tiny/model --revision v9", "there is no revision \"v9\""));
    QVERIFY(says("model get ../model", "write it as ORG/NAME"));
    QVERIFY(says("--project p.mpo model get tiny/model --name a/b", "cannot be the name of a model"));
    QCOMPARE(m_hub->fetches("model.safetensors"), 0);
    m_environment.insert(QStringLiteral("HF_HUB_OFFLINE"), QStringLiteral("1"));
    QVERIFY(says("model get tiny/model", "HF_HUB_OFFLINE is set"));
}

void TestCliHub::neverShowsTheToken()
{
    m_environment.insert(QStringLiteral("HF_TOKEN"), QLatin1String(kSecret));
    m_hub->gated = "another";
    const Result refused = run("--project p.mpo --json model get tiny/model --name small");
    QCOMPARE(refused.status, 1);
    QVERIFY(refused.err.contains("gated"));
    m_hub->gated = kSecret;
    const Result got = run("--project p.mpo --json model get tiny/model --name small");
    QVERIFY2(got.status == 0, got.err.constData());
    for (const QByteArray& text : {refused.out, refused.err, got.out, got.err})
        QVERIFY(!text.contains(kSecret));
    QDirIterator files(m_folder->path(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
    while (files.hasNext())
        QVERIFY2(!contentOf(files.next()).contains(kSecret), qPrintable(files.filePath()));
    bool sent = false;
    for (const FakeHub::Request& request : m_hub->requests()) {
        const bool token = request.headers.contains("authorization");
        QVERIFY(!(token && request.toStore));
        sent = sent || token;
    }
    QVERIFY(sent);
}

QTEST_GUILESS_MAIN(TestCliHub)
#include "tst_cli_hub.moc"

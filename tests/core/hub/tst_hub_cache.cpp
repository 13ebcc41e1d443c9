// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_cache.h"
#include "core/hub/hub_http.h"
#include "core/hub/hub_paths.h"
#include "core/hub/model_files.h"
#include "core/support/error.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>
#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

namespace {

const std::string kCommit(40, 'a'), kOther(40, 'b');

struct Fixture
{
    QTemporaryDir folder;
    fs::path root = fs::path(folder.path().toStdString());
    fs::path cache = root / "hub";

    static void write(const fs::path& file, const std::string& content)
    {
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
    }
    fs::path model(const std::string& name = "models--org--name") const { return cache / name; }
    fs::path snapshot(const std::string& commit = kCommit) const { return model() / "snapshots" / commit; }
    /// A file of a snapshot whose content is a blob.
    void add(const std::string& name, const std::string& blob, const std::string& content,
        const std::string& commit = kCommit) const
    {
        write(model() / "blobs" / blob, content);
        fs::create_directories(snapshot(commit));
        fs::create_symlink("../../blobs/" + blob, snapshot(commit) / name);
    }
    void addWhole(const std::string& commit = kCommit) const
    {
        add("config.json", "c", R"({"model_type": "llama"})", commit);
        add("model.safetensors", "w", std::string(1000, 'w'), commit);
    }
    void refer(const std::string& ref, const std::string& commit) const { write(model() / "refs" / ref, commit); }

    CachedModel one() const
    {
        const auto models = cachedModels(cache);
        return models.size() == 1 ? models.front() : CachedModel {};
    }
    std::string problem() const
    {
        const CachedModel model = one();
        return model.revisions.empty() ? model.problem : model.revisions.front().problem;
    }
};

/// Of what this layer asks, nothing but these.
void setEnvironment(const std::vector<std::pair<const char*, std::string>>& values)
{
    for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_TOKEN",
             "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT", "HF_HUB_OFFLINE"})
        qunsetenv(name);
    for (const auto& [name, value] : values)
        qputenv(name, QByteArray::fromStdString(value));
}

#define VERIFY_SAYS(text, part) QVERIFY2(std::string(text).find(part) != std::string::npos, std::string(text).c_str())

} // namespace

class TestHubCache : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theFolderIsFoundAsHuggingfaceHubDoes()
    {
        setEnvironment({{"HOME", "/home/u"}});
        QCOMPARE(hubCacheFolder(), fs::path("/home/u/.cache/huggingface/hub"));
        setEnvironment({{"HOME", "/home/u"}, {"XDG_CACHE_HOME", "/x"}});
        QCOMPARE(hubCacheFolder(), fs::path("/x/huggingface/hub"));
        setEnvironment({{"HOME", "/home/u"}, {"XDG_CACHE_HOME", "/x"}, {"HF_HOME", "~/hf"}});
        QCOMPARE(hubCacheFolder(), fs::path("/home/u/hf/hub"));
        setEnvironment({{"HF_HOME", "/hf"}, {"HF_HUB_CACHE", "/big/cache"}});
        QCOMPARE(hubCacheFolder(), fs::path("/big/cache"));
    }

    void theTokenIsFoundAsHuggingfaceHubDoes()
    {
        Fixture f;
        f.write(f.root / "token", "hf_file\n");
        setEnvironment({{"HF_HOME", f.root.string()}});
        QCOMPARE(hubToken(), std::string("hf_file"));
        qputenv("HF_TOKEN", " hf_variable\n");
        QCOMPARE(hubToken(), std::string("hf_variable"));
        qputenv("HF_TOKEN", "hf_a\r\nX-Other: 1");
        const std::string said = messageOf([] { hubToken(); });
        VERIFY_SAYS(said, "HF_TOKEN: this is no token");
        QVERIFY(said.find("hf_a") == std::string::npos);
        setEnvironment({{"HF_HOME", (f.root / "nothing").string()}});
        QCOMPARE(hubToken(), std::string());
        qputenv("HF_HUB_OFFLINE", "1");
        VERIFY_SAYS(messageOf([] { hubOptionsFromEnvironment(); }), "HF_HUB_OFFLINE is set");
    }

    void names()
    {
        for (const char* name : {"gpt2", "org/name", "Qwen/Qwen2.5-0.5B", "a_b/c.d-e"})
            QVERIFY2(isRepositoryName(name), name);
        for (const char* name : {"", "/", "a/", "/b", "a/b/c", "a--b", "../x", "a/..", "a/.b", "a/b.git", "a b",
                 "a/b?c", "a\\b", "datasets/a/b", "-a/b"})
            QVERIFY2(!isRepositoryName(name), name);
        QCOMPARE(cacheFolderName("org/name"), std::string("models--org--name"));
        QCOMPARE(repositoryOf("models--org--name"), std::optional<std::string>("org/name"));
        QCOMPARE(repositoryOf("models--gpt2"), std::optional<std::string>("gpt2"));
        QVERIFY(!repositoryOf("datasets--org--name"));
        QVERIFY(!repositoryOf("models--..--name"));
        for (const char* revision : {"main", "refs/pr/1", "v1.0"})
            QVERIFY2(isRevision(revision), revision);
        for (const char* revision : {"", "..", "a/../b", "/a", "a/", "a//b", "a\nb", ".a"})
            QVERIFY2(!isRevision(revision), revision);
    }

    void wholeModels()
    {
        Fixture f;
        QVERIFY(cachedModels(f.cache).empty());
        f.addWhole();
        f.refer("main", kCommit);
        f.refer("refs/pr/7", kCommit);
        const CachedModel model = f.one();
        QCOMPARE(model.repository, std::string("org/name"));
        QCOMPARE(model.problem, std::string());
        QCOMPARE(model.bytes, std::uint64_t(1023));
        QVERIFY(std::abs(model.lastUsed - std::time(nullptr)) < 60);
        // An hour ago the weights were read; looking at the cache is no use.
        const timespec hourAgo {std::time(nullptr) - 3600, 0}, both[] {hourAgo, hourAgo};
        QCOMPARE(::utimensat(AT_FDCWD, (f.model() / "blobs/w").c_str(), both, 0), 0);
        QCOMPARE(f.one().lastUsed, std::int64_t(hourAgo.tv_sec));
        const CachedRevision& revision = model.revisions.at(0);
        QVERIFY(revision.complete());
        QCOMPARE(revision.modelType, std::string("llama"));
        QCOMPARE(revision.commit, kCommit);
        QCOMPARE(revision.refs, (std::vector<std::string> {"main", "refs/pr/7"}));
        QCOMPARE(revision.bytes, std::uint64_t(1023));
        QCOMPARE(cachedModelFolder(f.cache, "org/name").value(), f.snapshot());
        QCOMPARE(cachedModelFolder(f.cache, "org/name@refs/pr/7").value(), f.snapshot());
        QCOMPARE(cachedModelFolder(f.cache, "org/name@" + kCommit).value(), f.snapshot());
        QVERIFY(!cachedModelFolder(f.cache, "org/another"));
        QVERIFY(!cachedModelFolder(f.cache, "../org/name"));
        VERIFY_SAYS(messageOf([&] { cachedModelFolder(f.cache, "org/name@v2"); }),
            "not the revision v2; `mpo model get org/name --revision v2` fetches it");
    }

    void mainGoesFirstAndContentCountsOnce()
    {
        Fixture f;
        f.addWhole(kOther);
        f.addWhole(kCommit);
        f.refer("main", kOther);
        const CachedModel model = f.one();
        QCOMPARE(model.revisions.size(), std::size_t(2));
        QCOMPARE(model.revisions[0].commit, kOther);
        QCOMPARE(model.bytes, std::uint64_t(1023));
        QCOMPARE(cachedModelFolder(f.cache, "org/name").value(), f.snapshot(kOther));
    }

    /// Windows, some network disks: the files themselves stand in the snapshot.
    void plainCopies()
    {
        Fixture f;
        f.write(f.snapshot() / "config.json", R"({"model_type": "gpt2"})");
        f.write(f.snapshot() / "model.safetensors", "1234");
        const CachedModel model = f.one();
        QVERIFY(model.revisions.at(0).complete());
        QCOMPARE(model.revisions.at(0).modelType, std::string("gpt2"));
        QCOMPARE(model.bytes, std::uint64_t(26));
    }

    void whatIsMissingIsNamed()
    {
        Fixture f;
        f.add("config.json", "c", R"({"model_type": "llama"})");
        QCOMPARE(f.problem(), std::string("model.safetensors is missing"));
        f.add("model.safetensors.index.json", "i",
            R"({"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors", "c": "m-3.safetensors"}})");
        f.add("m-2.safetensors", "2", "x");
        QCOMPARE(f.problem(), std::string("2 of 3 files with weights are missing"));
        f.add("m-1.safetensors", "1", "x");
        f.add("m-3.safetensors", "3", "x");
        QCOMPARE(f.problem(), std::string());
        fs::remove(f.model() / "blobs/3");
        QCOMPARE(f.problem(), std::string("the content of m-3.safetensors is missing"));
        VERIFY_SAYS(messageOf([&] { cachedModelFolder(f.cache, "org/name"); }),
            "cannot be used: the content of m-3.safetensors is missing; `mpo model get org/name` fetches it");
    }

    void damagedEntriesSayWhy_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("problem");
        const QString snapshot = QStringLiteral("snapshots/") + QString::fromStdString(kCommit) + QLatin1Char('/');
        QTest::newRow("no JSON") << snapshot + QStringLiteral("config.json") << QByteArrayLiteral("{")
                                 << QStringLiteral("config.json:1:");
        QTest::newRow("a list") << snapshot + QStringLiteral("config.json") << QByteArrayLiteral("[]")
                                << QStringLiteral("names no \"model_type\"");
        QTest::newRow("a number") << snapshot + QStringLiteral("config.json")
                                  << QByteArrayLiteral("{\"model_type\": 1}")
                                  << QStringLiteral("names no \"model_type\"");
        QTest::newRow("pickle") << snapshot + QStringLiteral("pytorch_model.bin") << QByteArrayLiteral("x")
                                << QStringLiteral("only pytorch_model.bin is there; pickled weights can run code");
        QTest::newRow("empty") << QStringLiteral("note") << QByteArrayLiteral("x")
                               << QStringLiteral("there is no snapshot in it");
        QTest::newRow("no commit") << QStringLiteral("snapshots/x/config.json") << QByteArrayLiteral("{}")
                                   << QStringLiteral("snapshots/x is not the folder of a commit");
        QTest::newRow("ref") << QStringLiteral("refs/main") << QByteArrayLiteral("not a commit")
                             << QStringLiteral("refs/main holds no commit");
        QTest::newRow("ref to nothing") << QStringLiteral("refs/main") << QByteArray(40, 'c')
                                        << QStringLiteral("main means a commit that is not there");
        QTest::newRow("blobs") << QStringLiteral("blobs") << QByteArrayLiteral("x")
                               << QStringLiteral("blobs is a link or a file");
        QTest::newRow("unfinished") << QStringLiteral("blobs/abc.incomplete") << QByteArrayLiteral("x")
                                    << QStringLiteral("a download was not finished");
    }

    void damagedEntriesSayWhy()
    {
        QFETCH(QString, file);
        QFETCH(QByteArray, content);
        QFETCH(QString, problem);
        Fixture f;
        if (file.endsWith(QLatin1String("pytorch_model.bin")))
            f.write(f.snapshot() / "config.json", R"({"model_type": "llama"})");
        f.write(f.model() / file.toStdString(), content.toStdString());
        VERIFY_SAYS(f.problem(), problem.toStdString());
        QVERIFY(!messageOf([&] { cachedModelFolder(f.cache, "org/name"); }).starts_with("no error"));
    }

    /// A link may lead to a blob of the same model, nowhere else; also not by way of a folder that is a link.
    void linksThatLeadElsewhereAreNotFollowed()
    {
        Fixture f;
        f.addWhole();
        f.write(f.root / "secret.json", R"({"model_type": "secret"})");
        f.write(f.cache / "models--org--other/blobs/s", R"({"model_type": "secret"})");
        for (const fs::path& target : {fs::path("../../../../secret.json"), f.root / "secret.json",
                 fs::path("../../../models--org--other/blobs/s"),
                 fs::path("../../blobs/../../models--org--other/blobs/s"), fs::path("../../blobs"),
                 fs::path("config.json")}) {
            fs::remove(f.snapshot() / "config.json");
            fs::create_symlink(target, f.snapshot() / "config.json");
            const auto model = cachedModel(f.cache, "org/name");
            VERIFY_SAYS(model->revisions.at(0).problem, "config.json is a link that leads out of the model's folder");
            QCOMPARE(model->revisions.at(0).modelType, std::string());
        }
        // A blob that is a link itself.
        fs::remove(f.snapshot() / "config.json");
        fs::create_symlink("../../blobs/l", f.snapshot() / "config.json");
        fs::create_symlink(f.root / "secret.json", f.model() / "blobs/l");
        VERIFY_SAYS(cachedModel(f.cache, "org/name")->revisions.at(0).problem, "leads out");
        // Whatever is never read may lead where it likes, and is not counted.
        Fixture g;
        g.addWhole();
        g.write(g.root / "secret.json", std::string(5000, 'x'));
        fs::create_symlink(g.root / "secret.json", g.snapshot() / "README.md");
        QVERIFY(g.one().revisions.at(0).complete());
        QCOMPARE(g.one().bytes, std::uint64_t(1023));
    }

    void foldersThatAreLinksAreNotFollowed()
    {
        Fixture f;
        f.addWhole();
        fs::rename(f.model(), f.root / "elsewhere");
        fs::create_directory_symlink(f.root / "elsewhere", f.model());
        VERIFY_SAYS(f.one().problem, "the entry is a link");
        fs::remove(f.model());
        fs::create_directories(f.model());
        fs::create_directory_symlink(f.root / "elsewhere/snapshots", f.model() / "snapshots");
        VERIFY_SAYS(f.one().problem, "snapshots is a link");
        fs::remove(f.model() / "snapshots");
        fs::create_directories(f.model() / "snapshots");
        fs::create_directory_symlink(f.root / "elsewhere/snapshots" / kCommit, f.snapshot());
        VERIFY_SAYS(f.one().problem, "is not the folder of a commit");
    }

    /// Since version 2 huggingface_hub can keep content that models share in CACHE/blobs/ab/abcd...
    void theStoreOfSharedBlobsIsPartOfTheCache()
    {
        Fixture f;
        const std::string hash(64, 'd');
        f.write(f.cache / "blobs/dd" / hash, std::string(500, 'w'));
        f.add("config.json", "c", R"({"model_type": "llama"})");
        fs::create_symlink("../../blobs/dd/" + hash, f.model() / "blobs/w");
        fs::create_symlink("../../blobs/w", f.snapshot() / "model.safetensors");
        const CachedModel model = f.one();
        QCOMPARE(model.revisions.at(0).problem, std::string());
        QCOMPARE(model.bytes, std::uint64_t(523));
    }

    void adapters()
    {
        Fixture f;
        f.add("adapter_config.json", "c", "{}");
        QCOMPARE(f.problem(), std::string("adapter_model.safetensors is missing"));
        f.add("adapter_model.safetensors", "w", "x");
        QCOMPARE(f.problem(), std::string());
        QCOMPARE(f.one().revisions.at(0).modelType, std::string("adapter"));
    }

    void theWeightsAreChosenOnce()
    {
        const std::vector<std::string> names {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
            "model.fp16.safetensors", "tokenizer.json", "config.json", "README.md", "tf_model.h5", "x/config.json",
            "pytorch_model.bin.index.json", "merges.txt", "notes.txt", "chat_template.jinja", "train.py"};
        const WantedFiles one = wantedFiles(names, "a/b");
        QCOMPARE(one.plain,
            (std::vector<std::string> {
                "config.json", "chat_template.jinja", "merges.txt", "tokenizer.json", "model.safetensors"}));
        QVERIFY(!one.sharded);
        const std::vector<std::string> shards {"config.json", "model.safetensors.index.json", "model-1.safetensors"};
        QVERIFY(wantedFiles(shards, "a/b").sharded);
        const std::vector<std::string> gguf {"config.json", "model.Q4_0.gguf"}, nothing {"README.md"};
        VERIFY_SAYS(messageOf([&] { wantedFiles(gguf, "a/b"); }), "a/b: there are only GGUF files");
        VERIFY_SAYS(messageOf([&] { wantedFiles(nothing, "a/b"); }), "not a model that is read here");
    }

    void unknownNamesSayWhatToDo()
    {
        VERIFY_SAYS(unknownModel("org/name"), "`mpo model get org/name` downloads it");
        VERIFY_SAYS(unknownModel("nothing"), "`mpo model list` and `mpo model cache`");
    }

    void bytes()
    {
        QCOMPARE(bytesText(0), std::string("0 bytes"));
        QCOMPARE(bytesText(999), std::string("999 bytes"));
        QCOMPARE(bytesText(1'234), std::string("1 kB"));
        QCOMPARE(bytesText(999'499), std::string("999 kB"));
        QCOMPARE(bytesText(999'999), std::string("1.0 MB"));
        QCOMPARE(bytesText(538'090'408), std::string("538 MB"));
        QCOMPARE(bytesText(15'231'000'000), std::string("15.2 GB"));
    }
};

QTEST_GUILESS_MAIN(TestHubCache)
#include "tst_hub_cache.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_cache.h"
#include "core/hub/hub_download.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "tests/common/fake_hub.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <set>

using namespace mpo;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kWeights = 300'000;
const std::string kSecret = "hf_secretTokenOfTheTest";

/// Bytes that repeat nowhere near, so that a piece at the wrong place shows.
std::string weights(unsigned seed)
{
    std::string bytes(kWeights, '\0');
    for (char& byte : bytes) {
        seed = seed * 1664525u + 1013904223u;
        byte = char(seed >> 24);
    }
    return bytes;
}

struct Fixture
{
    QTemporaryDir folder;
    FakeHub hub;
    HubOptions options;
    std::vector<std::string> warnings;
    std::vector<HubProgress> progress;
    std::function<bool()> stopped = [] { return false; };

    Fixture()
    {
        hub.files["config.json"] = {R"({"model_type": "llama"})", false, {}};
        hub.files["model.safetensors"] = {weights(1), true, {}};
        options.endpoint = hub.endpoint();
        options.cache = fs::path(folder.path().toStdString()) / "hub";
        options.firstDelay = 0.05;
        options.stallSeconds = 2;
    }
    HubDownload get(const std::string& revision = "main")
    {
        const HubListener listener {[this] { return stopped(); },
            [this](const HubProgress& p) { progress.push_back(p); }, [](const std::string&) {},
            [this](const std::string& text) { warnings.push_back(text); }};
        return downloadModel(hub.repository, revision, options, listener);
    }
    std::string failure(const std::string& revision = "main")
    {
        return messageOf([&] { get(revision); });
    }
    fs::path model() const { return options.cache / "models--tiny--model"; }
    fs::path weightsBlob() const { return model() / "blobs" / FakeHub::etagOf(hub.files.at("model.safetensors")); }
    std::uintmax_t partialBytes() const
    {
        std::error_code none;
        const auto size = fs::file_size(weightsBlob().string() + ".incomplete", none);
        return none ? 0 : size;
    }
    bool weightsAreRight() const
    {
        const fs::path file = model() / "snapshots" / hub.commit / "model.safetensors";
        return fs::exists(file) && readTextFile(file) == hub.files.at("model.safetensors").content;
    }
    /// "Range" of the requests that reached the store, in order; "-" without one.
    QStringList ranges() const
    {
        QStringList all;
        for (const FakeHub::Request& request : hub.requests())
            if (request.toStore) {
                const auto found = request.headers.find("range");
                all << (found == request.headers.end() ? QStringLiteral("-") : QString::fromStdString(found->second));
            }
        return all;
    }
};

#define VERIFY_SAYS(text, part) QVERIFY2(std::string(text).find(part) != std::string::npos, std::string(text).c_str())

} // namespace

class TestHubDownload : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// The same files, fetched by huggingface_hub, gave the folder in the fixture.
    void layoutIsThatOfHuggingfaceHub()
    {
        const Json golden = readJsonFile(fs::path(MPO_FIXTURES) / "hub" / "cache_layout.json");
        Fixture f;
        f.hub.files.clear();
        f.hub.repository = golden["repository"];
        f.hub.commit = golden["commit"];
        for (const Json& file : golden["files"]) {
            const QByteArray content
                = QByteArray::fromBase64(QByteArray::fromStdString(file["base64"].get<std::string>()));
            f.hub.files[file["name"]] = {content.toStdString(), file["large"], file["etag"]};
        }
        const HubDownload result = f.get();
        QCOMPARE(result.commit, f.hub.commit);
        std::map<std::string, std::string> expected, made;
        for (const Json& entry : golden["cache"])
            expected[entry["path"]] = entry.contains("link") ? "-> " + entry["link"].get<std::string>()
                                                             : entry["sha256"].get<std::string>();
        for (const auto& entry : fs::recursive_directory_iterator(f.options.cache)) {
            const std::string path
                = fs::relative(entry.path().parent_path(), f.options.cache) / entry.path().filename();
            if (path.starts_with(".locks") || path.ends_with("CACHEDIR.TAG"))
                continue;
            if (entry.is_symlink())
                made[path] = "-> " + fs::read_symlink(entry.path()).string();
            else if (entry.is_regular_file())
                made[path] = sha256OfFile(entry.path());
        }
        for (const auto& [path, content] : expected)
            QVERIFY2(made[path] == content, (path + ": " + made[path] + " instead of " + content).c_str());
        QCOMPARE(made.size(), expected.size());
        QVERIFY(cachedModel(f.options.cache, f.hub.repository)->revisions.at(0).complete());
    }

    void givenAgainNothingIsFetched()
    {
        Fixture f;
        const HubDownload first = f.get();
        QCOMPARE(first.files, 2);
        QCOMPARE(first.fetched, std::uint64_t(kWeights + f.hub.files["config.json"].content.size()));
        QVERIFY(f.weightsAreRight());
        const HubProgress& last = f.progress.back();
        QCOMPARE(last.done, first.fetched);
        QCOMPARE(last.bytes, first.fetched);
        QCOMPARE(f.get().fetched, std::uint64_t(0));
        QCOMPARE(f.hub.fetches("model.safetensors"), 2); // of the hub and of its store, once
    }

    /// A file that did not change between two commits is kept once.
    void anotherRevisionSharesBlobs()
    {
        Fixture f;
        f.get();
        f.hub.commit = "ffeeddccbbaa99887766554433221100ffeeddcc";
        f.hub.files["config.json"].content = R"({"model_type": "llama", "more": 1})";
        QCOMPARE(f.get("refs/pr/1").fetched, std::uint64_t(f.hub.files["config.json"].content.size()));
        QCOMPARE(readTextFile(f.model() / "refs/refs/pr/1"), f.hub.commit);
        const auto model = cachedModel(f.options.cache, "tiny/model");
        QCOMPARE(model->revisions.size(), std::size_t(2));
        QCOMPARE(model->revisions[0].refs, std::vector<std::string> {"main"});
        QCOMPARE(model->bytes, std::uint64_t(kWeights + 23 + 34));
    }

    void aCutConnectionIsTakenUp()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors", [](const auto&, FakeHub::Reply& reply, int count) {
            if (count <= 2)
                reply.cutAfter = 100'000;
        });
        f.get();
        QVERIFY(f.weightsAreRight());
        QCOMPARE(f.ranges(),
            QStringList({QStringLiteral("-"), QStringLiteral("bytes=100000-"), QStringLiteral("bytes=200000-")}));
        QCOMPARE(f.warnings.size(), std::size_t(2));
    }

    void aServerThatIgnoresRangeBeginsAnew()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors", [&](const FakeHub::Request&, FakeHub::Reply& reply, int count) {
            if (count == 1) {
                reply.cutAfter = 100'000;
                return;
            }
            reply.status = 200;
            reply.headers.erase("Content-Range");
            reply.body = weights(1);
        });
        f.get();
        QVERIFY(f.weightsAreRight());
        QCOMPARE(f.ranges().size(), 2);
    }

    void anotherPartThanAskedForIsRefused()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors", [](const FakeHub::Request&, FakeHub::Reply& reply, int count) {
            if (count == 1)
                reply.cutAfter = 100'000;
            else
                reply.headers["Content-Range"] = "bytes 50000-299999/300000";
        });
        VERIFY_SAYS(f.failure(), "another part of the file");
        QCOMPARE(f.partialBytes(), std::uintmax_t(100'000));
    }

    void noProgressEndsWithASentence()
    {
        Fixture f;
        f.options.attempts = 3;
        f.hub.twist("/large/model.safetensors",
            [](const auto&, FakeHub::Reply& reply, int count) { reply.cutAfter = count == 1 ? 100'000 : 0; });
        const std::string said = f.failure();
        VERIFY_SAYS(said, "3 times in a row");
        VERIFY_SAYS(said, "tiny/model: model.safetensors");
        QCOMPARE(f.ranges().size(), 4);
        QCOMPARE(f.partialBytes(), std::uintmax_t(100'000));
        QVERIFY(!fs::exists(f.model() / "refs/main"));
        const auto model = cachedModel(f.options.cache, "tiny/model");
        QVERIFY(!model->revisions.at(0).complete());
        VERIFY_SAYS(messageOf([&] { cachedModelFolder(f.options.cache, "tiny/model"); }), "`mpo model get tiny/model`");
    }

    void wrongContentIsThrownAway()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors",
            [](const auto&, FakeHub::Reply& reply, int) { reply.body[12345] = char(reply.body[12345] ^ 1); });
        VERIFY_SAYS(f.failure(), "is not what the hub announced");
        QVERIFY(!fs::exists(f.weightsBlob()));
        QCOMPARE(f.partialBytes(), std::uintmax_t(0));
        QVERIFY(!fs::exists(f.model() / "snapshots" / f.hub.commit / "model.safetensors"));
    }

    void wrongSmallFileIsThrownAway()
    {
        Fixture f;
        f.hub.twist("/config.json", [](const FakeHub::Request& request, FakeHub::Reply& reply, int) {
            if (request.method == "GET")
                reply.body[3] = 'x';
        });
        VERIFY_SAYS(f.failure(), "config.json is not what the hub announced");
    }

    /// What an earlier download left is damaged: found by the hash, fetched anew.
    void damagedRestIsFetchedAgain()
    {
        Fixture f;
        fs::create_directories(f.model() / "blobs");
        std::ofstream(f.weightsBlob().string() + ".incomplete") << std::string(1000, 'x');
        f.get();
        QVERIFY(f.weightsAreRight());
        QCOMPARE(f.ranges(), QStringList({QStringLiteral("bytes=1000-"), QStringLiteral("-")}));
    }

    void aRestThatIsTooLongIsFetchedAgain()
    {
        Fixture f;
        fs::create_directories(f.model() / "blobs");
        std::ofstream(f.weightsBlob().string() + ".incomplete") << std::string(kWeights + 1, 'x');
        f.get();
        QVERIFY(f.weightsAreRight());
    }

    void aFullRestIsOnlyChecked()
    {
        Fixture f;
        fs::create_directories(f.model() / "blobs");
        std::ofstream(f.weightsBlob().string() + ".incomplete", std::ios::binary) << weights(1);
        QCOMPARE(f.get().fetched, std::uint64_t(f.hub.files["config.json"].content.size()));
        QVERIFY(f.weightsAreRight());
        QCOMPARE(f.ranges().size(), 0);
    }

    void moreThanAnnouncedIsRefused()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors", [](const auto&, FakeHub::Reply& reply, int) { reply.body += "more"; });
        VERIFY_SAYS(f.failure(), "more than the 300000 bytes that were announced");
        QCOMPARE(f.partialBytes(), std::uintmax_t(0));
    }

    void troubleAndPatienceAreTriedAgain()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors", [](const auto&, FakeHub::Reply& reply, int count) {
            if (count == 1) {
                reply.status = 503;
                reply.body = "<html>a page that is no weights</html>";
            }
        });
        f.hub.twist("/revision/main", [](const auto&, FakeHub::Reply& reply, int count) {
            if (count == 1) {
                reply.status = 429;
                reply.headers["Retry-After"] = "1";
            }
        });
        const auto begin = std::chrono::steady_clock::now();
        f.get();
        QVERIFY(f.weightsAreRight());
        QVERIFY(std::chrono::steady_clock::now() - begin >= std::chrono::seconds(1));
        VERIFY_SAYS(f.warnings.at(0), "HTTP 429");
        VERIFY_SAYS(f.warnings.at(1), "HTTP 503");
    }

    void aServerThatWantsHoursIsNotWaitedFor()
    {
        Fixture f;
        f.hub.twist("/revision/main", [](const auto&, FakeHub::Reply& reply, int) {
            reply.status = 429;
            reply.headers["Retry-After"] = "7200";
        });
        VERIFY_SAYS(f.failure(), "wants 120 minutes");
    }

    void aStalledConnectionIsTakenUp()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors", [](const auto&, FakeHub::Reply& reply, int count) {
            if (count == 1) {
                reply.chunk = 150'000;
                reply.pause = std::chrono::seconds(5);
            }
        });
        f.get();
        QVERIFY(f.weightsAreRight());
        QCOMPARE(f.ranges(), QStringList({QStringLiteral("-"), QStringLiteral("bytes=150000-")}));
    }

    void stoppingKeepsWhatCameIn()
    {
        Fixture f;
        f.hub.twist("/large/model.safetensors", [](const auto&, FakeHub::Reply& reply, int count) {
            if (count == 1) {
                reply.chunk = 3000;
                reply.pause = std::chrono::milliseconds(20);
            }
        });
        f.stopped = [&] {
            return !f.progress.empty() && f.progress.back().fileDone > 20'000 && f.progress.back().number == 2;
        };
        const auto begin = std::chrono::steady_clock::now();
        VERIFY_SAYS(f.failure(), "was stopped");
        QVERIFY(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3)); // the trickle would take two
        const auto kept = f.partialBytes();
        QVERIFY(kept > 20'000 && kept < kWeights);
        QVERIFY(f.progress.back().bytesPerSecond >= 0.0);
        f.stopped = [] { return false; };
        QCOMPARE(f.get().fetched, std::uint64_t(kWeights - kept));
        QVERIFY(f.weightsAreRight());
        QCOMPARE(f.ranges().back(), QStringLiteral("bytes=%1-").arg(kept));
    }

    /// The store is another host (another port is another origin): it must never see the token.
    void theTokenStaysWithTheHub()
    {
        Fixture f;
        f.hub.gated = kSecret;
        f.options.token = kSecret;
        f.hub.twist("/large/model.safetensors", [](const auto&, FakeHub::Reply& reply, int count) {
            if (count == 1)
                reply.cutAfter = 1000;
        });
        f.get();
        QVERIFY(f.weightsAreRight());
        int toHub = 0, toStore = 0;
        for (const FakeHub::Request& request : f.hub.requests()) {
            (request.toStore ? toStore : toHub) += 1;
            QCOMPARE(request.headers.contains("authorization"), !request.toStore);
        }
        QCOMPARE(toStore, 2);
        QVERIFY(toHub >= 5);
        for (const std::string& text : f.warnings)
            QVERIFY(text.find(kSecret) == std::string::npos);
        for (const auto& entry : fs::recursive_directory_iterator(f.options.cache))
            if (entry.is_regular_file())
                QVERIFY(readTextFile(entry.path()).find(kSecret) == std::string::npos);
    }

    void gatedModelsSayWhatToDo()
    {
        Fixture f;
        f.hub.gated = "another token";
        const std::string without = f.failure();
        VERIFY_SAYS(without, "gated");
        VERIFY_SAYS(without, "accept its licence on " + f.hub.endpoint() + "/tiny/model");
        VERIFY_SAYS(without, "set HF_TOKEN");
        f.options.token = kSecret;
        const std::string with = f.failure();
        VERIFY_SAYS(with, "the account that HF_TOKEN belongs to");
        QVERIFY(with.find(kSecret) == std::string::npos);
        QVERIFY(!fs::exists(f.model()));
    }

    void whatIsNotThereIsNamed()
    {
        Fixture f;
        VERIFY_SAYS(f.failure("nightly"), "tiny/model: there is no revision \"nightly\"");
        f.hub.repository = "tiny/other";
        const std::string said = messageOf([&] {
            downloadModel("tiny/model", "main", f.options,
                {[] { return false; }, [](const HubProgress&) {}, [](const std::string&) {},
                    [](const std::string&) {}});
        });
        VERIFY_SAYS(said, "tiny/model: there is no such model on " + f.hub.endpoint());
    }

    void namesThatLeadElsewhereAreNotUsed()
    {
        Fixture f;
        f.hub.listed = {"../../escape.json", "/tmp/escape.json", "a/../../escape.json", "..", "sub/config.json",
            "back\\\\slash.json", ".hidden.json", "line\\nbreak.json"};
        QCOMPARE(f.get().files, 2);
        for (const FakeHub::Request& request : f.hub.requests())
            QVERIFY2(request.path.find("escape") == std::string::npos, request.path.c_str());
        std::set<std::string> made;
        for (const auto& entry : fs::directory_iterator(f.folder.path().toStdString()))
            made.insert(entry.path().filename());
        QCOMPARE(made, std::set<std::string> {"hub"});
    }

    void shardsThatLeadElsewhereAreRefused()
    {
        for (const char* name :
            {"../../../escape.safetensors", "/tmp/escape.safetensors", "..", "a/b.safetensors", "pytorch_model.bin"}) {
            Fixture f;
            f.hub.files.erase("model.safetensors");
            f.hub.files["model.safetensors.index.json"]
                = {std::string("{\"weight_map\": {\"a\": \"") + name + "\"}}", false, {}};
            VERIFY_SAYS(f.failure(), "cannot be the name of a file with weights");
        }
    }

    void aShardThatTheModelLacksIsNamed()
    {
        Fixture f;
        f.hub.files.erase("model.safetensors");
        f.hub.files["model.safetensors.index.json"] = {R"({"weight_map": {"a": "a.safetensors"}})", false, {}};
        VERIFY_SAYS(f.failure(), "names a.safetensors, which the model does not have");
    }

    void picklesAreNeverFetched()
    {
        Fixture f;
        f.hub.files["pytorch_model.bin"] = {"pickle", true, {}};
        f.get();
        QCOMPARE(f.hub.fetches("pytorch_model.bin"), 0);
        Fixture only;
        only.hub.files["pytorch_model.bin"] = {"pickle", true, {}};
        only.hub.files.erase("model.safetensors");
        const std::string said = only.failure();
        VERIFY_SAYS(said, "there is no model.safetensors, only pytorch_model.bin");
        VERIFY_SAYS(said, "from_pretrained(\"tiny/model\").save_pretrained(\"FOLDER\")");
        VERIFY_SAYS(said, "`mpo model import FOLDER`");
        QCOMPARE(only.hub.fetches("pytorch_model.bin"), 0);
        QVERIFY(!fs::exists(only.model()));
    }

    /// Names of blobs come from the server too.
    void anEtagIsNoPath()
    {
        for (const char* etag : {"../../../escape", "a/b", "", ".."}) {
            Fixture f;
            f.hub.files["config.json"].etag = etag;
            f.hub.twist("/config.json", [&](const auto&, FakeHub::Reply& reply, int) {
                reply.headers["ETag"] = std::string("\"") + etag + "\"";
            });
            VERIFY_SAYS(f.failure(), "says nothing by which config.json can be checked");
        }
    }

    void aServerThatIsNoHubIsNamed()
    {
        for (const char* body :
            {"<html>", "[]", "{}", R"({"sha": "x", "siblings": []})", R"({"sha": 1, "siblings": 2})", ""}) {
            Fixture f;
            f.hub.twist("/revision/main", [&](const auto&, FakeHub::Reply& reply, int) { reply.body = body; });
            VERIFY_SAYS(f.failure(), "tiny/model: the hub's answer");
        }
    }

    void redirectsEndSomewhere()
    {
        Fixture f;
        f.hub.twist("/revision/main", [](const FakeHub::Request& request, FakeHub::Reply& reply, int) {
            reply.status = 307;
            reply.headers["Location"] = request.path;
        });
        VERIFY_SAYS(f.failure(), "sends in circles");
        f.hub.twist("/revision/main", [](const FakeHub::Request&, FakeHub::Reply& reply, int) {
            reply.status = 307;
            reply.headers["Location"] = "file:///etc/passwd";
        });
        VERIFY_SAYS(f.failure(), "sends on to what is no address");
    }

    void anUnreachableHubIsNotWaitedFor()
    {
        Fixture f;
        f.options.endpoint = "http://127.0.0.1:1";
        f.options.firstDelay = 100.0;
        VERIFY_SAYS(f.failure(), "The hub cannot be reached");
        for (const char* endpoint :
            {"ftp://127.0.0.1", "127.0.0.1 x", "http://user:word@127.0.0.1", "https://h/?a=b"}) {
            f.options.endpoint = endpoint;
            const std::string said = f.failure();
            VERIFY_SAYS(said, "HF_ENDPOINT is not the address of a hub");
            QVERIFY(said.find("word@") == std::string::npos);
        }
    }

    void withoutLinksThereAreCopies()
    {
        Fixture f;
        f.options.links = false;
        f.get();
        const fs::path file = f.model() / "snapshots" / f.hub.commit / "model.safetensors";
        QVERIFY(fs::is_regular_file(fs::symlink_status(file)));
        QVERIFY(!fs::exists(f.weightsBlob()));
        const auto model = cachedModel(f.options.cache, "tiny/model");
        QVERIFY(model->revisions.at(0).complete());
        QCOMPARE(model->bytes, std::uint64_t(kWeights + 23));
        QCOMPARE(f.get().fetched, std::uint64_t(0));
    }

    /// A blob that is a link elsewhere is replaced, not read.
    void blobsThatLeadElsewhereAreFetched()
    {
        Fixture f;
        const fs::path elsewhere = fs::path(f.folder.path().toStdString()) / "elsewhere";
        std::ofstream(elsewhere, std::ios::binary) << std::string(kWeights, 'x');
        fs::create_directories(f.model() / "blobs");
        fs::create_symlink(elsewhere, f.weightsBlob());
        f.get();
        QVERIFY(f.weightsAreRight());
        QVERIFY(fs::is_regular_file(fs::symlink_status(f.weightsBlob())));
        QCOMPARE(readTextFile(elsewhere), std::string(kWeights, 'x'));
    }

    void aBlobOfTheWrongSizeIsFetchedAgain()
    {
        Fixture f;
        fs::create_directories(f.model() / "blobs");
        std::ofstream(f.weightsBlob()) << "cut off";
        f.get();
        QVERIFY(f.weightsAreRight());
        QVERIFY(f.warnings.at(0).find("the copy in the cache is damaged") != std::string::npos);
    }

    /// A cache in which somebody has put links must not make us write elsewhere.
    void foldersThatAreLinksAreRefused()
    {
        Fixture f;
        const fs::path elsewhere = fs::path(f.folder.path().toStdString()) / "elsewhere";
        fs::create_directories(elsewhere);
        fs::create_directories(f.model());
        fs::create_directory_symlink(elsewhere, f.model() / "blobs");
        VERIFY_SAYS(f.failure(), "is a link; remove it");
        QVERIFY(fs::is_empty(elsewhere));
    }
};

QTEST_GUILESS_MAIN(TestHubDownload)
#include "tst_hub_download.moc"

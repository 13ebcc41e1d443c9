// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_download.h"

#include "core/hub/blob_file.h"
#include "core/hub/cache_files.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_paths.h"
#include "core/hub/hub_refusal.h"
#include "core/hub/model_files.h"
#include "core/hub/transfer_speed.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "core/support/text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <system_error>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kMaxListing = std::size_t(32) << 20, kMaxIndex = std::size_t(64) << 20;
constexpr std::chrono::milliseconds kTellEvery {100};
constexpr std::size_t kMaxNames = 100'000;
constexpr std::size_t kMaxEtag = 128;
constexpr std::uint64_t kSpareBytes = std::uint64_t(64) << 20; ///< that a download leaves free
constexpr long kOk = 200, kPartial = 206, kRangeNotSatisfiable = 416;

/// ETag as the name of a blob: W/"abc" -> abc. Nothing when it cannot be one.
std::optional<std::string> blobName(std::string etag)
{
    if (etag.starts_with("W/"))
        etag.erase(0, 2);
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
        etag = etag.substr(1, etag.size() - 2);
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    };
    if (etag.empty() || etag.size() > kMaxEtag || !std::all_of(etag.begin(), etag.end(), allowed))
        return std::nullopt;
    return etag;
}

std::optional<std::uint64_t> numberIn(const std::string& text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

struct RemoteFile
{
    std::string name;
    std::string etag; ///< empty: it is in the snapshot already
    std::optional<std::uint64_t> size;
};

class Downloader
{
public:
    Downloader(const std::string& repository, const std::string& revision, const HubOptions& options,
        const HubListener& listener)
        : m_repository(repository)
        , m_revision(revision)
        , m_options(options)
        , m_listener(listener)
        , m_http(options, listener.stopped, listener.warning)
        , m_folder(options.cache / cacheFolderName(repository))
    {
    }

    HubDownload run();

private:
    std::vector<std::string> namesAtRevision();
    RemoteFile lookUp(const std::string& name);
    void look(std::vector<std::string> names);
    void requireSpace() const;
    void fetch(const RemoteFile& file);
    void fetchBlob(const RemoteFile& file, const fs::path& blob);
    void link(const fs::path& blob, const std::string& name, bool fresh) const;
    void writeRef() const;
    void makeFolders() const;
    void tell(const RemoteFile& file, std::uint64_t fileDone);
    std::string resolvePath(const std::string& name) const;
    [[noreturn]] void refuse(const HubReply& reply, const std::string& what) const;

    fs::path blobPath(const RemoteFile& file) const { return m_folder / "blobs" / file.etag; }
    fs::path snapshot() const { return m_folder / "snapshots" / m_commit; }

    const std::string& m_repository;
    const std::string& m_revision;
    const HubOptions& m_options;
    const HubListener& m_listener;
    HubHttp m_http;
    fs::path m_folder; ///< models--ORG--NAME
    std::string m_commit;
    std::vector<RemoteFile> m_files;
    int m_number = 0; ///< of the file under way
    std::uint64_t m_done = 0, m_bytes = 0, m_fetched = 0;
    TransferSpeed m_speed;
    std::chrono::steady_clock::time_point m_lastTold {};
};

void Downloader::refuse(const HubReply& reply, const std::string& what) const
{
    failRefused(reply, {m_repository, m_revision, what, m_http.endpoint(), !m_options.token.empty()});
}

std::string Downloader::resolvePath(const std::string& name) const
{
    return fmt::format("/{}/resolve/{}/{}", m_repository, m_commit, HubHttp::escaped(name));
}

std::vector<std::string> Downloader::namesAtRevision()
{
    const HubReply reply = m_http.get(
        fmt::format("/api/models/{}/revision/{}", m_repository, HubHttp::escaped(m_revision)), kMaxListing);
    if (reply.status != kOk)
        refuse(reply, "the model");
    const std::string source = fmt::format("{}: the hub's answer", m_repository);
    const Json listing = parseJson(reply.body, source);
    const auto member = [&](const char* key) {
        const auto found = listing.is_object() ? listing.find(key) : listing.end();
        return listing.is_object() && found != listing.end() ? &*found : nullptr;
    };
    const Json* sha = member("sha");
    const Json* siblings = member("siblings");
    if (!sha || !sha->is_string() || !isCommit(sha->get_ref<const std::string&>()) || !siblings || !siblings->is_array()
        || siblings->size() > kMaxNames)
        fail("{} names no commit and files; is {} the address of a hub?", source, m_http.endpoint());
    m_commit = sha->get<std::string>();
    std::vector<std::string> names;
    for (const Json& sibling : *siblings)
        if (const auto name = sibling.is_object() ? sibling.find("rfilename") : sibling.end();
            sibling.is_object() && name != sibling.end() && name->is_string())
            names.push_back(name->get<std::string>());
    return names;
}

RemoteFile Downloader::lookUp(const std::string& name)
{
    RemoteFile file {name, {}, {}};
    if (const auto there = snapshotFile(m_options.cache, snapshot(), name)) {
        file.size = fs::file_size(*there);
        return file;
    }
    const HubReply reply = m_http.head(resolvePath(name));
    const bool linked = !reply.header("x-linked-etag").empty();
    if (reply.status != kOk && !(linked && reply.status >= 300 && reply.status < 400))
        refuse(reply, name);
    const auto etag = blobName(linked ? reply.header("x-linked-etag") : reply.header("etag"));
    if (!etag)
        fail("{}: the hub says nothing by which {} can be checked (ETag); is {} the address of a hub?", m_repository,
            name, m_http.endpoint());
    file.etag = *etag;
    file.size = numberIn(linked ? reply.header("x-linked-size") : reply.header("content-length"));
    return file;
}

void Downloader::look(std::vector<std::string> names)
{
    for (const std::string& name : names) {
        m_files.push_back(lookUp(name));
        m_bytes += m_files.back().size.value_or(0);
    }
}

void Downloader::requireSpace() const
{
    std::uint64_t needed = 0;
    for (const RemoteFile& file : m_files) {
        if (file.etag.empty() || blobFile(m_options.cache, blobPath(file)))
            continue;
        std::error_code none;
        const auto there = fs::file_size(blobPath(file).string() + ".incomplete", none);
        const std::uint64_t size = file.size.value_or(0);
        needed += none || there > size ? size : size - there;
    }
    std::error_code unknown;
    const fs::space_info space = fs::space(m_options.cache, unknown);
    if (!unknown && needed > 0 && space.available < needed + kSpareBytes)
        fail("{}: {} are to come and {} are free on the disk; make room, or point HF_HUB_CACHE to another disk",
            m_options.cache.string(), bytesText(needed), bytesText(space.available));
}

void Downloader::tell(const RemoteFile& file, std::uint64_t fileDone)
{
    const auto now = std::chrono::steady_clock::now();
    const bool edge = fileDone == 0 || fileDone == file.size;
    if (!edge && now - m_lastTold < kTellEvery)
        return;
    m_lastTold = now;
    HubProgress progress;
    progress.file = file.name;
    progress.number = m_number;
    progress.files = int(m_files.size());
    progress.fileDone = fileDone;
    progress.fileBytes = file.size.value_or(fileDone);
    progress.done = m_done + fileDone;
    progress.bytes = std::max(m_bytes, progress.done);
    progress.bytesPerSecond = m_speed.at(m_fetched);
    if (progress.bytesPerSecond > 0.0)
        progress.secondsLeft = double(progress.bytes - progress.done) / progress.bytesPerSecond;
    m_listener.progress(progress);
}

void Downloader::fetchBlob(const RemoteFile& file, const fs::path& blob)
{
    const fs::path lockFile = m_options.cache / ".locks" / cacheFolderName(m_repository) / (file.etag + ".lock");
    const BlobLock lock(lockFile, m_listener.stopped,
        [&] { m_listener.info(fmt::format("Another program fetches {}; waiting for it", file.name)); });
    if (blobFile(m_options.cache, blob)) // fetched while we waited
        return;
    BlobFile content(blob, file.size);
    HubHttp::Receiver receiver;
    receiver.size = file.size;
    receiver.have = [&] { return content.bytes(); };
    receiver.restart = [&] { content.restart(); };
    receiver.append = [&](std::string_view bytes) {
        content.append(bytes);
        m_fetched += bytes.size();
        tell(file, content.bytes());
    };
    const auto inFile = [&](const auto& step) {
        try {
            return step();
        } catch (const Error& error) {
            fail("{}: {}: {}", m_repository, file.name, error.what());
        }
    };
    tell(file, content.bytes());
    // A second time only when what an earlier download left turns out to be useless.
    for (bool first = true;; first = false) {
        const bool resumed = content.bytes() > 0;
        if (!content.full()) {
            const HubReply reply = inFile([&] { return m_http.download(resolvePath(file.name), receiver); });
            if (reply.status == kRangeNotSatisfiable && resumed && first) {
                content.restart();
                continue;
            }
            if (reply.status != kOk && reply.status != kPartial)
                refuse(reply, file.name);
        }
        if (content.finish())
            break;
        if (!resumed || !first)
            fail("{}: the content of {} is not what the hub announced (its hash is another); it was thrown away, try "
                 "again",
                m_repository, file.name);
        m_listener.warning(
            fmt::format("{}: what was left of an earlier download is damaged; beginning anew", file.name));
    }
    if (!content.hasHash())
        m_listener.warning(fmt::format("{}: the server names no hash, so only the size was checked", file.name));
}

void Downloader::link(const fs::path& blob, const std::string& name, bool fresh) const
{
    const fs::path path = snapshot() / name;
    std::error_code error;
    fs::remove(path, error); // a link that led nowhere, or elsewhere
    if (m_options.links)
        fs::create_symlink(fs::path("../../blobs") / blob.filename(), path, error);
    if (!m_options.links || error) { // a file system without links; huggingface_hub does the same there
        error.clear();
        if (fresh)
            fs::rename(blob, path, error);
        else
            fs::copy_file(blob, path, error);
    }
    if (error)
        fail("{}: cannot be written ({})", path.string(), error.message());
}

void Downloader::fetch(const RemoteFile& file)
{
    if (!file.etag.empty()) {
        const fs::path blob = blobPath(file);
        auto there = blobFile(m_options.cache, blob);
        if (there && file.size && fs::file_size(*there) != *file.size) {
            m_listener.warning(fmt::format("{}: the copy in the cache is damaged; fetching it again", file.name));
            fs::remove(blob);
            there.reset();
        }
        if (!there)
            fetchBlob(file, blob);
        link(blob, file.name, !there);
    }
    m_done += file.size.value_or(0);
    tell(file, 0);
}

void Downloader::makeFolders() const
{
    for (const fs::path& folder :
        {m_folder, m_folder / "blobs", m_folder / "refs", m_folder / "snapshots", snapshot()}) {
        std::error_code error;
        fs::create_directories(folder, error);
        if (error)
            fail("{}: the folder cannot be made ({})", folder.string(), error.message());
        // What is written must stay in the cache.
        if (fs::is_symlink(folder))
            fail("{}: is a link; remove it, or point HF_HUB_CACHE to where it leads", folder.string());
    }
    // The mark by which backups know what need not be kept (bford.info/cachedir).
    if (const fs::path tag = m_options.cache / "CACHEDIR.TAG"; !fs::exists(tag))
        writeFileAtomically(tag,
            "Signature: 8a477f597d28d172789f06886806bc55\n# Models from the Hugging Face hub; they can be fetched "
            "again.\n");
}

void Downloader::writeRef() const
{
    if (m_revision == m_commit)
        return;
    const fs::path file = m_folder / "refs" / m_revision;
    std::error_code ignored;
    for (fs::path folder = file.parent_path(); folder != m_folder; folder = folder.parent_path())
        if (fs::is_symlink(folder))
            fail("{}: is a link; remove it", folder.string());
    if (!fs::exists(file, ignored) || readTextFile(file) != m_commit)
        writeFileAtomically(file, m_commit);
}

HubDownload Downloader::run()
{
    const std::vector<std::string> names = namesAtRevision();
    const WantedFiles wanted = wantedFiles(names, m_repository);
    makeFolders();
    look(wanted.plain);
    if (wanted.sharded) {
        // The index says which files are weights: it comes first.
        const RemoteFile index = m_files.back();
        m_number = int(m_files.size());
        fetch(index);
        m_done -= index.size.value_or(0);
        const auto file = snapshotFile(m_options.cache, snapshot(), index.name);
        const std::string source = fmt::format("{}: {}", m_repository, index.name);
        const std::vector<std::string> shards = shardsOf(parseJson(readTextFile(*file, kMaxIndex), source), source);
        for (const std::string& shard : shards)
            if (std::find(names.begin(), names.end(), shard) == names.end())
                fail("{} names {}, which the model does not have", source, shard);
        m_files.back().etag.clear();
        look(shards);
    }
    requireSpace();
    m_number = 0;
    for (const RemoteFile& file : m_files) {
        ++m_number;
        fetch(file);
    }
    writeRef(); // last: a name never means a state that is not whole
    return {snapshot(), m_commit, int(m_files.size()), m_fetched};
}

} // namespace

HubDownload downloadModel(
    const std::string& repository, const std::string& revision, const HubOptions& options, const HubListener& listener)
{
    requireRepositoryName(repository);
    if (!isRevision(revision))
        fail("\"{}\" cannot be a revision; name a branch, a tag or a commit", toPrintable(shortened(revision, 100)));
    try {
        return Downloader(repository, revision, options, listener).run();
    } catch (const fs::filesystem_error& error) {
        fail("{}: {} ({})", repository, error.path1().string(), error.code().message());
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_cache.h"

#include "core/hub/cache_files.h"
#include "core/hub/hub_paths.h"
#include "core/hub/model_files.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <algorithm>
#include <array>
#include <map>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr int kMaxRefDepth = 6; ///< refs/refs/pr/1 has three
constexpr std::size_t kMaxRefBytes = 200, kMaxConfigBytes = std::size_t(4) << 20,
                      kMaxIndexBytes = std::size_t(64) << 20;

/// refs/: names by commit. What is wrong with one lands in `problem`.
void readRefs(const fs::path& folder, const std::string& prefix, int depth,
    std::map<std::string, std::vector<std::string>>& refs, std::string& problem)
{
    for (const std::string& name : namesIn(folder)) {
        const fs::path path = folder / name;
        const FileKind kind = kindOf(path);
        if (kind == FileKind::Folder && depth < kMaxRefDepth) {
            readRefs(path, prefix + name + "/", depth + 1, refs, problem);
        } else if (kind == FileKind::File && !name.starts_with('.') && !name.ends_with(".tmp")) {
            std::string text;
            try {
                text = trimmed(readTextFile(path, kMaxRefBytes));
            } catch (const Error&) {
                text.clear();
            }
            if (isCommit(text))
                refs[text].push_back(toPrintable(prefix + name));
            else
                problem = fmt::format("refs/{} holds no commit", toPrintable(prefix + name));
        }
    }
}

/// What one snapshot lacks to be a model that can be read, and its type.
class SnapshotCheck
{
public:
    SnapshotCheck(const fs::path& cache, CachedRevision& revision, std::string repository)
        : m_cache(cache)
        , m_revision(revision)
        , m_repository(std::move(repository))
        , m_names(namesIn(revision.folder))
    {
    }

    void run()
    {
        try {
            DiskUse use;
            for (const std::string& name : m_names)
                if (const auto file = snapshotFile(m_cache, m_revision.folder, name))
                    use.add(*file);
            m_revision.bytes = use.bytes();
            check();
        } catch (const Error& error) {
            m_revision.problem = error.what();
        }
    }

private:
    bool named(std::string_view name) const { return std::binary_search(m_names.begin(), m_names.end(), name); }

    /// Throws Error when a file of this name is not there or is not to be followed.
    fs::path require(const std::string& name) const
    {
        if (!named(name))
            fail("{} is missing", toPrintable(name));
        if (const auto file = snapshotFile(m_cache, m_revision.folder, name))
            return *file;
        const fs::path target = targetOf(m_revision.folder / name);
        const fs::path blobs = m_revision.folder.parent_path().parent_path() / "blobs";
        if (target.parent_path() == blobs.lexically_normal() && kindOf(target) == FileKind::Missing)
            fail("the content of {} is missing", toPrintable(name));
        fail("{} is a link that leads out of the model's folder", toPrintable(name));
    }

    Json read(std::string_view name, std::size_t maxBytes) const
    {
        return parseJson(readTextFile(require(std::string(name)), maxBytes), name);
    }

    void check() const
    {
        // Whatever a reader of the folder may open must be what it seems.
        for (const std::string& name : m_names)
            if (isSettingsFile(name) || name.ends_with(".safetensors") || name.ends_with(".index.json"))
                require(name);
        if (!named(model_file::kConfig) && named(model_file::kAdapterConfig)) {
            m_revision.modelType = "adapter";
            require(std::string(model_file::kAdapterWeights));
            return;
        }
        const Json config = read(model_file::kConfig, kMaxConfigBytes);
        const auto type = config.is_object() ? config.find("model_type") : config.end();
        if (!config.is_object() || type == config.end() || !type->is_string())
            fail("config.json names no \"model_type\"");
        m_revision.modelType = toPrintable(shortened(type->get_ref<const std::string&>(), 60));
        if (named(model_file::kWeights))
            return;
        if (named(model_file::kIndex)) {
            const auto shards = shardsOf(read(model_file::kIndex, kMaxIndexBytes), std::string(model_file::kIndex));
            const auto missing = std::count_if(shards.begin(), shards.end(), [&](const auto& n) { return !named(n); });
            if (missing > 0)
                fail("{} of {} files with weights are missing", missing, shards.size());
            return;
        }
        const auto pickle = std::find_if(m_names.begin(), m_names.end(), isPickleFile);
        if (pickle != m_names.end())
            fail("only {} is there; {}", toPrintable(*pickle), pickleAdvice(m_repository));
        fail("model.safetensors is missing");
    }

    const fs::path& m_cache;
    CachedRevision& m_revision;
    std::string m_repository;
    std::vector<std::string> m_names;
};

CachedModel readModel(const fs::path& cache, const std::string& folderName)
{
    CachedModel model;
    model.folder = cache / folderName;
    model.repository = repositoryOf(folderName).value_or(toPrintable(folderName));
    if (kindOf(model.folder) != FileKind::Folder) {
        model.problem = "the entry is a link or a file, not a folder of the cache";
        return model;
    }
    if (!repositoryOf(folderName)) {
        model.problem = "the folder's name is not the name of a model";
        return model;
    }
    const fs::path snapshots = model.folder / "snapshots", blobs = model.folder / "blobs", refs = model.folder / "refs";
    for (const fs::path& part : {snapshots, blobs, refs})
        if (const FileKind kind = kindOf(part); kind != FileKind::Missing && kind != FileKind::Folder) {
            model.problem = fmt::format("{} is a link or a file, not a folder", part.filename().string());
            return model;
        }

    DiskUse use, weights;
    for (const std::string& name : namesIn(blobs)) {
        if (const auto file = blobFile(cache, blobs / name))
            use.add(*file);
        if (name.ends_with(".incomplete"))
            model.problem = "a download was not finished";
    }
    std::map<std::string, std::vector<std::string>> named;
    readRefs(refs, {}, 0, named, model.problem);

    std::map<std::string, fs::file_time_type> written;
    for (const std::string& commit : namesIn(snapshots)) {
        const fs::path folder = snapshots / commit;
        if (kindOf(folder) != FileKind::Folder || !isCommit(commit)) {
            if (!commit.starts_with('.'))
                model.problem = fmt::format("snapshots/{} is not the folder of a commit", toPrintable(commit));
            continue;
        }
        CachedRevision revision;
        revision.commit = commit;
        revision.folder = folder;
        if (const auto found = named.find(commit); found != named.end()) {
            revision.refs = found->second;
            named.erase(found);
        }
        SnapshotCheck(cache, revision, model.repository).run();
        for (const std::string& name : namesIn(folder))
            if (const auto file = snapshotFile(cache, folder, name)) {
                use.add(*file);
                if (name.ends_with(".safetensors"))
                    weights.add(*file);
            }
        std::error_code ignored;
        written[commit] = fs::last_write_time(folder, ignored);
        model.revisions.push_back(std::move(revision));
    }
    model.bytes = use.bytes();
    // Looking reads the small files, so only the weights tell when the model was used.
    model.lastUsed = weights.lastUsed() > 0 ? weights.lastUsed() : use.lastUsed();
    if (!named.empty() && model.problem.empty())
        model.problem = fmt::format("{} means a commit that is not there", named.begin()->second.front());
    if (model.revisions.empty() && model.problem.empty())
        model.problem = "there is no snapshot in it";

    // ORG/NAME means "main"; where that was never fetched, what came last.
    const auto isMain = [](const CachedRevision& revision) {
        return std::find(revision.refs.begin(), revision.refs.end(), "main") != revision.refs.end();
    };
    std::stable_sort(model.revisions.begin(), model.revisions.end(), [&](const auto& a, const auto& b) {
        return isMain(a) != isMain(b) ? isMain(a) : written[a.commit] > written[b.commit];
    });
    return model;
}

} // namespace

std::vector<CachedModel> cachedModels(const fs::path& cache)
{
    std::vector<CachedModel> models;
    for (const std::string& name : namesIn(cache))
        if (name.starts_with("models--"))
            models.push_back(readModel(cache, name));
    return models;
}

std::optional<CachedModel> cachedModel(const fs::path& cache, const std::string& repository)
{
    if (!isRepositoryName(repository) || kindOf(cache / cacheFolderName(repository)) == FileKind::Missing)
        return std::nullopt;
    return readModel(cache, cacheFolderName(repository));
}

std::optional<fs::path> cachedModelFolder(const fs::path& cache, const std::string& name)
{
    const auto at = name.find('@');
    const std::string repository = name.substr(0, at), wanted = at == name.npos ? "" : name.substr(at + 1);
    const auto model = cachedModel(cache, repository);
    if (!model)
        return std::nullopt;
    const std::string get = fmt::format(
        "`mpo model get {}{}` fetches it", repository, wanted.empty() ? "" : " --revision " + toPrintable(wanted));
    for (const CachedRevision& revision : model->revisions) {
        const auto& refs = revision.refs;
        const bool found
            = wanted.empty() || revision.commit == wanted || std::find(refs.begin(), refs.end(), wanted) != refs.end();
        if (found && !revision.complete())
            fail("{}: the copy in the Hugging Face cache cannot be used: {}; {}", name, revision.problem, get);
        if (found)
            return revision.folder;
    }
    if (!wanted.empty())
        fail("{}: the Hugging Face cache has the model, but not the revision {}; {}", repository, toPrintable(wanted),
            get);
    fail("{}: the copy in the Hugging Face cache cannot be used: {}; {}", name, model->problem, get);
}

std::string unknownModel(const std::string& name)
{
    const std::string get = isRepositoryName(name) && name.find('/') != name.npos
        ? fmt::format("; `mpo model get {}` downloads it if it is on the Hugging Face hub", name)
        : std::string("; `mpo model list` and `mpo model cache` show what there is");
    return fmt::format("{}: neither a model of the project, nor a folder, nor in the Hugging Face cache{}", name, get);
}

std::string bytesText(std::uint64_t bytes)
{
    constexpr auto kUnits = std::to_array<const char*>({"kB", "MB", "GB", "TB"});
    if (bytes < 1000)
        return fmt::format("{} bytes", bytes);
    double value = double(bytes) / 1000.0;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= 1000.0;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", value, value < 99.5 && unit > 0 ? 1 : 0, kUnits[unit]);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_download.h"
#include "core/model/model_folder.h"
#include "core/support/error.h"
#include "core/support/gguf_file.h"

namespace fs = std::filesystem;

namespace mpo {

namespace {

std::string timeText(double seconds)
{
    const auto whole = std::int64_t(seconds);
    return whole < 60  ? fmt::format("{} s", whole)
        : whole < 3600 ? fmt::format("{} min {:02} s", whole / 60, whole % 60)
                       : fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

void tell(const Workspace& workspace, const std::string& repository, const HubProgress& progress)
{
    std::string detail = fmt::format("{} of {}", bytesText(progress.done), bytesText(progress.bytes));
    if (progress.bytesPerSecond > 0.0)
        detail += fmt::format(", {}/s", bytesText(std::uint64_t(progress.bytesPerSecond)));
    if (progress.secondsLeft >= 0.0)
        detail += fmt::format(", {} left", timeText(progress.secondsLeft));
    detail += fmt::format("; {} ({} of {})", progress.file, progress.number, progress.files);
    if (progress.fileBytes > 0)
        detail += fmt::format(", {:.0f} %", 100.0 * double(progress.fileDone) / double(progress.fileBytes));
    const double share = progress.bytes > 0 ? double(progress.done) / double(progress.bytes) : -1.0;
    workspace.progress("Downloading " + repository, share, detail);
}

/// A row that points to a folder elsewhere.
void refer(const Workspace& workspace, const fs::path& folder, const std::string& name)
{
    Project& project = workspace.project();
    workspace.progress("Reading " + name, -1.0, {});
    const Model model = loadModel(folder); // also proves that it can be read
    ModelRow row;
    row.name = project.freeName(name);
    row.folder = fs::absolute(folder).lexically_normal().string();
    row.kind = model.isReward() ? "reward" : "policy";
    row.family = model.config().family;
    row.digest = modelDigest(model);
    row.parameters = model.parameterCount();
    row.created = nowUtc();
    project.addModel(row);
    workspace.send(ModelSaved {row.name, row.folder});
}

} // namespace

void downloadModelCommand(const Workspace& workspace, const DownloadModel& command)
{
    if (!command.name.empty())
        workspace.project().modelFolder(command.name); // a name that cannot be is told before the long part
    const HubListener listener {[&] { return workspace.stopped(); },
        [&](const HubProgress& progress) { tell(workspace, command.repository, progress); },
        [&](const std::string& text) { workspace.info(text); },
        [&](const std::string& text) { workspace.warning(text); }};
    const HubDownload result
        = downloadModel(command.repository, command.revision, hubOptionsFromEnvironment(), listener);
    workspace.info(result.fetched > 0 ? fmt::format("{}: {} fetched, {} files, commit {}", command.repository,
                       bytesText(result.fetched), result.files, result.commit)
                                      : fmt::format("{}: all {} files are there already, commit {}", command.repository,
                                          result.files, result.commit));
    if (command.name.empty())
        workspace.send(ModelSaved {{}, fs::absolute(result.folder)});
    else
        refer(workspace, result.folder, command.name);
}

void addModelCommand(const Workspace& workspace, const AddModel& command)
{
    if (workspace.project().model(command.source))
        fail("{}: the project has this model already", command.source);
    const fs::path folder = workspace.modelFolder(command.source);
    std::string name = command.name;
    if (name.empty() && isGgufFile(folder))
        name = folder.stem().string();
    if (name.empty()) // of a snapshot in the cache the last part is a commit
        name = fs::path(command.source.substr(0, command.source.find('@'))).lexically_normal().filename().string();
    refer(workspace, folder, name.empty() ? "model" : name);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"
#include "core/model/model_folder.h"
#include "core/support/error.h"
#include "core/support/gguf_file.h"

#include <cmath>

namespace fs = std::filesystem;

namespace mpo {

void importDatasetCommand(const Workspace& workspace, const ImportDataset& command)
{
    Project& project = workspace.project();
    ImportResult result = importDataset(command.file, command.options, workspace.stop(),
        [&](double share) { workspace.progress("Importing " + command.file.filename().string(), share, {}); });
    result.dataset.name = project.freeName(result.dataset.name);
    auto report = std::make_shared<ImportReport>(std::move(result.report));
    project.addDataset(result.dataset, fs::absolute(command.file).string(), report.get());
    workspace.send(DatasetImported {result.dataset.name, report});
}

void importModelCommand(const Workspace& workspace, const ImportModel& command)
{
    // Reading and writing it back also proves that the whole model can be read.
    const bool file = isGgufFile(command.source);
    const fs::path folder
        = file || fs::is_directory(command.source) ? command.source : workspace.modelFolder(command.source.string());
    const Model model = loadModel(folder);
    const fs::path source = fs::absolute(command.source).lexically_normal();
    std::string name = command.name;
    if (name.empty())
        name = (file ? source.stem() : source.filename()).string();
    if (name.empty())
        name = "model";
    workspace.save(model, workspace.project().freeName(name), std::nullopt, fs::absolute(folder).string());
}

void exportModelCommand(const Workspace& workspace, const ExportModel& command)
{
    if (fs::exists(command.folder) && !fs::is_empty(command.folder))
        fail("{}: the folder is not empty; name a new one", command.folder.string());
    Model model = workspace.model(command.model, command.adapter);
    if (command.merge)
        mergeAdapter(model);
    saveModel(model, command.folder);
    workspace.send(ModelSaved {{}, command.folder});
}

void splitCommand(const Workspace& workspace, const SplitPairs& command)
{
    Project& project = workspace.project();
    const std::vector<PairScore> scores = project.loadScores(command.scoreSet);
    std::vector<double> gaps;
    gaps.reserve(scores.size());
    for (const PairScore& score : scores)
        gaps.push_back(score.gap());
    SplitRow row;
    row.name = command.name.empty() ? project.freeName(command.data + "-split") : command.name;
    row.dataset = command.data;
    row.scoreSet = command.scoreSet;
    row.split = splitPairs(gaps, command.rule);
    row.created = nowUtc();
    project.addSplit(row);
    workspace.send(SplitSaved {row.name, row.split.threshold, row.split.counts()});
}

} // namespace mpo

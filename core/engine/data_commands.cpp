// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/pair_export.h"
#include "core/data/score_gaps.h"
#include "core/engine/workspace.h"
#include "core/model/model_folder.h"
#include "core/store/dataset_writer.h"
#include "core/support/error.h"
#include "core/support/gguf_file.h"

#include <optional>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::int64_t kPairsAtOnce = 4096; ///< read while the store is held

} // namespace

void importDatasetCommand(const Workspace& workspace, const ImportDataset& command)
{
    Project& project = workspace.project();
    for (const DataSource& source : findDataSources(command.file, command.options.split)) {
        std::string name = source.name;
        if (!command.options.name.empty()) // several splits of a folder: NAME-train, NAME-test
            name = command.options.name + source.name.substr(source.name.size() - source.nameOfSplit);
        DatasetWriter writer(project, project.freeName(name));
        const auto report = std::make_shared<ImportReport>(importPairs(
            source, command.options, [&](PreferencePair&& pair) { writer.add(std::move(pair)); }, workspace.stop(),
            [&](double share) { workspace.progress("Importing " + source.shown.filename().string(), share, {}); }));
        writer.finish(report->kind, fs::absolute(source.shown).string(), report.get());
        workspace.send(DatasetImported {writer.name(), report});
    }
}

void exportDatasetCommand(const Workspace& workspace, const ExportDataset& command)
{
    Project& project = workspace.project();
    const auto row = project.dataset(command.data);
    if (!row)
        project.loadDataset(command.data); // says which there are
    std::vector<std::int64_t> numbers;
    std::optional<Split> split;
    if (!command.split.empty()) {
        SplitRow found = project.loadSplit(command.split);
        if (found.dataset != command.data)
            fail("{}: this is a split of the data set {}, not of {}", command.split, found.dataset, command.data);
        if (command.bucket != "easy" && command.bucket != "hard")
            fail("There is no bucket \"{}\" of a split; there are easy and hard", command.bucket);
        split = std::move(found.split);
        numbers = command.bucket == "easy" ? split->easyPairs() : split->hardPairs();
    }
    const std::int64_t count = split ? std::int64_t(numbers.size()) : row->pairs;
    PairExport out(command.file, command.format, row->kind, command.seed);
    std::int64_t at = 0; // in numbers, which rise
    for (std::int64_t first = 0; first < row->pairs; first += kPairsAtOnce) {
        if (workspace.stopped())
            fail("{}: the export was stopped; nothing was written", command.file.string());
        workspace.progress("Exporting " + command.data, double(first) / double(row->pairs), {});
        std::int64_t number = first;
        for (PreferencePair& pair : project.pairs(command.data, first, kPairsAtOnce)) {
            const std::int64_t current = number++;
            if (split && (at == count || numbers[std::size_t(at)] != current))
                continue;
            ++at;
            if (split && split->flipped(current))
                exchangeResponses(pair);
            out.add(pair);
        }
    }
    out.finish();
    workspace.send(DatasetExported {command.data, command.file, count});
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
    const std::vector<double> gaps = gapsOf(project.loadScores(command.scoreSet));
    SplitRow row;
    row.name = command.name.empty() ? project.freeName(command.data + "-split") : command.name;
    row.dataset = command.data;
    row.scoreSet = command.scoreSet;
    PairEdits edits;
    if (command.edits != 0)
        edits = project.pairEdits(
            command.data, command.edits == kLatestEdits ? std::nullopt : std::optional(command.edits));
    row.split = splitPairs(gaps, command.rule, edits);
    row.created = nowUtc();
    project.addSplit(row);
    workspace.send(SplitSaved {row.name, row.split.threshold, row.split.counts(), row.split.edits,
        std::int64_t(row.split.flippedByHand.size())});
}

} // namespace mpo

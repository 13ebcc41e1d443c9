// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/data_check.h"
#include "app/cli/data_edits.h"
#include "app/cli/engine_session.h"
#include "core/data/dataset_importer.h"
#include "core/data/formats/dataset_format.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace fs = std::filesystem;

namespace mpo::cli {

namespace {

constexpr std::array kKindNames {"pairs", "completions", "prompts"};

const char* kindName(DatasetKind kind) { return kKindNames.at(std::size_t(kind)); }

int listData(const GlobalOptions& global)
{
    const auto project = openProjectToShow(global);
    std::vector<std::vector<std::string>> table {{"name", "kind", "rows", "made", "source"}};
    for (const DatasetRow& row : project->datasets()) {
        if (global.json)
            writeLine(toLine({{"name", row.name}, {"kind", kindName(row.kind)}, {"pairs", row.pairs},
                {"digest", row.digest}, {"source", row.source}, {"created", row.created}}));
        table.push_back({row.name, kindName(row.kind), grouped(row.pairs), row.created, row.source});
    }
    if (!global.json)
        writeTable(table);
    return 0;
}

Json jsonOfPair(const PreferencePair& pair, DatasetKind kind)
{
    Json row;
    const auto add = [&](const char* text, const std::string& value, const char* ids, const TokenIds& valueIds) {
        if (pair.hasIds())
            row[ids] = valueIds;
        else
            row[text] = value;
    };
    add("prompt", pair.prompt, "prompt_ids", pair.promptIds);
    if (kind != DatasetKind::Prompts)
        add("chosen", pair.chosen, "chosen_ids", pair.chosenIds);
    if (kind == DatasetKind::Pairs)
        add("rejected", pair.rejected, "rejected_ids", pair.rejectedIds);
    for (const ChatMessage& turn : pair.turns)
        row["turns"].push_back({{"role", turn.role}, {"content", turn.content}});
    if (pair.confidence)
        row["confidence"] = *pair.confidence;
    if (pair.margin)
        row["margin"] = *pair.margin;
    if (pair.line > 0)
        row["line"] = pair.line;
    return row;
}

/// What else the project holds on a data set.
void showUses(const Project& project, const std::string& name)
{
    for (const ScoreSetRow& row : project.scoreSets())
        if (row.dataset == name)
            writeLine(fmt::format("scores  {} (by {}{})", row.name, row.rewardModel, row.heldOut ? ", held out" : ""));
    for (const SplitRow& row : project.splits())
        if (row.dataset == name) {
            const SplitCounts counts = row.split.counts();
            writeLine(fmt::format("split   {} ({}, threshold {}: {} easy, {} hard, {} contradictory{})", row.name,
                row.scoreSet, shortNumber(row.split.threshold), grouped(counts.easy), grouped(counts.hard),
                grouped(counts.contradictory),
                row.split.edits > 0 ? fmt::format("; edits up to {}", row.split.edits) : ""));
        }
    if (const PairEdits edits = project.pairEdits(name); edits.revision > 0)
        writeLine(fmt::format("edits   {} flipped, {} dropped by hand (`mpo data edits {}`)",
            grouped(std::int64_t(edits.flipped.size())), grouped(std::int64_t(edits.dropped.size())), name));
}

int showData(const GlobalOptions& global, const std::string& name, std::int64_t limit)
{
    const auto project = openProjectToShow(global);
    DatasetKind kind = DatasetKind::Pairs;
    std::int64_t rows = 0;
    std::vector<PreferencePair> pairs;
    if (const auto row = project->dataset(name)) {
        kind = row->kind;
        rows = row->pairs;
        pairs = project->pairs(name, 0, limit);
    } else if (fs::exists(name)) {
        Dataset dataset = importDataset(name).dataset;
        kind = dataset.kind;
        rows = std::int64_t(dataset.pairs.size());
        dataset.pairs.resize(std::size_t(std::min(limit, rows)));
        pairs = std::move(dataset.pairs);
    } else {
        fail("{}: neither a data set of the project nor a file; `mpo data list` shows what the project has", name);
    }
    if (global.json) {
        for (const PreferencePair& pair : pairs)
            writeLine(toLine(jsonOfPair(pair, kind)));
        return 0;
    }
    writeLine(fmt::format("{}: {} {}", name, grouped(rows), kindName(kind)));
    if (project->dataset(name))
        showUses(*project, name);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        writeLine("");
        writeLine(fmt::format("[{}]", i + 1));
        std::vector<std::pair<std::string, std::string>> fields;
        const Json row = jsonOfPair(pairs[i], kind);
        for (const auto& [key, value] : row.items())
            fields.emplace_back(key, oneLine(value.is_string() ? value.get<std::string>() : value.dump(), 400));
        writeFields(fields);
    }
    return 0;
}

int listFormats(const GlobalOptions& global)
{
    std::vector<std::vector<std::string>> table {{"format", "kind", "columns"}};
    for (const DatasetFormat& format : datasetFormats()) {
        if (global.json)
            writeLine(toLine(
                {{"format", format.name}, {"kind", kindName(format.kind)}, {"description", format.description}}));
        table.push_back({format.name, kindName(format.kind), format.description});
    }
    if (!global.json)
        writeTable(table);
    return 0;
}

void addImport(CLI::App& data, Arguments& arguments)
{
    auto* import = data.add_subcommand("import",
        "Import preference data: JSON, JSONL, CSV, TSV (also .gz, .zst), Parquet, Arrow, or a folder with splits");
    auto command = std::make_shared<ImportDataset>();
    auto maps = std::make_shared<std::vector<std::string>>();
    import->add_option("file", command->file, "The file or folder")->required();
    import->add_option("--name", command->options.name, "Name in the project; default: the file's")->type_name("NAME");
    import
        ->add_option("--format", command->options.format,
            "Format; default: found out from the first records; see `mpo data formats`")
        ->type_name("FORMAT");
    import
        ->add_option("--map", *maps,
            "Our field (prompt, chosen, rejected, margin, confidence, completion) = the file's column; dots go into "
            "objects")
        ->type_name("FIELD=COLUMN")
        ->always_capture_default(false);
    import
        ->add_option("--split", command->options.split,
            "Only this split of a folder, or the records whose field \"split\" says so; default: all")
        ->type_name("SPLIT");
    import->add_flag("--keep-duplicates", command->options.keepDuplicates, "Keep repeated pairs");
    import->callback([command, maps, &arguments] {
        for (const std::string& map : *maps)
            command->options.columns.insert(keyAndValue(map, "--map"));
    arguments.action = [command](const GlobalOptions& global) {
        return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *command, {});
    };
});
} // namespace

void addExport(CLI::App& data, Arguments& arguments)
{
    auto* command = data.add_subcommand("export", "Write a data set, or a bucket of a split of it, to a file");
    auto given = std::make_shared<ExportDataset>();
    auto format = std::make_shared<std::string>("trl");
    command->add_option("name", given->data, "Data set")->required();
    command->add_option("--out", given->file, "The file: .jsonl, .jsonl.gz or .csv")->required()->type_name("FILE");
    command->add_option("--format", *format, "trl, trl-messages, hh or arena")->type_name("FORMAT");
    command->add_option("--split", given->split, "A split of the data set; with --bucket")->type_name("SPLIT");
    command->add_option("--bucket", given->bucket, "easy or hard")->type_name("BUCKET");
    command->add_option("--seed", given->seed, "Draws the sides of Arena battles")->type_name("N");
    command->callback([given, format, &arguments] {
        given->format = exportFormatFromName(*format);
        if (given->split.empty() != given->bucket.empty())
            fail("--split and --bucket go together: --split NAME --bucket easy");
        arguments.action = [given](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadOnly), *given, {});
        };
    });
}

} // namespace mpo::cli

void addDataCommands(CLI::App& app, Arguments& arguments)
{
    auto* data = app.add_subcommand("data", "Import, look at and export preference data");
    data->require_subcommand(1);
    addImport(*data, arguments);
    addExport(*data, arguments);
    addDataCheck(*data, arguments);
    addDataEdits(*data, arguments);
    data->add_subcommand("list", "Data sets of the project")->callback([&arguments] { arguments.action = listData; });
    data->add_subcommand("formats", "Formats that an import knows")->callback([&arguments] {
        arguments.action = listFormats;
    });

    auto* show = data->add_subcommand("show", "The first rows of a data set or file");
    auto name = std::make_shared<std::string>();
    auto limit = std::make_shared<std::int64_t>(3);
    show->add_option("name", *name, "Data set or file")->required();
    show->add_option("--limit", *limit, "How many rows")->check(plain(CLI::NonNegativeNumber))->type_name("N");
    show->callback([name, limit, &arguments] {
        arguments.action = [name, limit](const GlobalOptions& global) { return showData(global, *name, *limit); };
    });
}

} // namespace mpo::cli

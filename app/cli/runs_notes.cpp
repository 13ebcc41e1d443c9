// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// `mpo runs compare|lineage|tag|note|delete|restore|import|export`: what one does with runs that are over.
#include "app/cli/runs_notes.h"

#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "core/hub/hub_cache.h"
#include "core/runs/disk_use.h"
#include "core/runs/lineage.h"
#include "core/runs/run_import.h"
#include "core/runs/settings_comparison.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace fs = std::filesystem;

namespace mpo::cli {

namespace {

constexpr std::size_t kValueColumns = 40;

RunRow requireRun(const Project& project, std::int64_t id)
{
    auto run = project.run(id);
    if (!run)
        fail("There is no run {}; `mpo runs list` shows them", id);
    return *run;
}

int compareRuns(const GlobalOptions& global, const std::vector<std::int64_t>& ids, bool all)
{
    const auto project = openProjectToShow(global);
    std::vector<Json> configs;
    std::vector<std::string> head {"setting"};
    for (const std::int64_t id : ids) {
        const RunRow run = requireRun(*project, id);
        configs.push_back(run.config);
        head.push_back(fmt::format("{} {}", id, oneLine(run.name, 24)));
    }
    std::vector<std::vector<std::string>> table {head};
    for (const ComparedSetting& setting : compareSettings(configs)) {
        if (!setting.differs && !all)
            continue;
        if (global.json) {
            Json values = Json::object();
            for (std::size_t i = 0; i < ids.size(); ++i)
                values[std::to_string(ids[i])] = setting.values[i];
            writeLine(toLine({{"setting", setting.name}, {"differs", setting.differs}, {"values", values}}));
        }
        std::vector<std::string> row {setting.name};
        for (const std::string& value : setting.values)
            row.push_back(value.empty() ? "-" : oneLine(value, kValueColumns));
        table.push_back(row);
    }
    if (global.json)
        return 0;
    if (table.size() == 1)
        note("Their settings are the same; --all shows them");
    else
        writeTable(table);
    return 0;
}

int showLineage(const GlobalOptions& global, std::int64_t id)
{
    const auto project = openProjectToShow(global);
    requireRun(*project, id);
    const Lineage lineage = lineageOfRun(*project, id);
    const auto named = [&](int place) {
        const LineageNode& node = lineage.nodes[std::size_t(place)];
        return fmt::format("{} {}{}{}", lineageKindName(node.kind), node.name,
            node.run != 0 ? fmt::format(" (run {} {})", node.run, node.stage) : std::string(),
            node.present ? "" : " (not in the project)");
    };
    for (const LineageEdge& edge : lineage.edges) {
        const LineageNode &from = lineage.nodes[std::size_t(edge.from)], &to = lineage.nodes[std::size_t(edge.to)];
        if (global.json)
            writeLine(toLine({{"from", from.name}, {"from_kind", lineageKindName(from.kind)}, {"from_run", from.run},
                {"to", to.name}, {"to_kind", lineageKindName(to.kind)}, {"to_run", to.run}, {"role", edge.role}}));
        else
            writeLine(fmt::format("{}  <-  {}, as its {}", named(edge.to), named(edge.from), edge.role));
    }
    if (lineage.edges.empty() && !global.json)
        writeLine(named(lineage.focus));
    return 0;
}

int tagRun(const GlobalOptions& global, std::int64_t id, const std::vector<std::string>& add,
    const std::vector<std::string>& remove)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    std::vector<std::string> tags = requireRun(*project, id).tags;
    for (const std::string& tag : remove)
        if (std::erase(tags, tag) == 0)
            fail("Run {} has no tag \"{}\"", id, tag);
    tags.insert(tags.end(), add.begin(), add.end());
    project->setRunTags(id, tags);
    tags = project->run(id)->tags;
    if (global.json)
        writeLine(toLine({{"run", id}, {"tags", tags}}));
    else
        writeLine(fmt::format("Run {}: {}", id, tags.empty() ? "no tags" : fmt::format("{}", fmt::join(tags, ", "))));
    return 0;
}

int noteRun(const GlobalOptions& global, std::int64_t id, const std::string& text)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    requireRun(*project, id);
    project->setRunNote(id, text);
    if (global.json)
        writeLine(toLine({{"run", id}, {"note", text}}));
    return 0;
}

int deleteRuns(const GlobalOptions& global, const std::vector<std::int64_t>& ids, bool now)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    for (const std::int64_t id : ids)
        requireRun(*project, id); // all or none
    for (const std::int64_t id : ids) {
        const std::uint64_t bytes = diskUse(project->runFolder(id));
        project->deleteRun(id);
        if (now)
            project->eraseDeletedRun(id);
        if (global.json)
            writeLine(toLine({{"run", id}, {"deleted", true}, {"erased", now}, {"bytes", bytes}}));
        else if (!global.quiet)
            note(now ? fmt::format("Run {} is deleted, {} are free again", id, bytesText(bytes))
                     : fmt::format("Run {} is deleted; `mpo runs restore {}` brings it back for a week", id, id));
    }
    return 0;
}

int restoreRuns(const GlobalOptions& global, const std::vector<std::int64_t>& ids)
{
    if (ids.empty()) { // what there is
        const auto project = openProjectToShow(global);
        std::vector<std::vector<std::string>> table {{"run", "stage", "makes", "deleted"}};
        for (const DeletedRun& one : project->deletedRuns()) {
            if (global.json)
                writeLine(toLine(
                    {{"run", one.run.id}, {"stage", one.run.stage}, {"name", one.run.name}, {"deleted", one.deleted}}));
            table.push_back({std::to_string(one.run.id), one.run.stage, one.run.name, one.deleted});
        }
        if (!global.json && table.size() > 1)
            writeTable(table);
        else if (!global.json)
            note("No run was deleted within the last week");
        return 0;
    }
    const auto project = openProject(global, Project::Access::ReadWrite);
    for (const std::int64_t id : ids) {
        project->restoreRun(id);
        if (global.json)
            writeLine(toLine({{"run", id}, {"deleted", false}}));
        else if (!global.quiet)
            note(fmt::format("Run {} is back", id));
    }
    return 0;
}

int importRuns(const GlobalOptions& global, const std::vector<std::string>& paths, const std::string& tag)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    for (const std::string& path : paths) {
        const FoundRuns found = findRuns(path);
        for (const std::string& problem : found.problems)
            note(fmt::format("warning: {}", problem));
        for (const RunCurves& run : found.runs) {
            const std::int64_t id = importRun(*project, run);
            if (!tag.empty())
                project->setRunTags(id, {tag});
            for (const std::string& sentence : run.notes)
                note(fmt::format("warning: {}", sentence));
            if (global.json)
                writeLine(toLine({{"run", id}, {"name", run.name}, {"source", run.source},
                    {"metrics", run.metrics.size()}, {"steps", run.lastStep}}));
            else
                writeLine(fmt::format(
                    "Run {}: {}, {} metrics up to step {}", id, run.name, run.metrics.size(), grouped(run.lastStep)));
        }
    }
    return 0;
}

int exportTo(
    const GlobalOptions& global, std::vector<std::int64_t> ids, const std::string& format, const std::string& out)
{
    const auto project = openProjectToShow(global);
    if (ids.empty())
        for (const RunRow& run : project->runs())
            ids.push_back(run.id);
    if (ids.empty())
        fail("{}: has no runs to export", project->folder().string());
    const bool tensorBoard = format == "tensorboard";
    exportRuns(*project, ids, tensorBoard ? RunFormat::TensorBoard : RunFormat::TrainerState, out);
    if (global.json)
        writeLine(toLine({{"runs", ids}, {"format", format}, {"folder", fs::absolute(out).string()}}));
    else if (!global.quiet)
        note(tensorBoard ? fmt::format("Written; `tensorboard --logdir {}` shows them", out)
                         : fmt::format("Written below {}", out));
    return 0;
}

} // namespace

void addRunsNotes(CLI::App& runs, Arguments& arguments)
{
    const auto addIds = [](CLI::App* command, const std::shared_ptr<std::vector<std::int64_t>>& ids, const char* help) {
        return command->add_option("runs", *ids, help)
            ->type_name("RUN ...")
            ->check(plain(CLI::PositiveNumber))
            ->always_capture_default(false);
    };
    const auto addId = [](CLI::App* command, const std::shared_ptr<std::int64_t>& id) {
        command->add_option("run", *id, "Its number")
            ->type_name("RUN")
            ->required()
            ->check(plain(CLI::PositiveNumber))
            ->always_capture_default(false);
    };

    {
        auto* compare = runs.add_subcommand("compare", "Settings of several runs side by side, those that differ");
        auto ids = std::make_shared<std::vector<std::int64_t>>();
        auto all = std::make_shared<bool>(false);
        addIds(compare, ids, "Their numbers")->required()->expected(2, 1000);
        compare->add_flag("--all", *all, "Those that are the same too");
        compare->callback([=, &arguments] {
            arguments.action = [=](const GlobalOptions& global) { return compareRuns(global, *ids, *all); };
        });
    }
    {
        auto* lineage = runs.add_subcommand("lineage", "What a run was made from, and what from it");
        auto id = std::make_shared<std::int64_t>(0);
        addId(lineage, id);
        lineage->callback([=, &arguments] {
            arguments.action = [=](const GlobalOptions& global) { return showLineage(global, *id); };
        });
    }
    {
        auto* tag = runs.add_subcommand("tag", "Add tags to a run, or take them off");
        auto id = std::make_shared<std::int64_t>(0);
        auto add = std::make_shared<std::vector<std::string>>(), remove = std::make_shared<std::vector<std::string>>();
        addId(tag, id);
        tag->add_option("tags", *add, "Tags to add")->type_name("TAG ...");
        tag->add_option("--remove", *remove, "A tag to take off; may be given again")->type_name("TAG")->expected(1);
        tag->callback([=, &arguments] {
            arguments.action = [=](const GlobalOptions& global) { return tagRun(global, *id, *add, *remove); };
        });
    }
    {
        auto* noteCommand = runs.add_subcommand("note", "Write a note on a run, in the place of the one it has");
        auto id = std::make_shared<std::int64_t>(0);
        auto text = std::make_shared<std::string>();
        addId(noteCommand, id);
        noteCommand->add_option("text", *text, "The note; empty: none")->required()->type_name("TEXT");
        noteCommand->callback([=, &arguments] {
            arguments.action = [=](const GlobalOptions& global) { return noteRun(global, *id, *text); };
        });
    }
    {
        auto* erase = runs.add_subcommand("delete", "Delete runs; the models that they made stay");
        auto ids = std::make_shared<std::vector<std::int64_t>>();
        auto now = std::make_shared<bool>(false);
        addIds(erase, ids, "Their numbers")->required();
        erase->add_flag("--now", *now, "For good, to free the disk at once");
        erase->callback([=, &arguments] {
            arguments.action = [=](const GlobalOptions& global) { return deleteRuns(global, *ids, *now); };
        });
    }
    {
        auto* restore = runs.add_subcommand("restore", "Bring deleted runs back; without a number: which there are");
        auto ids = std::make_shared<std::vector<std::int64_t>>();
        addIds(restore, ids, "Their numbers");
        restore->callback([=, &arguments] {
            arguments.action = [=](const GlobalOptions& global) { return restoreRuns(global, *ids); };
        });
    }
    {
        auto* import = runs.add_subcommand("import",
            "Curves of other programs, to compare: event files of TensorBoard, trainer_state.json, folders of them");
        auto paths = std::make_shared<std::vector<std::string>>();
        auto tag = std::make_shared<std::string>();
        import->add_option("paths", *paths, "Files or folders")->required()->type_name("PATH ...");
        import->add_option("--tag", *tag, "For all of them")->type_name("TAG");
        import->callback([=, &arguments] {
            arguments.action = [=](const GlobalOptions& global) { return importRuns(global, *paths, *tag);
    };
});
} // namespace mpo::cli
{
    auto* exporting = runs.add_subcommand("export", "Write runs for TensorBoard or as trainer_state.json");
    auto ids = std::make_shared<std::vector<std::int64_t>>();
    auto format = std::make_shared<std::string>("tensorboard"), out = std::make_shared<std::string>();
    addIds(exporting, ids, "Their numbers; default: all");
    exporting->add_option("--format", *format, "tensorboard or trainer-state")
        ->type_name("NAME")
        ->check(plain(CLI::IsMember({"tensorboard", "trainer-state"})));
    exporting->add_option("--out", *out, "Folder; each run gets one in it")->required()->type_name("DIR");
    exporting->callback([=, &arguments] {
        arguments.action = [=](const GlobalOptions& global) { return exportTo(global, *ids, *format, *out); };
    });
}
}

} // namespace mpo::cli

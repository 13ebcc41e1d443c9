// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/json_lines.h"
#include "app/cli/model_folder.h"
#include "core/engine/catalogue.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_paths.h"
#include "core/support/error.h"
#include "core/support/gguf_file.h"
#include "core/support/text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iostream>
#include <memory>

namespace fs = std::filesystem;

namespace mpo::cli {

namespace {

constexpr std::size_t kProblemColumns = 100;

int listModels(const GlobalOptions& global)
{
    const auto project = openProjectToShow(global);
    std::vector<std::vector<std::string>> table {{"name", "kind", "family", "parameters", "run", "from", "made"}};
    for (const ModelRow& row : project->models()) {
        if (global.json)
            writeLine(
                toLine({{"name", row.name}, {"kind", row.kind}, {"family", row.family}, {"parameters", row.parameters},
                    {"folder", row.folder}, {"digest", row.digest}, {"run", row.run ? Json(*row.run) : Json()},
                    {"parent", row.parent ? Json(*row.parent) : Json()}, {"created", row.created}}));
        table.push_back({row.name, row.kind, row.family, grouped(row.parameters),
            row.run ? std::to_string(*row.run) : "-", row.parent.value_or("-"), row.created});
    }
    if (!global.json)
        writeTable(table);
    return 0;
}

int showModel(const GlobalOptions& global, const std::string& name)
{
    const fs::path folder = modelFolder(global, name);
    const ModelSummary model = summariseModel(folder.string());
    if (global.json)
        writeLine(toLine({{"model", name}, {"folder", folder.string()}, {"family", model.family}, {"kind", model.kind},
            {"parameters", model.parameters}, {"layers", model.layers}, {"hidden", model.hidden},
            {"vocabulary", model.vocabulary}, {"max_positions", model.maxPositions}, {"tokenizer", model.tokenizer}}));
    else
        writeFields({{"model", name}, {"folder", folder.string()}, {"family", model.family}, {"kind", model.kind},
            {"parameters", grouped(model.parameters)}, {"layers", std::to_string(model.layers)},
            {"hidden size", std::to_string(model.hidden)}, {"vocabulary", grouped(model.vocabulary)},
            {"positions", grouped(model.maxPositions)}, {"tokenizer", model.tokenizer ? "yes" : "no"}});
    return 0;
}

/// JSONL {"text"} on stdin -> {"ids","text"}, always as JSON lines.
int tokenize(const GlobalOptions& global, const std::string& name)
{
    const TextCodec codec(modelFolder(global, name).string());
    forEachJsonLine(std::cin, "standard input", [&](const Json& row, const std::string& place) {
        if (!row.is_object() || !row.contains("text") || !row["text"].is_string())
            fail("{} must be an object with a string \"text\"", place);
        const auto ids = codec.encode(row["text"].get<std::string>());
        writeLine(toLine({{"ids", ids}, {"text", codec.decode(ids)}}));
        // Whoever talks to us line by line waits for this answer; input that is there already is answered in one go.
        if (std::cin.rdbuf()->in_avail() <= 0)
            flushOutput();
    });
    return 0;
}

/// What is in the Hugging Face cache, a line for each state of a model.
int listCache(const GlobalOptions& global)
{
    const fs::path cache = hubCacheFolder();
    const std::vector<CachedModel> models = cachedModels(cache);
    std::vector<std::vector<std::string>> table {
        {"model", "family", "size", "revision", "commit", "last used", "state"}};
    for (const CachedModel& model : models) {
        const std::string used
            = model.lastUsed == 0 ? "-" : fmt::format("{:%Y-%m-%d}", fmt::localtime(std::time_t(model.lastUsed)));
        if (global.json) {
            Json revisions = Json::array();
            for (const CachedRevision& revision : model.revisions)
                revisions.push_back({{"commit", revision.commit}, {"refs", revision.refs},
                    {"folder", revision.folder.string()}, {"bytes", revision.bytes}, {"family", revision.modelType},
                    {"complete", revision.complete()}, {"problem", revision.problem}});
            writeLine(toLine({{"model", model.repository}, {"folder", model.folder.string()}, {"bytes", model.bytes},
                {"last_used", model.lastUsed}, {"problem", model.problem}, {"revisions", revisions}}));
            continue;
        }
        for (const CachedRevision& revision : model.revisions) {
            const std::vector<std::string_view> refs(revision.refs.begin(), revision.refs.end());
            table.push_back({model.repository, revision.modelType.empty() ? "-" : revision.modelType,
                bytesText(revision.bytes), refs.empty() ? "-" : joined(refs), revision.commit.substr(0, 8), used,
                revision.complete() ? "complete" : oneLine(revision.problem, kProblemColumns)});
        }
        if (model.revisions.empty())
            table.push_back({model.repository, "-", bytesText(model.bytes), "-", "-", used,
                oneLine(model.problem, kProblemColumns)});
    }
    if (global.json)
        return 0;
    if (models.empty())
        note(fmt::format("{}: no models yet; `mpo model get ORG/NAME` fetches one", cache.string()));
    else
        writeTable(table);
    return 0;
}

int getModel(const GlobalOptions& global, const DownloadModel& command)
{
    const auto access = command.name.empty() ? Project::Access::ReadOnly : Project::Access::ReadWrite;
    return runOnEngine(global, openProject(global, access), command, {Printing::Json::Everything, {}});
}

} // namespace

fs::path modelFolder(const GlobalOptions& global, const std::string& name)
{
    // A name of the project goes first, as everywhere; a folder needs no project.
    const bool plainName = name.find('/') == std::string::npos;
    const bool there = fs::is_directory(name) || isGgufFile(name);
    if ((plainName || !there) && Project::isProject(projectFolder(global))) {
        const auto project = openProjectToShow(global);
        if (const auto row = project->model(name)) {
            const fs::path folder = row->folder;
            return folder.is_absolute() ? folder : project->folder() / folder;
        }
    }
    if (there)
        return name;
    if (const auto cached = cachedModelFolder(hubCacheFolder(), name))
        return *cached;
    fail("{}", unknownModel(name));
}

void addModelCommands(CLI::App& app, Arguments& arguments)
{
    auto* model = app.add_subcommand("model", "Fetch, import, export and look at models");
    model->require_subcommand(1);

    auto* get = model->add_subcommand("get", "Download a model from the Hugging Face hub into its cache");
    auto wanted = std::make_shared<DownloadModel>();
    get->add_option("model", wanted->repository, "Name on the hub: ORG/NAME")->required();
    get->add_option("--revision", wanted->revision, "Branch, tag or commit")->type_name("R");
    get->add_option("--name", wanted->name, "Also make it a model of the project, without a copy")->type_name("NAME");
    get->footer(
        "Settings and tokenizer files and safetensors weights are fetched; given again, it goes on where it was\n"
        "stopped. HF_ENDPOINT names another hub, HF_TOKEN opens gated models, HF_HUB_CACHE is the folder.");
    get->callback([wanted, &arguments] {
        arguments.action = [wanted](const GlobalOptions& global) { return getModel(global, *wanted); };
    });

    model->add_subcommand("cache", "Models in the Hugging Face cache of this machine")->callback([&arguments] {
        arguments.action = listCache;
    });

    auto* importing = model->add_subcommand("import", "Copy a model into the project");
    auto in = std::make_shared<ImportModel>();
    auto link = std::make_shared<bool>(false);
    importing->add_option("source", in->source, "A Hugging Face model folder, a GGUF file, or ORG/NAME in the cache")
        ->required();
    importing->add_option("--name", in->name, "Name in the project; default: the folder's or file's")
        ->type_name("NAME");
    importing->add_flag("--link", *link, "Leave it where it lies: the project refers to it");
    importing->callback([in, link, &arguments] {
        arguments.action = [in, link](const GlobalOptions& global) {
            const Command command
                = *link ? Command(AddModel {in->source.string(), in->name}) : Command(ImportModel(*in));
            return runOnEngine(
                global, openProject(global, Project::Access::ReadWrite), command, {Printing::Json::Everything, {}});
        };
    });

    auto* exporting = model->add_subcommand("export", "Write a model as a Hugging Face folder");
    auto out = std::make_shared<ExportModel>();
    exporting->add_option("model", out->model, "The model")->required();
    exporting->add_option("folder", out->folder, "Where to; new or empty")->required();
    exporting->add_flag("--merge", out->merge, "Add an adapter into the weights of its base");
    exporting->add_option("--adapter", out->adapter, "LoRA on the model")->type_name("MODEL");
    exporting->callback([out, &arguments] {
        arguments.action = [out](const GlobalOptions& global) {
            return runOnEngine(
                global, openProject(global, Project::Access::ReadOnly), *out, {Printing::Json::Everything, {}});
        };
    });

    auto* info = model->add_subcommand("info", "Family, size and vocabulary of a model");
    auto name = std::make_shared<std::string>();
    info->add_option("model", *name, "Model, folder, GGUF file or ORG/NAME")->required();
    info->callback([name, &arguments] {
        arguments.action = [name](const GlobalOptions& global) { return showModel(global, *name); };
    });

    model->add_subcommand("list", "Models of the project")->callback([&arguments] { arguments.action = listModels; });

    auto* tokens = app.add_subcommand("tokenize", "JSON lines {\"text\"} on stdin to {\"ids\",\"text\"}");
    auto tokenizer = std::make_shared<std::string>();
    tokens->add_option("--model", *tokenizer, "Model whose tokenizer is used")->required()->type_name("MODEL");
    tokens->callback([tokenizer, &arguments] {
        arguments.action = [tokenizer](const GlobalOptions& global) { return tokenize(global, *tokenizer); };
    });
}

} // namespace mpo::cli

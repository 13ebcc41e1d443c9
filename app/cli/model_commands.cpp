// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/json_lines.h"
#include "app/cli/model_folder.h"
#include "core/engine/catalogue.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>

namespace fs = std::filesystem;

namespace mpo::cli {

namespace {

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

} // namespace

fs::path modelFolder(const GlobalOptions& global, const std::string& name)
{
    // A name of the project goes first, as everywhere; a folder needs no project.
    const bool plainName = name.find('/') == std::string::npos;
    if ((plainName || !fs::is_directory(name)) && Project::isProject(projectFolder(global))) {
        const auto project = openProjectToShow(global);
        if (const auto row = project->model(name)) {
            const fs::path folder = row->folder;
            return folder.is_absolute() ? folder : project->folder() / folder;
        }
    }
    if (!fs::is_directory(name))
        fail("{}: neither a model of the project nor a folder; `mpo model list` shows what the project has", name);
    return name;
}

void addModelCommands(CLI::App& app, Arguments& arguments)
{
    auto* model = app.add_subcommand("model", "Import, export and look at models");
    model->require_subcommand(1);

    auto* import = model->add_subcommand("import", "Copy a Hugging Face model folder into the project");
    auto in = std::make_shared<ImportModel>();
    import->add_option("source", in->source, "The folder")->required();
    import->add_option("--name", in->name, "Name in the project; default: the folder's")->type_name("NAME");
    import->callback([in, &arguments] {
        arguments.action = [in](const GlobalOptions& global) {
            return runOnEngine(global, openProject(global, Project::Access::ReadWrite), *in, {Printing::Json::Everything, {}});
};
} // namespace mpo::cli
);

auto* exporting = model->add_subcommand("export", "Write a model as a Hugging Face folder");
auto out = std::make_shared<ExportModel>();
exporting->add_option("model", out->model, "The model")->required();
exporting->add_option("folder", out->folder, "Where to; new or empty")->required();
exporting->callback([out, &arguments] {
    arguments.action = [out](const GlobalOptions& global) {
        return runOnEngine(
            global, openProject(global, Project::Access::ReadOnly), *out, {Printing::Json::Everything, {}});
    };
});

auto* info = model->add_subcommand("info", "Family, size and vocabulary of a model");
auto name = std::make_shared<std::string>();
info->add_option("model", *name, "Model or folder")->required();
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

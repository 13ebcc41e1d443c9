// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/json_lines.h"
#include "app/cli/model_folder.h"
#include "core/engine/chat_codec.h"
#include "core/support/error.h"

#include <iostream>
#include <memory>

namespace mpo::cli {

namespace {

struct ChatOptions
{
    std::string model;
    bool addGenerationPrompt = false;
    bool keepGoing = false;
};

/// JSONL {"messages"} on stdin -> {"text","ids"}, always as JSON lines.
int renderChats(const GlobalOptions& global, const ChatOptions& options)
{
    const ChatCodec codec(modelFolder(global, options.model).string());
    forEachJsonLine(std::cin, "standard input", [&](const Json& row, const std::string& place) {
        try {
            const ChatCodec::Rendered rendered = codec.render(row, options.addGenerationPrompt);
            writeLine(toLine({{"text", rendered.text}, {"ids", rendered.ids}}));
        } catch (const Error& error) {
            if (!options.keepGoing)
                fail("{}: {}", place, error.what());
            writeLine(toLine({{"error", error.what()}}));
        }
        if (std::cin.rdbuf()->in_avail() <= 0)
            flushOutput();
    });
    return 0;
}

} // namespace

void addChatCommands(CLI::App& app, Arguments& arguments)
{
    auto* chat = app.add_subcommand(
        "chat-template", "JSON lines {\"messages\"} on stdin to {\"text\",\"ids\"} by the model's chat template");
    auto options = std::make_shared<ChatOptions>();
    chat->add_option("--model", options->model, "Model whose chat template and tokenizer are used")
        ->required()
        ->type_name("MODEL");
    chat->add_flag("--add-generation-prompt", options->addGenerationPrompt, "End with the begin of the model's answer");
    chat->add_flag("--keep-going", options->keepGoing, "Write {\"error\"} for a row that fails, and go on");
    chat->callback([options, &arguments] {
        arguments.action = [options](const GlobalOptions& global) { return renderChats(global, *options); };
    });
}

} // namespace mpo::cli

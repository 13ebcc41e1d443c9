// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/arguments.h"

#include "app/cli/compare_scores.h"
#include "app/cli/console.h"
#include "core/engine/catalogue.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <memory>

namespace mpo::cli {

namespace {

/// "train dpo": the words that lead to the command in use.
std::string commandWords(const CLI::App& app)
{
    std::string words;
    for (const CLI::App* sub : app.get_subcommands())
        words += sub->get_name() + " " + commandWords(*sub);
    return words;
}

const CLI::App& deepest(const CLI::App& app)
{
    const auto subs = app.get_subcommands();
    return subs.empty() ? app : deepest(*subs.front());
}

std::string didYouMeanOption(const CLI::App& app, const std::string& word)
{
    std::vector<std::string> names;
    for (const CLI::App* level : {&deepest(app), &app})
        for (const CLI::Option* option : level->get_options())
            for (const std::string& name : option->get_lnames())
                names.push_back("--" + name);
    const std::vector<std::string_view> views(names.begin(), names.end());
    return didYouMean(word.substr(0, word.find('=')), views);
}

std::string didYouMeanCommand(const CLI::App& app, const std::string& word)
{
    std::vector<std::string> names;
    for (const CLI::App* sub : deepest(app).get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(sub->get_name());
    const std::vector<std::string_view> views(names.begin(), names.end());
    return didYouMean(word, views);
}

/// One sentence on what is wrong with the arguments; a wrong word goes before a missing one, which it most often
/// explains.
std::string explain(const CLI::App& app, const CLI::ParseError& error)
{
    const std::string help = fmt::format("see `mpo {}--help`", commandWords(app));
    const std::vector<std::string> extra = app.remaining(true);
    if (extra.empty())
        return fmt::format("{}; {}", error.what(), help);
    const std::string& word = extra.front();
    const bool option = word.starts_with('-');
    return fmt::format("there is no {} \"{}\" here.{} Please {}", option ? "option" : "command", word,
        option ? didYouMeanOption(app, word) : didYouMeanCommand(app, word), help);
}

int printHelp(std::string_view text)
{
    writeLine(trimmed(text));
    return 0;
}

void addHelp(CLI::App& app, Arguments& arguments)
{
    auto* help = app.add_subcommand("help", "Explain a command: mpo help train dpo");
    auto words = std::make_shared<std::vector<std::string>>();
    help->add_option("command", *words, "The command's words");
    help->callback([&app, &arguments, words] {
        CLI::App* level = &app;
        std::string above; // the words that lead to it, for its line of usage
        for (const std::string& word : *words) {
            const auto named = level->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == word; });
            if (named.empty())
                throw UsageError(fmt::format("there is no command \"{}\" to explain; `mpo help` lists them", word));
            above += (above.empty() ? "" : " ") + level->get_name();
            level = named.front();
        }
        arguments.action = [text = level->help(above)](const GlobalOptions&) { return printHelp(text); };
    });
}

} // namespace

CLI::Validator plain(CLI::Validator validator) { return validator.description(""); }

std::pair<std::string, std::string> keyAndValue(const std::string& text, const char* option)
{
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        throw UsageError(fmt::format("{} {}: write it as name=value", option, text));
    return {text.substr(0, equals), text.substr(equals + 1)};
}

Arguments parseArguments(int argc, const char* const* argv)
{
    Arguments arguments;
    CLI::App app("Mixed Preference Optimization: DPO on the easy pairs, PPO on the prompts of the hard ones.", "mpo");
    app.option_defaults()->always_capture_default();
    app.fallthrough();
    app.require_subcommand(1);
    app.get_formatter()->column_width(38);
    app.set_help_flag("-h,--help", "Print this help");
    app.set_version_flag(
        "--version", [] { return "mpo " MPO_VERSION "\n" + describeMachine(); },
        "Print the version and what computes here");
    app.add_option("--project", arguments.global.project, "Project folder; default: the current folder, else your own")
        ->type_name("DIR")
        ->always_capture_default(false);
    app.add_option("--wait", arguments.global.wait, "Wait so long for another program to let go of the project")
        ->type_name("SECONDS")
        ->check(plain(CLI::NonNegativeNumber))
        ->always_capture_default(false);
    app.add_flag("--json", arguments.global.json, "Results as one JSON object per line");
    app.add_flag("--quiet", arguments.global.quiet, "No progress, only results, warnings and errors");

    addPipelineCommands(app, arguments);
    addExperimentCommand(app, arguments);
    addDataCommands(app, arguments);
    addModelCommands(app, arguments);
    addChatCommands(app, arguments);
    addTrainCommands(app, arguments);
    addScoreCommands(app, arguments);
    addScoresCommands(app, arguments);
    addSampleCommands(app, arguments);
    addRunsCommands(app, arguments);
    addEvaluateCommands(app, arguments);
    addReportCommand(app, arguments);
    addBenchCommands(app, arguments);
    addReferenceCommands(app, arguments);
    addRankCommand(app, arguments);
    addHelp(app, arguments);

    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        arguments.action = [text = app.help()](const GlobalOptions&) { return printHelp(text); };
    } catch (const CLI::CallForVersion& version) {
        arguments.action = [text = std::string(version.what())](const GlobalOptions&) {
            writeLine(text);
            return 0;
        };
    } catch (const CLI::ParseError& error) {
        throw UsageError(explain(app, error));
    } catch (const Error& error) {
        // A setting's value: checked by the setting's own declaration while the arguments are read.
        throw UsageError(error.what());
    }
    return arguments;
}

} // namespace mpo::cli

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/App.hpp>

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace mpo::cli {

/// What stands in front of every command.
struct GlobalOptions
{
    std::filesystem::path project; ///< empty: the current folder if it is a project, else the default one
    bool json = false, quiet = false;
    double wait = 0.0; ///< seconds for another program to let go of the project
};

/// Carries the command out and returns the exit status. Throws Error.
using Action = std::function<int(const GlobalOptions&)>;

struct Arguments
{
    GlobalOptions global;
    Action action;
};

/// Arguments that make no sense together: exit status 2.
class UsageError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// argv -> what to do. `--help` and `--version` become an action too. Throws UsageError.
Arguments parseArguments(int argc, const char* const* argv);

/// The validator without its name in the help: `N`, not `N:NONNEGATIVE`.
CLI::Validator plain(CLI::Validator validator);

/// "key=value" of --set and --map. Throws UsageError.
std::pair<std::string, std::string> keyAndValue(const std::string& text, const char* option);

// Each adds its commands; a command's callback sets Arguments::action.
void addDataCommands(CLI::App& app, Arguments& arguments);
void addModelCommands(CLI::App& app, Arguments& arguments);
void addChatCommands(CLI::App& app, Arguments& arguments);
void addTrainCommands(CLI::App& app, Arguments& arguments);
void addScoreCommands(CLI::App& app, Arguments& arguments);
void addSampleCommands(CLI::App& app, Arguments& arguments);
void addPipelineCommands(CLI::App& app, Arguments& arguments);
void addExperimentCommand(CLI::App& app, Arguments& arguments);
void addRunsCommands(CLI::App& app, Arguments& arguments);
void addEvaluateCommands(CLI::App& app, Arguments& arguments);
void addReportCommand(CLI::App& app, Arguments& arguments);
void addBenchCommands(CLI::App& app, Arguments& arguments);
void addReferenceCommands(CLI::App& app, Arguments& arguments);
void addRankCommand(CLI::App& app, Arguments& arguments);

} // namespace mpo::cli

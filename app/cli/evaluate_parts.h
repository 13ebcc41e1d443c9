// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"

#include <string>
#include <vector>

namespace mpo::cli {

// What the subcommands of `mpo evaluate` do; a file each, or a few together.

void addEvaluateCreate(CLI::App& evaluate, Arguments& arguments);
void addEvaluateJudge(CLI::App& evaluate, Arguments& arguments);

/// An option that takes a number in a range.
template<class Number>
void addNumber(
    CLI::App& app, const char* flag, Number& value, const char* what, const char* type, const CLI::Validator& range)
{
    app.add_option(flag, value, what)->check(plain(range))->type_name(type);
}

/// All statistics of a session; of several also an order of their sources. `openEarly`: although one is still blind.
int reportEvaluations(const GlobalOptions& global, const std::vector<std::string>& names, bool openEarly);

/// Shows each item that the annotator has not judged on stdout and takes a line for it from stdin. A verdict is on disk
/// before the next item is shown. `share`: number of the annotator where items are divided; 0: the first that is free.
int answerEvaluation(const GlobalOptions& global, const std::string& name, const std::string& annotator, int share);

struct EvaluationExport
{
    std::string name, format = "trl", file, criterion;
    bool openEarly = false;
};
int exportEvaluation(const GlobalOptions& global, const EvaluationExport& options);
int importEvaluation(const GlobalOptions& global, const std::string& file, const std::string& name);

struct EvaluationMerge
{
    std::string name, from, nameThere, annotator;
};
int mergeEvaluation(const GlobalOptions& global, const EvaluationMerge& options);

} // namespace mpo::cli

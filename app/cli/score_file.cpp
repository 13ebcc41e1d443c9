// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/score_file.h"

#include "app/cli/json_lines.h"
#include "core/data/dataset_importer.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace fs = std::filesystem;

namespace mpo::cli {

namespace {

double scoreField(const Json& row, const char* name, const std::string& place)
{
    if (!row.is_object() || !row.contains(name))
        fail("{}: field \"{}\" is missing; rows of `mpo score --json` are expected", place, name);
    const Json& value = row.at(name);
    if (value.is_null())
        return std::numeric_limits<double>::quiet_NaN(); // a pair that was left out
    if (!value.is_number())
        fail("{}: field \"{}\" must be a number", place, name);
    return value.get<double>();
}

std::vector<PairScore> readScores(const std::string& file)
{
    std::vector<PairScore> scores;
    forEachJsonLineOf(file, [&](const Json& row, const std::string& place) {
        scores.push_back({scoreField(row, "chosen_score", place), scoreField(row, "rejected_score", place)});
    });
    return scores;
}

} // namespace

std::string datasetInProject(Project& project, const std::string& nameOrFile)
{
    if (project.dataset(nameOrFile))
        return nameOrFile;
    if (!fs::exists(nameOrFile))
        fail(
            "{}: neither a data set of the project nor a file; `mpo data list` shows what the project has", nameOrFile);
    ImportOptions options;
    options.keepDuplicates = true; // as `mpo score` read it: one row for each score
    options.keepUnusable = true;
    ImportResult result = importDataset(nameOrFile, options);
    const std::string digest = result.dataset.digest();
    for (const DatasetRow& row : project.datasets())
        if (row.digest == digest)
            return row.name;
    result.dataset.name = project.freeName(result.dataset.name);
    project.addDataset(result.dataset, fs::absolute(nameOrFile).string(), &result.report);
    return result.dataset.name;
}

std::string scoreSetInProject(Project& project, const std::string& nameOrFile, const std::string& dataset)
{
    const std::int64_t pairs = project.dataset(dataset)->pairs;
    for (const ScoreSetRow& row : project.scoreSets()) {
        if (row.name != nameOrFile)
            continue;
        if (row.dataset != dataset)
            fail("{}: these are scores of the data set {}, not of {}", nameOrFile, row.dataset, dataset);
        return nameOrFile;
    }
    if (!fs::exists(nameOrFile))
        fail("{}: neither scores of the project nor a file; `mpo score` makes them, `mpo data show {}` lists them",
            nameOrFile, dataset);
    const std::vector<PairScore> scores = readScores(nameOrFile);
    if (std::int64_t(scores.size()) != pairs)
        fail("{}: {} rows of scores, but {} has {} pairs; score this data set again", nameOrFile, scores.size(),
            dataset, pairs);
    ScoreSetRow row;
    row.name = project.freeName(fs::path(nameOrFile).stem().string());
    row.dataset = dataset;
    row.rewardModel = fs::path(nameOrFile).filename().string();
    row.pairs = pairs;
    row.created = nowUtc();
    project.addScoreSet(row, scores);
    return row.name;
}

} // namespace mpo::cli

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/run_import.h"

#include "core/runs/event_file.h"
#include "core/runs/trainer_state.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::string_view kStateFile = "trainer_state.json", kCheckpoint = "checkpoint-";
constexpr int kDeepest = 8;
constexpr std::size_t kMostRuns = 1000;

struct Found
{
    std::map<fs::path, std::vector<fs::path>> eventFiles; ///< by folder
    std::vector<fs::path> states;
};

Found lookThrough(const fs::path& folder, const std::stop_token& stop)
{
    Found found;
    std::error_code error;
    auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
    if (error)
        fail("{}: the folder cannot be read ({})", folder.string(), error.message());
    for (; entry != fs::recursive_directory_iterator() && !stop.stop_requested(); entry.increment(error)) {
        if (error)
            fail("{}: the folder cannot be read ({})", folder.string(), error.message());
        if (entry.depth() >= kDeepest)
            entry.disable_recursion_pending();
        if (!entry->is_regular_file(error))
            continue;
        if (isEventFile(entry->path()))
            found.eventFiles[entry->path().parent_path()].push_back(entry->path());
        else if (entry->path().filename() == kStateFile)
            found.states.push_back(entry->path());
        if (found.eventFiles.size() + found.states.size() > kMostRuns)
            fail("{}: holds more than {} runs; choose one of its folders", folder.string(), kMostRuns);
    }
    for (auto& [where, files] : found.eventFiles)
        std::sort(files.begin(), files.end());
    std::sort(found.states.begin(), found.states.end());
    return found;
}

/// The folder of the training that the file belongs to, and the step of its checkpoint (-1: it lies in the folder
/// itself, which is written at the end).
std::pair<fs::path, std::int64_t> trainingOf(const fs::path& state)
{
    const fs::path folder = state.parent_path();
    const std::string name = folder.filename().string();
    if (!name.starts_with(kCheckpoint) || name.size() > kCheckpoint.size() + 15
        || name.find_first_not_of("0123456789", kCheckpoint.size()) != std::string::npos
        || name.size() == kCheckpoint.size())
        return {folder, std::numeric_limits<std::int64_t>::max()};
    return {folder.parent_path(), std::stoll(name.substr(kCheckpoint.size()))};
}

std::string nameOf(const fs::path& path)
{
    const fs::path whole = fs::absolute(path).lexically_normal();
    return whole.has_filename() ? whole.filename().string() : whole.parent_path().filename().string();
}

/// Its place below the folder that was given, or the name of that folder.
std::string nameBelow(const fs::path& folder, const fs::path& top)
{
    const std::string below = folder.lexically_relative(top).generic_string();
    return below.empty() || below == "." ? nameOf(top) : below;
}

/// The name of a folder in an export.
std::string folderName(const RunRow& run)
{
    std::string name = fmt::format("{}-{}-{}", run.id, run.stage, run.name);
    for (char& c : name)
        if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20)
            c = '-';
    return name.substr(0, 120);
}

} // namespace

FoundRuns findRuns(const fs::path& path, const std::stop_token& stop)
{
    std::error_code error;
    if (!fs::exists(path, error))
        fail("{}: no such file or folder", path.string());
    FoundRuns result;
    const auto add = [&](const fs::path& source, const std::string& name, const auto& read) {
        RunCurves run = read();
        run.source = source.string();
        run.name = name;
        result.runs.push_back(std::move(run));
    };
    if (!fs::is_directory(path, error)) {
        if (isEventFile(path))
            add(path, nameOf(fs::absolute(path).parent_path()), [&] { return readEventFiles({path}, stop); });
        else if (path.extension() == ".json")
            add(path, nameOf(trainingOf(fs::absolute(path)).first), [&] { return readTrainerState(path); });
        else
            fail("{}: is no event file of TensorBoard (\"tfevents\" in its name) and no trainer_state.json",
                path.string());
        return result;
    }

    const Found found = lookThrough(path, stop);
    const auto tryAdd = [&](const fs::path& source, const std::string& name, const auto& read) {
        if (stop.stop_requested())
            fail("Stopped");
        try {
            add(source, name, read);
        } catch (const Error& problem) {
            result.problems.emplace_back(problem.what());
        }
    };
    for (const auto& [folder, files] : found.eventFiles)
        tryAdd(folder, nameBelow(folder, path), [&, list = &files] { return readEventFiles(*list, stop); });
    if (found.eventFiles.empty()) {
        std::map<fs::path, std::pair<std::int64_t, fs::path>> latest;
        for (const fs::path& state : found.states) {
            const auto [training, step] = trainingOf(state);
            auto& kept = latest[training];
            if (kept.second.empty() || step > kept.first)
                kept = {step, state};
        }
        for (const auto& [training, state] : latest)
            tryAdd(
                state.second, nameBelow(training, path), [&, file = &state.second] { return readTrainerState(*file); });
    }
    if (result.runs.empty() && !result.problems.empty())
        fail("{}", result.problems.front());
    if (result.runs.empty())
        fail("{}: neither event files of TensorBoard nor a trainer_state.json are in the folder", path.string());
    return result;
}

std::int64_t importRun(Project& project, const RunCurves& curves)
{
    RunRow row;
    row.stage = kImportedStage;
    row.name = curves.name.empty() ? "run" : curves.name;
    row.state = RunState::Finished;
    row.config = Json {{"source", curves.source}, {"settings", curves.settings}};
    row.steps = curves.lastStep;
    row.totalSteps = std::max(curves.lastStep, curves.totalSteps);
    for (const std::string& note : curves.notes)
        row.message += (row.message.empty() ? "" : " ") + note + ".";
    double seconds = 0.0;
    for (const MetricSeries& series : curves.metrics)
        for (const MetricPoint& point : series.points)
            seconds = std::max(seconds, point.seconds);
    row.started = curves.started.empty() ? nowUtc() : curves.started;
    row.ended = seconds > 0.0 ? timeOfSeconds(double(secondsOfTime(row.started)) + seconds) : std::string();
    return project.addFinishedRun(row, curves.metrics);
}

RunCurves curvesOf(const Project& project, std::int64_t id)
{
    const auto row = project.run(id);
    if (!row)
        fail("There is no run {}; `mpo runs list` shows them", id);
    RunCurves run;
    run.name = row->name;
    run.started = row->started;
    run.metrics = project.metrics(id);
    run.lastStep = row->steps;
    run.totalSteps = row->totalSteps;
    for (const auto& [key, value] : row->config.items())
        if (key == "settings" && value.is_object())
            run.settings.update(value);
        else
            run.settings[key] = value;
    return run;
}

void exportRuns(const Project& project, const std::vector<std::int64_t>& runs, RunFormat format, const fs::path& folder,
    const std::stop_token& stop)
{
    for (const std::int64_t id : runs) {
        if (stop.stop_requested())
            fail("Stopped");
        const RunCurves run = curvesOf(project, id);
        if (run.metrics.empty() && runs.size() > 1)
            continue; // scoring and sampling log nothing
        if (run.metrics.empty())
            fail("Run {} has logged no metrics, so there is nothing to export", id);
        const fs::path target = folder / folderName(*project.run(id));
        if (format == RunFormat::TensorBoard)
            writeEventFile(target, run);
        else
            writeTrainerState(target / kStateFile, run);
    }
}

} // namespace mpo

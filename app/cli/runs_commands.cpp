// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/runs_control.h"
#include "app/cli/runs_notes.h"
#include "core/support/error.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>

namespace mpo::cli {

namespace {

Json jsonOfRun(const RunRow& run)
{
    return {{"id", run.id}, {"stage", run.stage}, {"name", run.name}, {"state", runStateName(run.state)},
        {"steps", run.steps}, {"total_steps", run.totalSteps}, {"started", run.started}, {"ended", run.ended},
        {"message", run.message}, {"tags", run.tags}, {"note", run.note}};
}

std::string stepsOf(const RunRow& run) { return fmt::format("{} of {}", run.steps, run.totalSteps); }

int listRuns(const GlobalOptions& global)
{
    const auto project = openProjectToShow(global);
    std::vector<std::vector<std::string>> table {
        {"run", "stage", "makes", "state", "steps", "started", "tags", "message"}};
    for (const RunRow& run : project->runs()) {
        if (global.json)
            writeLine(toLine(jsonOfRun(run)));
        table.push_back({std::to_string(run.id), run.stage, run.name, std::string(runStateName(run.state)),
            stepsOf(run), run.started, fmt::format("{}", fmt::join(run.tags, ", ")), oneLine(run.message, 60)});
    }
    if (!global.json)
        writeTable(table);
    return 0;
}

/// One object per step, as `mpo train --json` printed them.
void writeMetricRows(const std::vector<MetricSeries>& all, std::int64_t run)
{
    std::map<std::int64_t, Json> steps;
    for (const MetricSeries& series : all)
        for (const MetricPoint& point : series.points)
            steps[point.step][series.name] = point.value;
    for (const auto& [step, metrics] : steps) {
        Json line {{"step", step}, {"run", run}};
        line.update(metrics);
        writeLine(toLine(line));
    }
}

void writeMetricTable(const std::vector<MetricSeries>& all)
{
    std::vector<std::vector<std::string>> table {{"metric", "first", "last", "smallest", "largest"}};
    for (const MetricSeries& series : all) {
        if (series.points.empty())
            continue;
        double smallest = std::numeric_limits<double>::quiet_NaN(), largest = smallest;
        for (const MetricPoint& point : series.points) {
            smallest = std::fmin(smallest, point.value); // fmin and fmax pass over NaN
            largest = std::fmax(largest, point.value);
        }
        table.push_back({series.name, shortNumber(series.points.front().value), shortNumber(series.points.back().value),
            shortNumber(smallest), shortNumber(largest)});
    }
    writeTable(table);
}

int showRun(const GlobalOptions& global, std::int64_t id, bool metrics)
{
    const auto project = openProjectToShow(global);
    const auto run = project->run(id);
    if (!run)
        fail("There is no run {}; `mpo runs list` shows them", id);
    if (global.json) {
        if (metrics) {
            writeMetricRows(project->metrics(id), id);
            return 0;
        }
        Json row = jsonOfRun(*run);
        row["config"] = run->config;
        row["parents"] = run->parents;
        row["folder"] = project->runFolder(id).string();
        row["alarms"] = Json::array();
        for (const AlarmRow& alarm : project->alarms(id))
            row["alarms"].push_back(
                {{"step", alarm.step}, {"name", alarm.name}, {"value", alarm.value}, {"threshold", alarm.threshold},
                    {"text", alarm.text}, {"ended", alarm.ended ? Json(*alarm.ended) : Json()}});
        writeLine(toLine(row));
        return 0;
    }
    std::string parents;
    for (const std::string& parent : run->parents)
        parents += (parents.empty() ? "" : ", ") + parent;
    writeFields({{"run", std::to_string(id)}, {"stage", run->stage}, {"makes", run->name},
        {"state",
            std::string(runStateName(run->state)) + (run->message.empty() ? "" : ": " + oneLine(run->message, 300))},
        {"steps", stepsOf(*run)}, {"started", run->started}, {"ended", run->ended.empty() ? "-" : run->ended},
        {"from", parents}, {"tags", fmt::format("{}", fmt::join(run->tags, ", "))}, {"note", run->note},
        {"folder", project->runFolder(id).string()}});
    if (const auto alarms = project->alarms(id); !alarms.empty()) {
        writeLine("");
        for (const AlarmRow& alarm : alarms)
            writeLine("alarm  " + alarm.text + (alarm.ended ? fmt::format(" (until step {})", *alarm.ended) : ""));
    }
    if (metrics) {
        writeLine("");
        writeMetricTable(project->metrics(id));
    } else if (run->config.contains("settings")) {
        writeLine("");
        std::vector<std::pair<std::string, std::string>> fields;
        for (const auto& [key, value] : run->config["settings"].items())
            fields.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
        writeFields(fields);
    }
    return 0;
}

} // namespace

void addRunsCommands(CLI::App& app, Arguments& arguments)
{
    auto* runs = app.add_subcommand("runs", "What was trained, with settings and metrics");
    runs->require_subcommand(1);
    runs->add_subcommand("list", "All runs, newest first")->callback([&arguments] { arguments.action = listRuns; });

    auto* show = runs->add_subcommand("show", "One run");
    auto id = std::make_shared<std::int64_t>(0);
    auto metrics = std::make_shared<bool>(false);
    show->add_option("id", *id, "Its number")->required()->always_capture_default(false);
    show->add_flag("--metrics", *metrics, "Its metrics; with --json every step");
    show->callback([id, metrics, &arguments] {
        arguments.action = [id, metrics](const GlobalOptions& global) { return showRun(global, *id, *metrics); };
    });
    addRunsControl(*runs, arguments);
    addRunsNotes(*runs, arguments);
}

} // namespace mpo::cli

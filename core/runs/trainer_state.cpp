// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/trainer_state.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::string_view kRuntime = "train_runtime"; ///< in seconds, in the last entry
constexpr std::string_view kEval = "eval_";
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Python writes NaN and Infinity into its JSON, which are none: they become null, which counts as NaN here.
std::string withoutPythonNumbers(const std::string& text)
{
    std::string result;
    result.reserve(text.size());
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            result += c;
            if (c == '\\' && i + 1 < text.size())
                result += text[++i];
            else if (c == '"')
                inString = false;
            continue;
        }
        inString = c == '"';
        bool replaced = false;
        for (const std::string_view word : {"-Infinity", "Infinity", "NaN"})
            if (text.compare(i, word.size(), word) == 0) {
                result += "null";
                i += word.size() - 1;
                replaced = true;
                break;
            }
        if (!replaced)
            result += c;
    }
    return result;
}

std::optional<std::int64_t> wholeNumber(const Json& object, const char* key)
{
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number())
        return std::nullopt;
    const double value = found->get<double>();
    if (!(std::abs(value) < 9e15))
        return std::nullopt;
    return std::int64_t(std::llround(value));
}

/// What the file tells of how the training was set up.
Json settingsOf(const Json& state)
{
    Json settings = Json::object();
    for (const char* key :
        {"max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps"})
        if (const auto found = state.find(key); found != state.end() && found->is_number())
            settings[key] = *found;
    return settings;
}

} // namespace

RunCurves readTrainerState(const fs::path& file)
{
    const std::string text = readTextFile(file, std::size_t(512) << 20);
    const Json state = parseJson(withoutPythonNumbers(text), file.string());
    if (!state.is_object() || !state.contains("log_history") || !state["log_history"].is_array())
        fail("{}: is no trainer_state.json: it has no list \"log_history\"", file.string());

    RunCurves run;
    std::vector<MetricSeries> series;
    std::unordered_map<std::string, std::size_t> places;
    double runtime = 0.0;
    std::size_t number = 0, skipped = 0;
    for (const Json& entry : state["log_history"]) {
        ++number;
        const auto step = entry.is_object() ? wholeNumber(entry, "step") : std::nullopt;
        if (!step || *step < 0) {
            ++skipped;
            continue;
        }
        run.lastStep = std::max(run.lastStep, *step);
        for (const auto& [key, value] : entry.items()) {
            if (key == "step" || key.empty() || !(value.is_number() || value.is_null()))
                continue;
            if (key == kRuntime && value.is_number())
                runtime = value.get<double>();
            const auto [place, isNew] = places.emplace(key, series.size());
            if (isNew)
                series.push_back({toPrintable(key), {}});
            series[place->second].points.push_back({*step, 0.0, value.is_number() ? value.get<double>() : kNan});
        }
    }
    run.metrics = seriesFrom(std::move(series));
    if (run.metrics.empty())
        fail("{}: \"log_history\" holds no numbers with a \"step\"", file.string());
    if (skipped > 0)
        run.notes.push_back(
            fmt::format("{}: {} of {} entries have no \"step\" and were left out", file.string(), skipped, number));
    if (std::isfinite(runtime) && runtime > 0.0 && run.lastStep > 0) {
        for (MetricSeries& one : run.metrics)
            for (MetricPoint& point : one.points)
                point.seconds = runtime * double(point.step) / double(run.lastStep);
        run.notes.push_back(
            fmt::format("{}: holds no times; its steps are spread evenly over {:.0f} s", file.string(), runtime));
    }
    run.totalSteps = std::max(run.lastStep, wholeNumber(state, "max_steps").value_or(0));
    run.settings = settingsOf(state);
    return run;
}

void writeTrainerState(const fs::path& file, const RunCurves& run)
{
    // One entry for what was logged while training and one for each evaluation, as the Trainer does.
    std::map<std::pair<std::int64_t, bool>, Json> entries;
    std::map<std::int64_t, Json> epochs;
    for (const MetricSeries& series : run.metrics)
        for (const MetricPoint& point : series.points) {
            const Json value = std::isfinite(point.value) ? Json(point.value) : Json();
            if (series.name == "epoch")
                epochs[point.step] = value;
            else
                entries[{point.step, series.name.starts_with(kEval)}][series.name] = value;
        }
    Json history = Json::array();
    Json lastEpoch = 0.0;
    for (auto& [key, entry] : entries) {
        if (const auto epoch = epochs.find(key.first); epoch != epochs.end())
            entry["epoch"] = lastEpoch = epoch->second;
        entry["step"] = key.first;
        history.push_back(std::move(entry));
    }
    const auto setting = [&](const char* name, const Json& otherwise) {
        const auto found = run.settings.find(name);
        return found != run.settings.end() && found->is_number() ? *found : otherwise;
    };
    writeJsonFile(file,
        {{"best_global_step", nullptr}, {"best_metric", nullptr}, {"best_model_checkpoint", nullptr},
            {"epoch", lastEpoch}, {"eval_steps", 500}, {"global_step", run.lastStep}, {"is_hyper_param_search", false},
            {"is_local_process_zero", true}, {"is_world_process_zero", true}, {"log_history", history},
            {"logging_steps", 1}, {"max_steps", run.totalSteps}, {"num_input_tokens_seen", 0},
            {"num_train_epochs", setting("epochs", 1)}, {"save_steps", setting("checkpoint_every", 0)},
            {"stateful_callbacks", Json::object()}, {"total_flos", 0.0},
            {"train_batch_size", setting("batch_size", nullptr)}, {"trial_name", nullptr}, {"trial_params", nullptr}});
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/run_section.h"

#include "core/data/pair_export.h"
#include "core/engine/train_config.h"
#include "core/evaluation/svg_chart.h"
#include "core/runs/run_curves.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace mpo {

namespace {

/// Curves that tell how a stage went, by name of the metric, each with the one of held-out examples in the same chart.
constexpr std::array<std::string_view, 16> kCurves {"loss", "accuracy", "margin", "rewards/chosen", "rewards/rejected",
    "rewards/margins", "rewards/accuracies", "objective/scores", "objective/kl", "objective/kl_sft",
    "objective/entropy", "policy/clipfrac_avg", "response/length", "val/explained_variance", "grad_norm",
    "learning_rate"};
constexpr std::size_t kSamples = 3, kSampleBytes = 600;

std::string durationOf(const RunRow& run)
{
    const std::int64_t seconds = secondsOfTime(run.ended) - secondsOfTime(run.started);
    if (run.ended.empty() || seconds < 0)
        return "not ended";
    return seconds < 120 ? fmt::format("{} s", seconds) : fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
}

ReportTable factsOf(const RunRow& run)
{
    ReportTable table;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty())
            table.rows.push_back({name, value});
    };
    add("state", std::string(runStateName(run.state)) + (run.message.empty() ? "" : ": " + run.message));
    add("steps", fmt::format("{} of {}", run.steps, run.totalSteps));
    add("began", run.started);
    add("took", durationOf(run));
    for (const auto& [key, name] : {std::pair {"model", "starts from"}, {"data", "data"}, {"split", "split"},
             {"bucket", "bucket"}, {"reward_model", "reward model"}, {"reference", "reference"},
             {"sft_model", "SFT model (for the KL)"}, {"adapter", "adapter"}})
        if (const auto found = run.config.find(key); found != run.config.end() && found->is_string())
            add(name, found->get<std::string>());
    if (const auto digests = run.config.find("digests"); digests != run.config.end() && digests->is_object())
        for (const auto& [model, digest] : digests->items())
            if (digest.is_string())
                add("digest then", fmt::format("{}: {}", model, digest.get<std::string>()));
    add("tags", fmt::format("{}", fmt::join(run.tags, ", ")));
    add("note", run.note);
    return table;
}

std::string textOf(const Json& value) { return value.is_string() ? value.get<std::string>() : toLine(value); }

/// Changed settings as a table, the others as one paragraph.
void addSettings(const RunRow& run, std::vector<ReportBlock>& blocks)
{
    const auto stored = run.config.find("settings");
    if (stored == run.config.end() || !stored->is_object())
        return;
    std::map<std::string, const SettingInfo*> infos;
    for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo})
        if (run.stage == stageName(stage))
            for (const SettingInfo& info : settingInfos(stage))
                infos[std::string(info.name)] = &info;
    ReportTable changed {{"changed setting", "value", "default", "meaning"}, {}, {}};
    std::vector<std::string> others;
    for (const auto& [name, value] : stored->items()) {
        const auto info = infos.find(name);
        const std::string standard = info == infos.end() ? "-" : textOfSetting(info->second->defaultValue);
        const bool same = info != infos.end()
            && std::visit([&, v = &value](const auto& one) { return *v == Json(one); }, info->second->defaultValue);
        if (same)
            others.push_back(name + " = " + textOf(value));
        else
            changed.rows.push_back(
                {"● " + name, textOf(value), standard, info == infos.end() ? "" : std::string(info->second->help)});
    }
    if (changed.rows.empty())
        blocks.push_back(ReportParagraph {"All settings are at their defaults."});
    else
        blocks.push_back(changed);
    if (!others.empty())
        blocks.push_back(ReportParagraph {fmt::format("At their defaults: {}.", fmt::join(others, ", "))});
}

ChartLine lineOf(const MetricSeries& series, const std::string& name)
{
    ChartLine line {name, {}, {}};
    for (const MetricPoint& point : series.points) {
        line.x.push_back(double(point.step));
        line.y.push_back(point.value);
    }
    return line;
}

void addCurves(const Project& project, const RunRow& run, std::vector<ReportBlock>& blocks)
{
    const std::vector<MetricSeries> all = project.metrics(run.id);
    const auto seriesOf = [&](const std::string& name) {
        const auto found
            = std::find_if(all.begin(), all.end(), [&](const MetricSeries& series) { return series.name == name; });
        return found != all.end() && found->points.size() > 1 ? &*found : nullptr;
    };
    for (const std::string_view name : kCurves) {
        LineChart chart;
        chart.frame = {std::string(name), "step", "", 440, 240};
        if (const MetricSeries* series = seriesOf(std::string(name)))
            chart.lines.push_back(lineOf(*series, "training"));
        if (const MetricSeries* series = seriesOf("eval_" + std::string(name)))
            chart.lines.push_back(lineOf(*series, "held out"));
        if (!chart.lines.empty())
            blocks.push_back(ReportFigure {lineChartSvg(chart), {}});
        // Parts of the examples have a chart of their own.
        LineChart parts;
        parts.frame = {fmt::format("{} by reward gap", name), "step", "", 440, 240};
        for (const MetricSeries& series : all)
            if (const MetricPart half = partOfMetric(series.name);
                !half.part.empty() && half.metric == name && series.points.size() > 1)
                parts.lines.push_back(lineOf(series, std::string(half.part)));
        if (!parts.lines.empty())
            blocks.push_back(ReportFigure {lineChartSvg(parts), {}});
    }
}

/// What was answered to the same prompts: by the reference, and by the policy at its first and last samples.
void addSamples(const Project& project, const RunRow& run, std::vector<ReportBlock>& blocks)
{
    std::int64_t first = -1, last = -1;
    bool reference = false;
    const std::vector<SampleRow> samples = project.samples(run.id); // by rising step
    for (const SampleRow& sample : samples) {
        reference = reference || sample.byReference;
        if (sample.byReference)
            continue;
        first = first < 0 ? sample.step : first;
        last = sample.step;
    }
    if (samples.empty())
        return;
    struct Answers
    {
        std::string prompt, reference, before, after;
    };
    const auto textOfSample = [](const SampleRow& sample) {
        return shortened(trimmed(sample.response), kSampleBytes)
            + (sample.score ? fmt::format("\n(score {:.2f})", *sample.score) : std::string());
    };
    std::map<std::int64_t, Answers> items;
    for (const SampleRow& sample : samples) {
        if (!sample.byReference && sample.step != first && sample.step != last)
            continue;
        Answers& answers = items[sample.item];
        answers.prompt = shortened(promptLine(sample.prompt), kSampleBytes);
        (sample.byReference           ? answers.reference
                : sample.step == last ? answers.after
                                      : answers.before)
            = textOfSample(sample);
    }
    ReportTable table {{"prompt"}, {}, "Samples"};
    if (reference)
        table.header.emplace_back("reference");
    if (first != last)
        table.header.push_back(fmt::format("step {}", first));
    if (last >= 0)
        table.header.push_back(fmt::format("step {}", last));
    for (const auto& [item, answers] : items) {
        if (table.rows.size() == kSamples)
            break;
        table.rows.push_back({answers.prompt});
        if (reference)
            table.rows.back().push_back(answers.reference);
        if (first != last)
            table.rows.back().push_back(answers.before);
        if (last >= 0)
            table.rows.back().push_back(answers.after);
    }
    blocks.push_back(table);
}

} // namespace

ReportSection runSection(const Project& project, const RunRow& run)
{
    ReportSection section {fmt::format("Run {}: {} makes {}", run.id, run.stage, run.name), {}};
    section.blocks.push_back(factsOf(run));
    addSettings(run, section.blocks);
    for (const AlarmRow& alarm : project.alarms(run.id))
        section.blocks.push_back(ReportParagraph {fmt::format("Alarm at step {}: {}", alarm.step, alarm.text)});
    addCurves(project, run, section.blocks);
    addSamples(project, run, section.blocks);
    return section;
}

} // namespace mpo

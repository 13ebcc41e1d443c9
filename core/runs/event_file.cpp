// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/event_file.h"

#include "core/runs/event_message.h"
#include "core/runs/record_file.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kMostPoints = 50'000'000, kMostTags = 10'000;
constexpr std::size_t kLongestTag = 512;
constexpr std::string_view kArguments = "args/text_summary"; ///< where transformers writes its TrainingArguments
constexpr std::string_view kFileVersion = "brain.Event:2";

struct TimedPoint
{
    std::int64_t step = 0;
    double wallTime = 0.0, value = 0.0;
};

/// What the files of one run hold so far.
class Collector
{
public:
    void take(const EventMessage& event)
    {
        if (event.sessionStart)
            for (auto& tag : m_tags)
                m_points
                    -= std::erase_if(tag.second, [&](const TimedPoint& point) { return point.step >= event.step; });
        for (const SummaryValue& value : event.values) {
            if (value.scalar)
                add(value.tag, {event.step, event.wallTime, *value.scalar});
            else if (value.text && value.tag == kArguments)
                m_arguments = *value.text;
        }
    }

    std::size_t points() const { return m_points; }

    RunCurves curves() const
    {
        RunCurves run;
        double first = std::numeric_limits<double>::infinity();
        for (const auto& [tag, points] : m_tags)
            for (const TimedPoint& point : points)
                if (point.wallTime > 0.0)
                    first = std::min(first, point.wallTime);
        if (!std::isfinite(first))
            first = 0.0;
        run.started = first > 0.0 ? timeOfSeconds(first) : std::string();
        std::vector<MetricSeries> series;
        for (const std::string& tag : m_order) {
            MetricSeries one {toPrintable(metricNameHere(tag)), {}};
            for (const TimedPoint& point : m_tags.at(tag)) {
                const double seconds = point.wallTime - first;
                one.points.push_back({point.step, std::isfinite(seconds) ? std::max(0.0, seconds) : 0.0, point.value});
                run.lastStep = std::max(run.lastStep, point.step);
            }
            series.push_back(std::move(one));
        }
        run.metrics = seriesFrom(std::move(series));
        run.totalSteps = run.lastStep;
        JsonProblem ignored; // a text that is no JSON is no list of settings
        if (auto settings = tryParseJson(m_arguments, ignored); settings && settings->is_object())
            run.settings = std::move(*settings);
        return run;
    }

private:
    void add(const std::string& tag, const TimedPoint& point)
    {
        if (point.step < 0)
            return;
        auto found = m_tags.find(tag);
        if (found == m_tags.end()) {
            if (tag.empty() || tag.size() > kLongestTag)
                return;
            if (m_tags.size() >= kMostTags)
                fail("holds more than {} curves; this program shows no more", kMostTags);
            found = m_tags.emplace(tag, std::vector<TimedPoint>()).first;
            m_order.push_back(tag);
        }
        if (++m_points > kMostPoints)
            fail("holds more than {} values; this program reads no more", kMostPoints);
        found->second.push_back(point);
    }

    std::unordered_map<std::string, std::vector<TimedPoint>> m_tags;
    std::vector<std::string> m_order; ///< of the tags, as they first came
    std::size_t m_points = 0;
    std::string m_arguments;
};

} // namespace

bool isEventFile(const fs::path& file) { return file.filename().string().find("tfevents") != std::string::npos; }

RunCurves readEventFiles(const std::vector<fs::path>& files, const std::stop_token& stop)
{
    Collector collector;
    std::vector<std::string> notes;
    for (const fs::path& file : files) {
        RecordReader reader(file);
        std::string data, problem;
        std::size_t events = 0;
        try {
            while (!stop.stop_requested() && reader.next(data)) {
                collector.take(parseEvent(data));
                ++events;
            }
            problem = reader.problem();
        } catch (const Error& error) {
            problem = error.what();
        }
        if (problem.empty())
            continue;
        const std::string sentence = fmt::format("{}: {}", file.string(), problem);
        if (events == 0 && files.size() == 1)
            fail("{}; it is no event file of TensorBoard, or is damaged", sentence);
        notes.push_back(fmt::format("{}; the {} events before that were read", sentence, events));
    }
    if (stop.stop_requested())
        fail("Stopped");
    if (collector.points() == 0)
        fail("{}: no scalars in it{}", files.empty() ? std::string() : files.front().string(),
            notes.empty() ? std::string() : " (" + notes.front() + ")");
    RunCurves run = collector.curves();
    if (run.metrics.empty())
        fail("{}: no scalars are left in it after the last restart it tells of", files.front().string());
    run.notes = std::move(notes);
    return run;
}

fs::path writeEventFile(const fs::path& folder, const RunCurves& run)
{
    const double started = double(secondsOfTime(run.started));
    std::map<std::int64_t, EventMessage> steps;
    for (const MetricSeries& series : run.metrics)
        for (const MetricPoint& point : series.points) {
            EventMessage& event = steps[point.step];
            event.step = point.step;
            event.wallTime = std::max(event.wallTime, started + point.seconds);
            event.values.push_back({tensorBoardTag(series.name), point.value, {}});
        }
    EventMessage head;
    head.wallTime = started;
    head.fileVersion = kFileVersion;
    std::string content = recordOf(bytesOfEvent(head));
    if (!run.settings.empty()) {
        EventMessage settings;
        settings.wallTime = started;
        settings.values.push_back({std::string(kArguments), {}, run.settings.dump(2)});
        content += recordOf(bytesOfEvent(settings));
    }
    for (const auto& [step, event] : steps)
        content += recordOf(bytesOfEvent(event));
    const fs::path file = folder / fmt::format("events.out.tfevents.{}.mpo-studio", std::int64_t(started));
    writeFileAtomically(file, content);
    return file;
}

} // namespace mpo

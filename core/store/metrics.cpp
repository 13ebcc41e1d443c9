// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project_private.h"
#include "core/support/file.h"
#include "core/support/log.h"
#include "core/support/unfinished.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>
#include <map>
#include <system_error>

namespace mpo {

namespace {

// The database is what the program reads; the file is for the user's own tools and follows it.
std::filesystem::path metricFile(const std::filesystem::path& runFolder) { return runFolder / "metrics.jsonl"; }

/// -1 for a line that is not one of ours, such as one that a full disk cut off.
std::int64_t stepOfLine(std::string_view line)
{
    const auto json = Json::parse(line, nullptr, false);
    return json.is_object() && json.contains("step") && json["step"].is_number_integer()
        ? json["step"].get<std::int64_t>()
        : -1;
}

/// The last whole line of each step up to `lastStep`.
std::map<std::int64_t, std::string> linesUpTo(std::string_view text, std::int64_t lastStep)
{
    std::map<std::int64_t, std::string> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        if (const auto step = stepOfLine(line); step >= 0 && step <= lastStep)
            lines[step] = line;
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::string lineOf(std::int64_t step, double seconds, const Metrics& metrics)
{
    Json line {{"step", step}, {"seconds", seconds}};
    for (const auto& metric : metrics)
        line[metric.name] = metric.value; // NaN becomes null
    return toLine(line);
}

} // namespace

void Project::Private::appendMetricLine(std::int64_t run, const std::string& line)
{
    auto found = metricFiles.find(run);
    if (found == metricFiles.end()) {
        const auto path = metricFile(runFolder(run));
        const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (descriptor < 0)
            fail("{}: cannot be written ({})", path.string(), std::generic_category().message(errno));
        found = metricFiles.emplace(run, descriptor).first;
    }
    const ::off_t before = ::lseek(found->second, 0, SEEK_END);
    std::string_view rest = line;
    int error = 0;
    while (!rest.empty() && error == 0) {
        const auto written = ::write(found->second, rest.data(), rest.size());
        if (written > 0)
            rest.remove_prefix(std::size_t(written));
        else if (written == 0 || errno != EINTR)
            error = written < 0 ? errno : EIO;
    }
    if (error != 0) {
        // Half a line that cannot be taken off here goes when the run is resumed: truncateMetrics.
        if (rest.size() < line.size() && before >= 0 && ::ftruncate(found->second, before) != 0)
            log().warn("{}: half a line stays in it", metricFile(runFolder(run)).string());
        fail("{}: cannot be written ({})", metricFile(runFolder(run)).string(), std::generic_category().message(error));
    }
}

void Project::Private::closeMetricFile(std::int64_t run)
{
    if (const auto found = metricFiles.find(run); found != metricFiles.end()) {
        ::close(found->second);
        metricFiles.erase(found);
    }
}

void Project::addMetrics(std::int64_t run, std::int64_t step, double seconds, const Metrics& metrics)
{
    const auto text = lineOf(step, seconds, metrics) + "\n";
    m_d->write([&] {
        m_d->runFolder(run); // throws for a run that is not there
        auto insert
            = m_d->statement("INSERT OR REPLACE INTO metrics(run, step, name, seconds, value) VALUES(?, ?, ?, ?, ?)");
        for (const auto& metric : metrics) {
            const std::int64_t name = m_d->metricNameId(metric.name);
            insert.bind(1, run);
            insert.bind(2, step);
            insert.bind(3, name);
            insert.bind(4, seconds);
            insert.bind(5, metric.value); // SQLite stores NaN as NULL
            insert.exec();
            insert.reset();
        }
        m_d->appendMetricLine(run, text);
    });
}

std::int64_t Project::Private::metricNameId(const std::string& name)
{
    auto find = statement("SELECT id FROM metric_names WHERE name=?", name);
    if (find.executeStep())
        return find.getColumn(0).getInt64();
    statement("INSERT INTO metric_names(name) VALUES(?)", name).exec();
    return database.getLastInsertRowid();
}

void Project::Private::insertMetrics(std::int64_t run, const std::vector<MetricSeries>& metrics)
{
    constexpr std::size_t kAtOnce = 20'000;
    for (const MetricSeries& series : metrics)
        for (std::size_t first = 0; first < series.points.size(); first += kAtOnce)
            write([&] {
                const std::int64_t name = metricNameId(series.name);
                auto insert = statement(
                    "INSERT OR REPLACE INTO metrics(run, step, name, seconds, value) VALUES(?, ?, ?, ?, ?)");
                for (std::size_t i = first; i < std::min(first + kAtOnce, series.points.size()); ++i) {
                    insert.bind(1, run);
                    insert.bind(2, series.points[i].step);
                    insert.bind(3, name);
                    insert.bind(4, series.points[i].seconds);
                    insert.bind(5, series.points[i].value); // SQLite stores NaN as NULL
                    insert.exec();
                    insert.reset();
                }
            });
}

void Project::Private::writeMetricFile(std::int64_t run)
{
    std::string text;
    for (const auto& [step, row] : metricRows(run))
        text += lineOf(step, row.first, row.second) + "\n";
    writeFileAtomically(metricFile(runFolder(run)), text);
}

void Project::truncateMetrics(std::int64_t run, std::int64_t lastStep)
{
    m_d->write([&] {
        const auto file = metricFile(m_d->runFolder(run));
        m_d->statement("DELETE FROM metrics WHERE run=? AND step>?", run, lastStep).exec();
        m_d->statement("DELETE FROM samples WHERE run=? AND step>?", run, lastStep).exec();
        m_d->statement("DELETE FROM alarms WHERE run=? AND step>?", run, lastStep).exec();
        m_d->statement("UPDATE alarms SET ended=NULL WHERE run=? AND ended>?", run, lastStep).exec();
        m_d->closeMetricFile(run); // the file is replaced by another
        // After a power cut the file may lack steps that the database has, and have others that it has not.
        std::error_code error;
        const auto inFile = std::filesystem::exists(file, error) ? linesUpTo(readTextFile(file), lastStep)
                                                                 : std::map<std::int64_t, std::string>();
        std::string text;
        for (const auto& [step, row] : m_d->metricRows(run)) {
            const auto found = inFile.find(step);
            text += (found != inFile.end() ? found->second : lineOf(step, row.first, row.second)) + "\n";
        }
        removeUnfinished(file);
        writeFileAtomically(file, text);
    });
}

std::map<std::int64_t, std::pair<double, Metrics>> Project::Private::metricRows(std::int64_t run)
{
    std::map<std::int64_t, std::pair<double, Metrics>> rows;
    auto query = statement("SELECT step, seconds, metric_names.name, value FROM metrics JOIN metric_names ON "
                           "metric_names.id=metrics.name WHERE run=? ORDER BY step, metrics.name",
        run);
    while (query.executeStep()) {
        auto& [seconds, metrics] = rows[query.getColumn(0).getInt64()];
        seconds = query.getColumn(1).getDouble();
        const auto value = query.getColumn(3);
        metrics.push_back({query.getColumn(2).getString(),
            value.isNull() ? std::numeric_limits<double>::quiet_NaN() : value.getDouble()});
    }
    return rows;
}

std::vector<MetricSeries> Project::metrics(std::int64_t run) const
{
    return m_d->read([&] {
        std::map<std::int64_t, MetricSeries> byName;
        auto query = m_d->statement("SELECT name, step, seconds, value FROM metrics WHERE run=? ORDER BY step", run);
        while (query.executeStep()) {
            const auto value = query.getColumn(3);
            byName[query.getColumn(0).getInt64()].points.push_back(
                {query.getColumn(1).getInt64(), query.getColumn(2).getDouble(),
                    value.isNull() ? std::numeric_limits<double>::quiet_NaN() : value.getDouble()});
        }
        std::vector<MetricSeries> series;
        auto names = m_d->statement("SELECT id, name FROM metric_names ORDER BY id");
        while (names.executeStep()) {
            if (const auto found = byName.find(names.getColumn(0).getInt64()); found != byName.end()) {
                found->second.name = names.getColumn(1).getString();
                series.push_back(std::move(found->second));
            }
        }
        return series;
    });
}

std::vector<MetricStep> Project::metricsAfter(std::int64_t run, std::int64_t step) const
{
    return m_d->read([&] {
        std::vector<MetricStep> steps;
        auto query = m_d->statement("SELECT m.step, m.seconds, n.name, m.value FROM metrics m JOIN metric_names n ON "
                                    "n.id=m.name WHERE m.run=? AND m.step>? ORDER BY m.step, m.name",
            run, step);
        while (query.executeStep()) {
            const std::int64_t at = query.getColumn(0).getInt64();
            if (steps.empty() || steps.back().step != at)
                steps.push_back({at, query.getColumn(1).getDouble(), {}});
            const auto value = query.getColumn(3);
            steps.back().metrics.push_back({query.getColumn(2).getString(),
                value.isNull() ? std::numeric_limits<double>::quiet_NaN() : value.getDouble()});
        }
        return steps;
    });
}

void Project::addSamples(std::int64_t run, const std::vector<SampleRow>& samples)
{
    m_d->write([&] {
        m_d->runFolder(run); // throws for a run that is not there
        for (const auto& sample : samples) {
            const std::int64_t byReference = sample.byReference;
            m_d->statement("DELETE FROM samples WHERE run=? AND step=? AND item=? AND by_reference=?", run, sample.step,
                   sample.item, byReference)
                .exec();
            m_d->statement("INSERT INTO samples(run, step, item, prompt, response, score, by_reference) "
                           "VALUES(?, ?, ?, ?, ?, ?, ?)",
                   run, sample.step, sample.item, sample.prompt, sample.response, sample.score, byReference)
                .exec();
        }
    });
}

std::vector<SampleRow> Project::samples(std::int64_t run) const
{
    return samplesAfter(run, std::numeric_limits<std::int64_t>::min());
}

std::vector<SampleRow> Project::samplesAfter(std::int64_t run, std::int64_t step) const
{
    return m_d->read([&] {
        std::vector<SampleRow> rows;
        auto query = m_d->statement("SELECT step, item, prompt, response, score, by_reference FROM samples "
                                    "WHERE run=? AND step>? ORDER BY step, item, by_reference DESC, id",
            run, step);
        while (query.executeStep()) {
            SampleRow row;
            row.step = query.getColumn(0).getInt64();
            row.item = query.getColumn(1).getInt64();
            row.prompt = query.getColumn(2).getString();
            row.response = query.getColumn(3).getString();
            if (const auto score = query.getColumn(4); !score.isNull())
                row.score = score.getDouble();
            row.byReference = query.getColumn(5).getInt() != 0;
            rows.push_back(std::move(row));
        }
        return rows;
    });
}

void Project::addAlarms(std::int64_t run, const std::vector<AlarmRow>& alarms)
{
    m_d->write([&] {
        m_d->runFolder(run); // throws for a run that is not there
        for (const auto& alarm : alarms)
            m_d->statement("INSERT INTO alarms(run, step, name, value, threshold, text) VALUES(?, ?, ?, ?, ?, ?)", run,
                   alarm.step, alarm.name, alarm.value, alarm.threshold, alarm.text)
                .exec();
    });
}

void Project::endAlarms(std::int64_t run, const std::vector<std::string>& names, std::int64_t step)
{
    m_d->write([&] {
        for (const std::string& name : names)
            m_d->statement("UPDATE alarms SET ended=? WHERE run=? AND name=? AND ended IS NULL", step, run, name)
                .exec();
    });
}

std::vector<AlarmRow> Project::alarms(std::int64_t run) const
{
    return m_d->read([&] {
        std::vector<AlarmRow> rows;
        auto query = m_d->statement(
            "SELECT step, name, value, threshold, text, ended FROM alarms WHERE run=? ORDER BY step, id", run);
        while (query.executeStep()) {
            rows.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(),
                query.getColumn(2).getDouble(), query.getColumn(3).getDouble(), query.getColumn(4).getString()});
            if (const auto ended = query.getColumn(5); !ended.isNull())
                rows.back().ended = ended.getInt64();
        }
        return rows;
    });
}

} // namespace mpo

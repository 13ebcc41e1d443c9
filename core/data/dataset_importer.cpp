// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_importer.h"

#include "core/data/formats/hh_dialogue.h"
#include "core/data/formats/instruction_pairs.h"
#include "core/data/formats/messages.h"
#include "core/data/formats/prompt_chosen_rejected.h"
#include "core/data/formats/prompt_completion.h"
#include "core/data/formats/prompt_only.h"
#include "core/data/formats/sharegpt_pairs.h"
#include "core/data/formats/token_ids.h"
#include "core/data/record_reader.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace fs = std::filesystem;

namespace mpo {

std::span<const DatasetFormat> datasetFormats()
{
    // The more keys a format asks for, the earlier it stands.
    static const std::vector<DatasetFormat> formats {
        tokenIdsFormat(),
        promptIdsFormat(),
        sharegptPairsFormat(),
        instructionPairsFormat(),
        messagesFormat(),
        promptChosenRejectedFormat(),
        promptCompletionFormat(),
        hhDialogueFormat(),
        promptOnlyFormat(),
    };
    return formats;
}

namespace {

constexpr std::size_t kMaxIssuesOfKind = 1000;
constexpr std::size_t kEnoughToDetect = 16; ///< records that vote on the format
constexpr std::size_t kMostToDetect = 100; ///< so many records without any known format end the import

class Import
{
public:
    Import(const fs::path& file, const ImportOptions& options)
        : m_file(file)
        , m_options(options)
    {
        m_result.report.file = file.string();
        if (options.format.empty())
            return;
        for (const DatasetFormat& format : datasetFormats())
            if (format.name == options.format)
                m_format = &format;
        if (!m_format)
            fail("There is no format \"{}\".{} There are {}", options.format, didYouMean(options.format, formatNames()),
                joined(formatNames()));
    }

    void problem(std::int64_t line, ImportIssue::Kind kind, std::int64_t ImportReport::*count, std::string reason)
    {
        ImportReport& report = m_result.report;
        if (++(report.*count) <= std::int64_t(kMaxIssuesOfKind))
            report.issues.push_back({kind, line, std::move(reason)});
    }

    void malformed(std::int64_t line, std::string reason)
    {
        ++m_result.report.records;
        problem(line, ImportIssue::Kind::Malformed, &ImportReport::malformed, std::move(reason));
    }

    void record(Json value, std::int64_t line)
    {
        if (!value.is_object())
            return malformed(line, "the record is not an object");
        const Json given = m_options.columns.empty() ? Json() : value;
        for (const auto& [field, column] : m_options.columns) {
            if (!given.contains(column))
                return malformed(line, fmt::format("the column \"{}\" for {} is missing", toPrintable(column), field));
            if (column != field && !m_options.columns.contains(column))
                value.erase(column);
            value[field] = given[column];
        }
        if (m_format)
            return take(value, line);
        m_waiting.emplace_back(std::move(value), line);
        if (m_waiting.size() >= kEnoughToDetect)
            detect();
    }

    /// The format that fits most of the waiting records, the more demanding one at a tie: one bad record at the start
    /// of a file must not decide how all others are read.
    void detect()
    {
        const auto formats = datasetFormats();
        std::vector<std::size_t> votes(formats.size());
        for (const auto& [value, line] : m_waiting)
            for (std::size_t i = 0; i < formats.size(); ++i)
                if (formats[i].matches(value)) {
                    ++votes[i];
                    break;
                }
        const auto most = std::max_element(votes.begin(), votes.end());
        if (*most == 0) {
            if (m_waiting.size() >= kMostToDetect)
                failNoFormat();
            return;
        }
        m_format = &formats[std::size_t(most - votes.begin())];
        for (const auto& [value, line] : std::exchange(m_waiting, {}))
            take(value, line);
    }

    void take(const Json& value, std::int64_t line)
    {
        auto parsed = m_format->parse(value);
        if (auto* reason = std::get_if<std::string>(&parsed))
            return malformed(line, std::move(*reason));
        ++m_result.report.records;
        PreferencePair& pair = std::get<PreferencePair>(parsed);
        pair.line = line;
        for (const std::string* text : {&pair.prompt, &pair.chosen, &pair.rejected})
            if (text->find('\0') != text->npos)
                return problem(
                    line, ImportIssue::Kind::Malformed, &ImportReport::malformed, "a text holds a NUL character");
        if (!m_options.keepUnusable && m_format->kind != DatasetKind::Prompts) {
            const bool ids = pair.hasIds(), pairs = m_format->kind == DatasetKind::Pairs;
            for (const bool chosen : {true, false}) {
                if (!chosen && !pairs)
                    continue;
                if (ids ? (chosen ? pair.chosenIds : pair.rejectedIds).empty()
                        : trimmed(chosen ? pair.chosen : pair.rejected).empty())
                    return problem(line, ImportIssue::Kind::EmptyAnswer, &ImportReport::emptyAnswers,
                        std::string("the ")
                            + (!pairs        ? ""
                                    : chosen ? "chosen "
                                             : "rejected ")
                            + "response is empty");
            }
            if (pairs && (ids ? pair.chosenIds == pair.rejectedIds : pair.chosen == pair.rejected))
                return problem(line, ImportIssue::Kind::IdenticalResponses, &ImportReport::identicalResponses,
                    "chosen and rejected are the same");
        }
        if (!m_options.keepDuplicates && !m_seen.insert(Dataset {{}, m_format->kind, {pair}}.digest()).second)
            return problem(
                line, ImportIssue::Kind::Duplicate, &ImportReport::duplicates, "the same record stands further up");
        m_result.dataset.pairs.push_back(std::move(pair));
    }

    ImportResult finish()
    {
        if (!m_format && !m_waiting.empty())
            detect();
        if (!m_format && !m_waiting.empty())
            failNoFormat();
        ImportReport& report = m_result.report;
        // Records waited for their format while lines that are no JSON were reported at once.
        std::stable_sort(
            report.issues.begin(), report.issues.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
        report.imported = std::int64_t(m_result.dataset.pairs.size());
        if (report.records == 0)
            fail("{}: the file is empty; nothing was imported", m_file.string());
        if (report.imported == 0)
            fail("{}: none of the {} records could be used; the first problem is at line {}: {}", m_file.string(),
                report.records, report.issues.empty() ? 0 : report.issues.front().line,
                report.issues.empty() ? "" : report.issues.front().reason);
        report.format = m_format->name;
        m_result.dataset.kind = m_format->kind;
        m_result.dataset.name = m_options.name;
        if (m_result.dataset.name.empty()) {
            fs::path name = m_file.filename();
            while (name.has_extension()
                && (name.extension() == ".gz" || name.extension() == ".json" || name.extension() == ".jsonl"))
                name = name.stem();
            m_result.dataset.name = name.string();
        }
        return std::move(m_result);
    }

private:
    static std::vector<std::string_view> formatNames()
    {
        std::vector<std::string_view> names;
        for (const DatasetFormat& format : datasetFormats())
            names.push_back(format.name);
        return names;
    }

    [[noreturn]] void failNoFormat() const
    {
        std::string keys;
        for (const auto& [key, ignored] : m_waiting.front().first.items())
            keys += (keys.empty() ? "" : ", ") + toPrintable(shortened(key, 40));
        fail("{}: no known format has the keys {} (record {}); name the columns with --map, for example --map "
             "chosen=KEY. "
             "The formats are {}",
            m_file.string(), keys.empty() ? "of an empty object" : shortened(keys, 400), m_waiting.front().second,
            joined(formatNames()));
    }

    fs::path m_file;
    const ImportOptions& m_options;
    const DatasetFormat* m_format = nullptr;
    std::vector<std::pair<Json, std::int64_t>> m_waiting; ///< records with their lines until the format is known
    std::unordered_set<std::string> m_seen;
    ImportResult m_result;
};

} // namespace

ImportResult importDataset(const fs::path& file, const ImportOptions& options, std::stop_token stop,
    const std::function<void(double)>& progress)
{
    Import import(file, options);
    RecordReader reader(file);
    RecordText record;
    for (std::int64_t count = 0; reader.next(record); ++count) {
        if (count % 256 == 0) {
            if (stop.stop_requested())
                fail("{}: the import was stopped; nothing was imported", file.string());
            if (progress)
                progress(reader.share());
        }
        if (!record.problem.empty()) {
            import.malformed(record.number, record.problem);
            continue;
        }
        const auto text = trimmed(record.text);
        JsonProblem problem;
        if (auto value = tryParseJson(text, problem))
            import.record(std::move(*value), record.number);
        else if (reader.isArray())
            import.malformed(record.number, problem.reason);
        else
            import.malformed(record.number, fmt::format("column {}: {}", problem.column, problem.reason));
    }
    if (progress)
        progress(1.0);
    return import.finish();
}

} // namespace mpo

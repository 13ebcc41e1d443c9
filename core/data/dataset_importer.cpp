// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_importer.h"

#include "core/data/format_choice.h"
#include "core/data/sources/record_reader.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <iterator>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace mpo {

namespace {

constexpr std::size_t kMaxIssuesOfKind = 1000;
constexpr std::size_t kEnoughToDetect = 16; ///< records that vote on the format
constexpr std::size_t kMostToDetect = 100; ///< so many records without any known format end the import
constexpr std::int64_t kLookUpEvery = 256; ///< records between two looks at the stop token

/// 128 bits of SHA-256: for a billion pairs the chance of two that only seem equal is below 1e-20.
using Fingerprint = std::array<std::uint64_t, 2>;
struct FingerprintHash
{
    std::size_t operator()(const Fingerprint& print) const { return std::size_t(print[0]); }
};

Fingerprint fingerprintOf(const PreferencePair& pair)
{
    DatasetDigest digest;
    digest.add(pair);
    const std::string hex = digest.hex();
    return {std::stoull(hex.substr(0, 16), nullptr, 16), std::stoull(hex.substr(16, 16), nullptr, 16)};
}

class Import
{
public:
    Import(const DataSource& source, const ImportOptions& options, const PairSink& sink)
        : m_file(source.shown.string())
        , m_options(options)
        , m_sink(sink)
        , m_choice(options)
        , m_splitInRecords(!options.split.empty() && source.split.empty())
    {
        m_report.file = m_file;
    }

    void malformed(std::int64_t line, std::string reason)
    {
        ++m_report.records;
        problem(line, ImportIssue::Kind::Malformed, &ImportReport::malformed, std::move(reason));
    }

    void record(Json value, std::int64_t line)
    {
        if (!value.is_object())
            return malformed(line, "the record is not an object");
        if (m_splitInRecords && !isOfSplit(value))
            return;
        for (const auto& [field, column] : m_options.columns)
            if (!columnAt(value, column))
                return malformed(line, fmt::format("the column \"{}\" for {} is missing", toPrintable(column), field));
        applyColumns(value, m_options.columns);
        if (m_choice.format())
            return take(value, line);
        m_waiting.emplace_back(std::move(value), line);
        if (m_waiting.size() >= kEnoughToDetect)
            detect();
    }

    ImportReport finish()
    {
        if (!m_choice.format() && !m_waiting.empty())
            detect();
        if (!m_choice.format() && !m_waiting.empty())
            failNoFormat();
        for (const auto& [prompt, halves] : m_halves)
            for (const bool good : {true, false})
                for (const PreferencePair& half : halves[good])
                    problem(half.line, ImportIssue::Kind::Unpaired, &ImportReport::unpaired,
                        fmt::format("no {} response to the same prompt", good ? "bad" : "good"));
        // Records waited for their format while lines that are no JSON were reported at once.
        std::ranges::stable_sort(m_report.issues, {}, &ImportIssue::line);
        if (m_splitInRecords && m_report.records == 0)
            failNoSplit();
        if (m_report.records == 0)
            fail("{}: the file is empty; nothing was imported", m_file);
        if (m_report.imported == 0)
            fail("{}: none of the {} records could be used; the first problem is at line {}: {}", m_file,
                m_report.records, m_report.issues.empty() ? 0 : m_report.issues.front().line,
                m_report.issues.empty() ? "" : m_report.issues.front().reason);
        m_report.format = m_choice.format()->name;
        m_report.kind = m_choice.format()->kind;
        m_report.mapping = m_choice.mapping(m_margin, m_confidence);
        return std::move(m_report);
    }

private:
    void problem(std::int64_t line, ImportIssue::Kind kind, std::int64_t ImportReport::*count, std::string reason)
    {
        if (++(m_report.*count) <= std::int64_t(kMaxIssuesOfKind))
            m_report.issues.push_back({kind, line, std::move(reason)});
    }

    bool isOfSplit(const Json& value)
    {
        const auto split = value.find("split");
        if (split == value.end() || !split->is_string())
            fail("{}: the records have no field \"split\" by which \"{}\" could be chosen", m_file, m_options.split);
        if (m_splits.size() < kEnoughToDetect)
            m_splits.insert(split->get_ref<const std::string&>());
        return *split == m_options.split;
    }

    void detect()
    {
        std::vector<const Json*> records;
        for (const auto& [value, line] : m_waiting)
            records.push_back(&value);
        m_choice.decide(records);
        if (m_choice.format())
            for (const auto& [value, line] : std::exchange(m_waiting, {}))
                take(value, line);
        else if (m_waiting.size() >= kMostToDetect)
            failNoFormat();
    }

    void take(const Json& value, std::int64_t line)
    {
        Parsed parsed = m_choice.format()->parse(value);
        if (!parsed.problem.empty())
            return malformed(line, std::move(parsed.problem));
        ++m_report.records;
        if (parsed.tie)
            return problem(line, ImportIssue::Kind::Tie, &ImportReport::ties, "neither response is better");
        for (PreferencePair& pair : parsed.pairs) {
            pair.line = line;
            if (parsed.label)
                takeHalf(std::move(pair), *parsed.label);
            else
                takePair(std::move(pair));
        }
    }

    /// A response that is labelled good or bad waits for one of the other label.
    void takeHalf(PreferencePair half, bool good)
    {
        PreferencePair prompt;
        prompt.prompt = half.prompt;
        prompt.turns = half.turns;
        auto& halves = m_halves[fingerprintOf(prompt)];
        if (halves[!good].empty()) {
            halves[good].push_back(std::move(half));
            return;
        }
        PreferencePair other = std::move(halves[!good].front());
        halves[!good].pop_front();
        PreferencePair& pair = good ? half : other;
        pair.rejected = std::move(good ? other.chosen : half.chosen);
        pair.line = std::max(half.line, other.line);
        takePair(std::move(pair));
    }

    void takePair(PreferencePair pair)
    {
        const std::int64_t line = pair.line;
        if (std::string reason = unreadable(pair); !reason.empty())
            return problem(line, ImportIssue::Kind::Malformed, &ImportReport::malformed, std::move(reason));
        const DatasetKind kind = m_choice.format()->kind;
        if (!m_options.keepUnusable && kind != DatasetKind::Prompts) {
            const bool ids = pair.hasIds(), pairs = kind == DatasetKind::Pairs;
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
        if (!m_options.keepDuplicates && !m_seen.insert(fingerprintOf(pair)).second)
            return problem(
                line, ImportIssue::Kind::Duplicate, &ImportReport::duplicates, "the same record stands further up");
        ++m_report.imported;
        m_margin |= pair.margin.has_value();
        m_confidence |= pair.confidence.has_value();
        m_sink(std::move(pair));
    }

    static std::string unreadable(const PreferencePair& pair)
    {
        for (const std::string* text : {&pair.prompt, &pair.chosen, &pair.rejected})
            if (std::memchr(text->data(), '\0', text->size()))
                return "a text holds a NUL character";
        return {};
    }

    [[noreturn]] void failNoFormat() const
    {
        fail("{}: {} (record {})", m_file, m_choice.noFormat(m_waiting.front().first), m_waiting.front().second);
    }

    [[noreturn]] void failNoSplit() const
    {
        const std::vector<std::string_view> names(m_splits.begin(), m_splits.end());
        fail("{}: no record is of the split \"{}\"; there are {}", m_file, m_options.split,
            names.empty() ? "none" : joined(names));
    }

    std::string m_file;
    const ImportOptions& m_options;
    const PairSink& m_sink;
    FormatChoice m_choice;
    const bool m_splitInRecords; ///< the split is a field of the records
    std::set<std::string> m_splits; ///< that were met
    std::vector<std::pair<Json, std::int64_t>> m_waiting; ///< records with their lines until the format is known
    std::unordered_set<Fingerprint, FingerprintHash> m_seen;
    /// By prompt: bad and good responses that wait.
    std::unordered_map<Fingerprint, std::array<std::deque<PreferencePair>, 2>, FingerprintHash> m_halves;
    bool m_margin = false, m_confidence = false; ///< some pair has one
    ImportReport m_report;
};

} // namespace

ImportReport importPairs(const DataSource& source, const ImportOptions& options, const PairSink& sink,
    std::stop_token stop, const std::function<void(double)>& progress)
{
    Import import(source, options, sink);
    Record record;
    std::int64_t count = 0, before = 0; // before: records of the files that are done
    for (std::size_t i = 0; i < source.files.size(); ++i) {
        const auto reader = openRecords(source.files[i]);
        std::int64_t last = 0;
        for (; reader->next(record); ++count) {
            if (count % kLookUpEvery == 0) {
                if (stop.stop_requested())
                    fail("{}: the import was stopped; nothing was imported", source.shown.string());
                if (progress)
                    progress((double(i) + reader->share()) / double(source.files.size()));
            }
            last = record.number;
            if (record.problem.empty())
                import.record(std::move(record.value), before + record.number);
            else
                import.malformed(before + record.number, record.problem);
        }
        before += last;
    }
    if (progress)
        progress(1.0);
    return import.finish();
}

ImportResult importDataset(const std::filesystem::path& fileOrFolder, const ImportOptions& options,
    std::stop_token stop, const std::function<void(double)>& progress)
{
    const bool folder = std::filesystem::is_directory(fileOrFolder);
    const DataSource source = findDataSource(fileOrFolder, folder ? options.split : std::string());
    ImportResult result;
    auto& pairs = result.dataset.pairs;
    result.report = importPairs(
        source, options, [&](PreferencePair&& pair) { pairs.push_back(std::move(pair)); }, std::move(stop), progress);
    result.dataset.kind = result.report.kind;
    result.dataset.name = options.name.empty() ? source.name : options.name;
    return result;
}

ImportPreview previewImport(const DataSource& source, const ImportOptions& options)
{
    ImportPreview preview;
    FormatChoice choice(options);
    const auto reader = openRecords(source.files.front());
    std::vector<std::pair<Json, std::int64_t>> records; // with their lines
    const auto broken = [&](std::int64_t line, std::string reason) {
        preview.issues.push_back({ImportIssue::Kind::Malformed, line, std::move(reason)});
    };
    Record record;
    for (; preview.records < std::int64_t(kMostToDetect) && records.size() < kEnoughToDetect && reader->next(record);
         ++preview.records) {
        if (!record.problem.empty() || !record.value.is_object()) {
            broken(record.number, record.problem.empty() ? "the record is not an object" : record.problem);
            continue;
        }
        for (std::string& column : columnsOf(record.value))
            if (std::ranges::find(preview.columns, column) == preview.columns.end())
                preview.columns.push_back(std::move(column));
        if (const std::string missing = applyColumns(record.value, options.columns); missing.empty())
            records.emplace_back(std::move(record.value), record.number);
        else
            broken(record.number, fmt::format("the column \"{}\" is missing", toPrintable(missing)));
    }
    std::vector<const Json*> pointers;
    for (const auto& [value, line] : records)
        pointers.push_back(&value);
    if (!choice.format() && !records.empty())
        choice.decide(pointers);
    if (!choice.format() || records.empty()) {
        preview.mapping = choice.mapping(false, false);
        preview.problem = !records.empty() ? choice.noFormat(records.front().first)
            : preview.issues.empty()       ? "the file is empty"
                                     : fmt::format("line {}: {}", preview.issues[0].line, preview.issues[0].reason);
        return preview;
    }
    preview.format = choice.format()->name;
    preview.kind = choice.format()->kind;
    for (const auto& [value, line] : records) {
        Parsed parsed = choice.format()->parse(value);
        if (!parsed.problem.empty())
            broken(line, std::move(parsed.problem));
        else if (parsed.tie)
            preview.issues.push_back({ImportIssue::Kind::Tie, line, "neither response is better"});
        else
            std::ranges::move(parsed.pairs, std::back_inserter(preview.pairs));
    }
    std::ranges::stable_sort(preview.issues, {}, &ImportIssue::line);
    preview.mapping = choice.mapping(
        std::ranges::any_of(preview.pairs, [](const PreferencePair& pair) { return pair.margin.has_value(); }),
        std::ranges::any_of(preview.pairs, [](const PreferencePair& pair) { return pair.confidence.has_value(); }));
    if (preview.pairs.empty())
        preview.problem = fmt::format("line {}: {}", preview.issues.front().line, preview.issues.front().reason);
    return preview;
}

} // namespace mpo

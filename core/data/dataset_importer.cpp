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
#include "core/support/error.h"
#include "core/support/text.h"

#include <zlib.h>

#include <cstring>
#include <memory>
#include <unordered_set>

namespace fs = std::filesystem;

namespace mpo {

std::span<const DatasetFormat> datasetFormats()
{
    // The more keys a format asks for, the earlier it stands.
    static const std::vector<DatasetFormat> formats {
        tokenIdsFormat(), promptIdsFormat(), sharegptPairsFormat(), instructionPairsFormat(), messagesFormat(),
        promptChosenRejectedFormat(), promptCompletionFormat(), hhDialogueFormat(), promptOnlyFormat(),
    };
    return formats;
}

namespace {

constexpr std::size_t kMaxLine = std::size_t(64) << 20;
constexpr std::size_t kMaxArrayFile = std::size_t(1) << 30;
constexpr std::size_t kMaxIssuesOfKind = 1000;

/// Lines of a plain or gzipped file.
class LineReader
{
public:
    explicit LineReader(const fs::path& file)
        : m_name(file.string())
        , m_size(double(fs::file_size(file)))
        , m_file(gzopen(file.c_str(), "rb"), gzclose)
        , m_buffer(1 << 18)
    {
        if (!m_file)
            fail("{}: cannot be opened ({})", m_name, std::strerror(errno));
        gzbuffer(m_file.get(), 1 << 17);
    }

    /// False at the end. Without the line break; `tooLong` when the line exceeds the limit and was skipped.
    bool next(std::string& line, bool& tooLong)
    {
        line.clear();
        tooLong = false;
        while (true) {
            if (m_begin == m_end && !fill())
                return !line.empty() || tooLong;
            const char* start = m_buffer.data() + m_begin;
            const auto* stop = static_cast<const char*>(std::memchr(start, '\n', m_end - m_begin));
            const std::size_t length = stop ? std::size_t(stop - start) : m_end - m_begin;
            if (line.size() + length > kMaxLine) {
                tooLong = true;
                line.clear();
            }
            if (!tooLong)
                line.append(start, length);
            m_begin += length + (stop ? 1 : 0);
            if (stop) {
                if (!line.empty() && line.back() == '\r')
                    line.pop_back();
                return true;
            }
        }
    }

    double share() const { return m_size > 0.0 ? std::min(1.0, double(gzoffset(m_file.get())) / m_size) : 1.0; }

private:
    bool fill()
    {
        const int read = gzread(m_file.get(), m_buffer.data(), unsigned(m_buffer.size()));
        int code = Z_OK;
        const char* message = gzerror(m_file.get(), &code);
        if (read < 0 || (read == 0 && code != Z_OK && code != Z_STREAM_END))
            fail("{}: the compressed file is cut or damaged ({})", m_name, message);
        m_begin = 0;
        m_end = std::size_t(read);
        return read > 0;
    }

    std::string m_name;
    double m_size;
    std::unique_ptr<gzFile_s, int (*)(gzFile)> m_file;
    std::vector<char> m_buffer;
    std::size_t m_begin = 0, m_end = 0;
};

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
        std::string known;
        for (const DatasetFormat& format : datasetFormats()) {
            if (format.name == options.format)
                m_format = &format;
            known += (known.empty() ? "" : ", ") + std::string(format.name);
        }
        if (!m_format)
            fail("There is no format \"{}\"; there are {}", options.format, known);
    }

    void problem(std::int64_t line, ImportIssue::Kind kind, std::int64_t ImportReport::* count, std::string reason)
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
        for (const auto& [field, column] : m_options.columns)
            if (column != field && value.contains(column)) {
                value[field] = value[column];
                value.erase(column);
            }
        if (!m_format) {
            for (const DatasetFormat& format : datasetFormats())
                if (format.matches(value)) {
                    m_format = &format;
                    break;
                }
            if (!m_format) {
                std::string keys;
                for (const auto& [key, ignored] : value.items())
                    keys += (keys.empty() ? "" : ", ") + toPrintable(shortened(key, 40));
                if (m_keys.empty())
                    m_keys = keys;
                return malformed(line, "no known format has the keys " + keys);
            }
        }
        ++m_result.report.records;
        auto parsed = m_format->parse(value);
        if (const auto* reason = std::get_if<std::string>(&parsed))
            return problem(line, ImportIssue::Kind::Malformed, &ImportReport::malformed, *reason);
        PreferencePair& pair = std::get<PreferencePair>(parsed);
        pair.line = line;
        if (!m_options.keepUnusable && m_format->kind == DatasetKind::Pairs) {
            const bool ids = pair.hasIds();
            for (const bool chosen : {true, false})
                if (ids ? (chosen ? pair.chosenIds : pair.rejectedIds).empty() : trimmed(chosen ? pair.chosen : pair.rejected).empty())
                    return problem(line, ImportIssue::Kind::EmptyAnswer, &ImportReport::emptyAnswers,
                        std::string("the ") + (chosen ? "chosen" : "rejected") + " response is empty");
            if (ids ? pair.chosenIds == pair.rejectedIds : pair.chosen == pair.rejected)
                return problem(line, ImportIssue::Kind::IdenticalResponses, &ImportReport::identicalResponses,
                    "chosen and rejected are the same");
        }
        if (!m_options.keepDuplicates && !m_seen.insert(Dataset {{}, m_format->kind, {pair}}.digest()).second)
            return problem(line, ImportIssue::Kind::Duplicate, &ImportReport::duplicates, "the same record stands further up");
        m_result.dataset.pairs.push_back(std::move(pair));
    }

    ImportResult finish()
    {
        ImportReport& report = m_result.report;
        report.imported = std::int64_t(m_result.dataset.pairs.size());
        if (report.records == 0)
            fail("{}: the file is empty; nothing was imported", m_file.string());
        if (!m_format && !m_keys.empty())
            fail("{}: no known format has the keys {}; name the columns with --map, for example --map chosen=KEY", m_file.string(), m_keys);
        if (report.imported == 0)
            fail("{}: none of the {} records could be used; the first problem is at line {}: {}", m_file.string(), report.records,
                report.issues.empty() ? 0 : report.issues.front().line, report.issues.empty() ? "" : report.issues.front().reason);
        report.format = m_format->name;
        m_result.dataset.kind = m_format->kind;
        m_result.dataset.name = m_options.name;
        if (m_result.dataset.name.empty()) {
            fs::path name = m_file.filename();
            while (name.has_extension() && (name.extension() == ".gz" || name.extension() == ".json" || name.extension() == ".jsonl"))
                name = name.stem();
            m_result.dataset.name = name.string();
        }
        return std::move(m_result);
    }

private:
    fs::path m_file;
    const ImportOptions& m_options;
    const DatasetFormat* m_format = nullptr;
    std::string m_keys; ///< of the first record that no format fits
    std::unordered_set<std::string> m_seen;
    ImportResult m_result;
};

} // namespace

ImportResult importDataset(const fs::path& file, const ImportOptions& options, std::stop_token stop, const std::function<void(double)>& progress)
{
    if (!fs::exists(file))
        fail("{}: no such file", file.string());
    if (fs::is_directory(file))
        fail("{}: this is a folder; name a .jsonl, .json or .jsonl.gz file", file.string());
    Import import(file, options);
    LineReader reader(file);
    std::string line;
    bool tooLong = false, first = true;
    std::int64_t number = 0;
    while (reader.next(line, tooLong)) {
        ++number;
        if (number % 256 == 0) {
            if (stop.stop_requested())
                fail("{}: the import was stopped; nothing was imported", file.string());
            if (progress)
                progress(reader.share());
        }
        if (tooLong) {
            import.malformed(number, "the line is longer than 64 MiB");
            continue;
        }
        std::string_view text = line;
        if (number == 1 && text.starts_with("\xef\xbb\xbf"))
            text.remove_prefix(3);
        text = trimmed(text);
        if (text.empty())
            continue;
        if (first && text.front() == '[') {
            // One JSON array over the whole file.
            std::string all(text), rest;
            while (reader.next(rest, tooLong)) {
                all += '\n';
                all += rest;
                if (all.size() > kMaxArrayFile)
                    fail("{}: a JSON array may have at most 1 GiB; write one record a line (.jsonl) instead", file.string());
            }
            Json array = parseJson(all, file.string());
            for (std::size_t i = 0; i < array.size(); ++i)
                import.record(std::move(array[i]), std::int64_t(i) + 1);
            break;
        }
        first = false;
        JsonProblem problem;
        if (auto value = tryParseJson(text, problem))
            import.record(std::move(*value), number);
        else
            import.malformed(number, problem.reason);
    }
    if (progress)
        progress(1.0);
    return import.finish();
}

} // namespace mpo

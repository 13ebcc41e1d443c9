// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/sources/json_reader.h"

#include "core/data/sources/text_input.h"
#include "core/support/error.h"
#include "core/support/text.h"

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxDocument = std::size_t(256) << 20;
constexpr std::string_view kSpace = " \t\r\n";

void parseInto(Record& record, std::string_view text, bool lines)
{
    JsonProblem problem;
    if (auto value = tryParseJson(trimmed(text), problem))
        record.value = std::move(*value);
    else
        record.problem = lines ? fmt::format("column {}: {}", problem.column, problem.reason) : problem.reason;
}

class LineReader : public RecordReader
{
public:
    explicit LineReader(TextInput input)
        : m_input(std::move(input))
    {
    }

    bool next(Record& record) override
    {
        record.problem.clear();
        m_text.clear();
        for (auto view = m_input.view(); !view.empty(); view = m_input.view()) {
            const auto end = view.find('\n');
            // Most lines lie in the buffer as a whole and need not be copied.
            const bool whole = end != view.npos && m_text.empty() && record.problem.empty();
            const std::string_view line = view.substr(0, end);
            if (!whole)
                appendCapped(m_text, line, record.problem);
            m_number += end != view.npos ? 1 : 0;
            const bool blank = record.problem.empty() && end != view.npos && trimmed(whole ? line : m_text).empty();
            if (end != view.npos && !blank)
                finish(record, whole ? line : std::string_view(m_text), m_number);
            m_input.consume(end == view.npos ? view.size() : end + 1);
            if (end != view.npos && !blank)
                return true;
            if (blank)
                m_text.clear();
        }
        if (record.problem.empty() && trimmed(m_text).empty())
            return false;
        finish(record, m_text, ++m_number); // the last line may lack its line break
        return true;
    }
    double share() const override { return m_input.share(); }

private:
    static void finish(Record& record, std::string_view text, std::int64_t number)
    {
        record.number = number;
        if (record.problem.empty())
            parseInto(record, text, true);
    }

    TextInput m_input;
    std::string m_text;
    std::int64_t m_number = 0;
};

class ArrayReader : public RecordReader
{
public:
    explicit ArrayReader(TextInput input)
        : m_input(std::move(input))
    {
    }

    bool next(Record& record) override
    {
        record.problem.clear();
        if (!nextText(record))
            return false;
        record.number = ++m_number;
        if (record.problem.empty())
            parseInto(record, m_text, false);
        return true;
    }
    double share() const override { return m_input.share(); }

private:
    /// Up to the comma or bracket that ends the item: only strings and brackets have to be understood for that.
    bool nextText(Record& record)
    {
        m_text.clear();
        while (!m_closed) {
            const auto view = m_input.view();
            if (view.empty())
                break;
            const std::size_t at = endOfItem(view);
            appendCapped(m_text, view.substr(0, at), record.problem);
            m_input.consume(at);
            if (at == view.size())
                continue;
            m_closed = view[at] == ']';
            m_input.consume(1);
            const bool blank = record.problem.empty() && trimmed(m_text).empty();
            if (blank && m_closed && !m_afterComma)
                break; // "[]"
            if (blank)
                record.problem = "there is nothing between two commas";
            m_afterComma = !m_closed;
            return true;
        }
        if (m_finished)
            return false;
        if (!m_closed && !trimmed(m_text).empty() && !m_cut) {
            m_cut = true;
            return true;
        }
        m_finished = true;
        if (!m_closed) {
            record.problem = "the array is not closed: the file may be cut";
            return true;
        }
        m_text.clear();
        for (auto view = m_input.view(); !view.empty(); view = m_input.view()) {
            appendCapped(m_text, trimmed(view), record.problem);
            m_input.consume(view.size());
        }
        if (record.problem.empty() && m_text.empty())
            return false;
        record.problem = "there is text after the end of the array";
        return true;
    }

    std::size_t endOfItem(std::string_view view)
    {
        for (std::size_t at = 0; at < view.size(); ++at) {
            const char c = view[at];
            if (m_inString) {
                if (m_escaped)
                    m_escaped = false;
                else if (c == '\\')
                    m_escaped = true;
                else if (c == '"')
                    m_inString = false;
            } else if (c == '"') {
                m_inString = true;
            } else if (c == '{' || c == '[') {
                ++m_depth;
            } else if (m_depth > 0 && (c == '}' || c == ']')) {
                --m_depth;
            } else if (m_depth == 0 && (c == ',' || c == ']')) {
                return at;
            }
        }
        return view.size();
    }

    TextInput m_input;
    std::string m_text;
    std::int64_t m_number = 0, m_depth = 0;
    bool m_inString = false, m_escaped = false;
    bool m_closed = false; ///< the array's ']' was read
    bool m_afterComma = false; ///< so that an item has to follow
    bool m_cut = false, m_finished = false;
};

class DocumentReader : public RecordReader
{
public:
    explicit DocumentReader(std::vector<Json> records)
        : m_records(std::move(records))
    {
    }

    bool next(Record& record) override
    {
        record.problem.clear();
        if (m_next == m_records.size())
            return false;
        record.value = std::move(m_records[m_next]);
        record.number = std::int64_t(++m_next);
        return true;
    }
    double share() const override { return m_records.empty() ? 1.0 : double(m_next) / double(m_records.size()); }

private:
    std::vector<Json> m_records;
    std::size_t m_next = 0;
};

/// A .json file that starts with '{' is one document, or one record a line. The whole of it, if it is one document.
std::optional<std::vector<Json>> documentOf(const fs::path& file)
{
    TextInput input(file);
    std::string text;
    bool firstLine = true;
    for (auto view = input.view(); !view.empty(); view = input.view()) {
        const auto end = view.find('\n');
        if (firstLine && end != view.npos) {
            firstLine = false;
            JsonProblem problem;
            text += view.substr(0, end);
            input.consume(end);
            if (tryParseJson(trimmed(text), problem) && text.find('{') != text.npos) {
                // A record, if more follow.
                std::string rest;
                for (auto more = input.view(); rest.empty() && !more.empty(); more = input.view()) {
                    rest = trimmed(more);
                    input.consume(more.size());
                }
                if (!rest.empty())
                    return std::nullopt;
                break;
            }
            continue;
        }
        if (text.size() + view.size() > kMaxDocument)
            fail("{}: the file is one JSON document of more than 256 MiB; write it as one record a line (.jsonl)",
                file.string());
        text += view;
        input.consume(view.size());
    }
    JsonProblem problem;
    auto document = tryParseJson(trimmed(text), problem);
    if (!document)
        return std::nullopt; // line by line, then, so that each bad one is reported
    return recordsOfDocument(std::move(*document));
}

} // namespace

std::unique_ptr<RecordReader> openJson(const fs::path& file)
{
    TextInput input(file);
    const bool lines = plainEnding(file) == ".jsonl" || plainEnding(file) == ".ndjson";
    const std::string_view text = input.view();
    const auto open = text.find_first_not_of(kSpace);
    if (open != text.npos && text[open] == '[') {
        // In a .jsonl file a first line such as "[1, 2]" is more likely a bad line than the start of an array.
        const auto first = text.find_first_not_of(kSpace, open + 1);
        if (!lines || first == text.npos || text[first] == '{' || text[first] == ']') {
            input.consume(open + 1);
            return std::make_unique<ArrayReader>(std::move(input));
        }
    }
    if (!lines && open != text.npos && text[open] == '{')
        if (auto records = documentOf(file))
            return std::make_unique<DocumentReader>(std::move(*records));
    return std::make_unique<LineReader>(std::move(input));
}

} // namespace mpo

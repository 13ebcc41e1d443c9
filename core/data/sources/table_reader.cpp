// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/sources/table_reader.h"

#include "core/data/sources/text_input.h"
#include "core/support/error.h"
#include "core/support/text.h"
#include "core/support/utf8.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace mpo {

namespace {

constexpr std::array kDelimiters {',', ';', '\t'};
constexpr std::size_t kMaxColumns = 10'000;

class TableReader : public RecordReader
{
public:
    explicit TableReader(const std::filesystem::path& file)
        : m_input(file)
        , m_delimiter(plainEnding(file) == ".tsv" ? '\t' : commonDelimiter(m_input.view()))
    {
        std::string problem;
        if (!nextRow(problem))
            return;
        if (!problem.empty())
            fail("{}: the header row cannot be read: {}", m_input.name(), problem);
        std::set<std::string> names;
        for (const std::string& name : m_cells) {
            if (!isValidUtf8(name))
                fail("{}: the header row is not valid UTF-8; save the file as UTF-8", m_input.name());
            if (!names.insert(name).second)
                fail("{}: two columns are named \"{}\"; give each a name of its own", m_input.name(),
                    toPrintable(shortened(name, 60)));
        }
        m_header = m_cells;
    }

    bool next(Record& record) override
    {
        record.problem.clear();
        if (!nextRow(record.problem))
            return false;
        record.number = m_rowLine;
        if (!record.problem.empty())
            return true;
        if (m_cells.size() != m_header.size()) {
            record.problem = fmt::format("the row has {} fields, the header {}", m_cells.size(), m_header.size());
            return true;
        }
        record.value = Json::object();
        auto& object = record.value.get_ref<Json::object_t&>();
        for (std::size_t i = 0; i < m_cells.size(); ++i) {
            if (!isValidUtf8(m_cells[i])) {
                record.problem = fmt::format("the field \"{}\" is not valid UTF-8", m_header[i]);
                return true;
            }
            object.emplace_back(m_header[i], valueOf(m_cells[i]));
        }
        return true;
    }
    double share() const override { return m_input.share(); }

private:
    static char commonDelimiter(std::string_view text)
    {
        std::array<std::size_t, kDelimiters.size()> counts {};
        bool quoted = false;
        for (const char c : text) {
            if (c == '"')
                quoted = !quoted;
            if (c == '\n' && !quoted)
                break;
            for (std::size_t i = 0; i < kDelimiters.size() && !quoted; ++i)
                counts[i] += c == kDelimiters[i] ? 1 : 0;
        }
        return kDelimiters[std::size_t(std::ranges::max_element(counts) - counts.begin())];
    }

    static Json valueOf(std::string& cell)
    {
        if (cell.starts_with("[{") && cell.ends_with("}]")) {
            JsonProblem problem;
            if (auto list = tryParseJson(cell, problem))
                return std::move(*list);
        }
        return Json(std::move(cell));
    }

    void put(std::string_view piece, std::string& problem)
    {
        m_rowBytes += piece.size();
        if (m_rowBytes > kMaxRecordBytes)
            problem = "the record is longer than 64 MiB";
        else
            m_cell += piece;
    }

    void endCell(std::string& problem)
    {
        if (m_cells.size() == kMaxColumns)
            problem = fmt::format("the row has more than {} fields", kMaxColumns);
        else if (problem.empty())
            m_cells.push_back(std::move(m_cell));
        m_cell.clear();
        m_wasQuoted = false;
    }

    /// Fills m_cells with the next row that is not blank; false at the end.
    bool nextRow(std::string& problem)
    {
        m_cells.clear();
        m_cell.clear();
        m_rowBytes = 0;
        m_wasQuoted = false;
        bool quoted = false, some = false;
        m_rowLine = m_line;
        for (auto view = m_input.view(); !view.empty(); view = m_input.view()) {
            std::size_t at = 0;
            while (at < view.size()) {
                const char c = view[at];
                if (quoted) {
                    const auto quote = view.find('"', at);
                    const auto piece = view.substr(at, quote == view.npos ? view.npos : quote - at);
                    m_line += std::count(piece.begin(), piece.end(), '\n');
                    put(piece, problem);
                    at += piece.size();
                    if (quote != view.npos) {
                        quoted = false;
                        m_wasQuoted = true;
                        m_quoteJustClosed = true;
                        ++at;
                    }
                    continue;
                }
                const bool justClosed = std::exchange(m_quoteJustClosed, false);
                ++at;
                if (c == '\n') {
                    ++m_line;
                    if (!m_cells.empty() || some || m_wasQuoted) {
                        if (m_cell.ends_with('\r') && !m_wasQuoted)
                            m_cell.pop_back();
                        endCell(problem);
                        m_input.consume(at);
                        return true;
                    }
                    m_cell.clear();
                    m_rowLine = m_line;
                } else if (c == '"' && justClosed) {
                    put("\"", problem); // "" inside quotes
                    quoted = true;
                } else if (c == '"' && m_cell.empty() && !m_wasQuoted) {
                    quoted = true;
                } else if (c == m_delimiter) {
                    endCell(problem);
                    some = true;
                } else if (c == '\r') {
                    if (!m_wasQuoted)
                        put({&c, 1}, problem);
                } else if (m_wasQuoted) {
                    if (problem.empty())
                        problem = fmt::format("there is text after the closing quote of field {}", m_cells.size() + 1);
                } else {
                    const auto end = view.find_first_of(m_stops, at);
                    const auto piece = view.substr(at - 1, (end == view.npos ? view.size() : end) - at + 1);
                    put(piece, problem);
                    at += piece.size() - 1;
                    some = true;
                }
            }
            m_input.consume(at);
        }
        if (quoted && problem.empty())
            problem = "a field's quote is not closed";
        if (m_cells.empty() && !some && !m_wasQuoted && !quoted)
            return false;
        if (m_cell.ends_with('\r') && !m_wasQuoted)
            m_cell.pop_back();
        endCell(problem);
        return true;
    }

    TextInput m_input;
    char m_delimiter;
    const std::string m_stops {m_delimiter, '"', '\n', '\r'};
    std::vector<std::string> m_header, m_cells;
    std::string m_cell;
    std::size_t m_rowBytes = 0;
    std::int64_t m_line = 1, m_rowLine = 1;
    bool m_wasQuoted = false; ///< the field's quote was opened and closed
    bool m_quoteJustClosed = false; ///< so that another quote stands for itself
};

} // namespace

std::unique_ptr<RecordReader> openTable(const std::filesystem::path& file)
{
    return std::make_unique<TableReader>(file);
}

} // namespace mpo

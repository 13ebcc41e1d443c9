// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <mutex>

#include <sys/ioctl.h>
#include <unistd.h>

namespace mpo::cli {

namespace {

// The engine's thread prints events, the main thread the answer to Ctrl-C.
std::mutex g_mutex;
bool g_closed = false, g_statusShown = false;

/// Columns of a terminal, near enough: characters, not bytes.
std::size_t width(std::string_view text)
{
    return std::size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool looksLikeNumber(std::string_view text)
{
    return text == "-" || (!text.empty() && text.find_first_not_of("0123456789.,+-e%") == std::string_view::npos);
}

std::size_t terminalColumns()
{
    winsize size {};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void eraseStatus()
{
    if (g_statusShown)
        std::fputs("\r\033[K", stderr);
    g_statusShown = false;
}

} // namespace

void writeLine(std::string_view line)
{
    const std::lock_guard lock(g_mutex);
    if (g_closed)
        return;
    // On a terminal the status line would stand in the way.
    eraseStatus();
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
}

void flushOutput()
{
    const std::lock_guard lock(g_mutex);
    errno = 0;
    if (g_closed || (std::fflush(stdout) == 0 && std::ferror(stdout) == 0))
        return;
    g_closed = true;
    if (errno != EPIPE && errno != 0)
        fail("standard output cannot be written: {}", std::strerror(errno));
}

bool outputClosed()
{
    const std::lock_guard lock(g_mutex);
    return g_closed;
}

void writeTable(const std::vector<std::vector<std::string>>& rows)
{
    if (rows.empty())
        return;
    std::vector<std::size_t> widths(rows.front().size());
    std::vector<bool> numeric(rows.front().size(), true);
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::size_t c = 0; c < std::min(rows[r].size(), widths.size()); ++c) {
            widths[c] = std::max(widths[c], width(rows[r][c]));
            if (r > 0 && !looksLikeNumber(rows[r][c]))
                numeric[c] = false;
        }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t c = 0; c < std::min(row.size(), widths.size()); ++c) {
            const std::string padding(widths[c] - width(row[c]), ' ');
            line += (c > 0 ? "  " : "") + (numeric[c] ? padding + row[c] : row[c] + padding);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        writeLine(line);
    }
}

void writeFields(const std::vector<std::pair<std::string, std::string>>& fields)
{
    std::size_t names = 0;
    for (const auto& field : fields)
        names = std::max(names, width(field.first));
    for (const auto& [name, value] : fields)
        writeLine(name + std::string(names - width(name) + 2, ' ') + value);
}

void note(std::string_view line)
{
    const std::lock_guard lock(g_mutex);
    eraseStatus();
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fputc('\n', stderr);
}

void showStatus(std::string_view line)
{
    if (!statusVisible())
        return;
    const std::string text = oneLine(line, terminalColumns() - 1);
    const std::lock_guard lock(g_mutex);
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
    g_statusShown = true;
}

void clearStatus()
{
    const std::lock_guard lock(g_mutex);
    eraseStatus();
}

bool statusVisible()
{
    static const bool terminal = isatty(STDERR_FILENO) == 1;
    return terminal;
}

std::string shortNumber(double value)
{
    if (std::isnan(value))
        return "-";
    // Whole numbers read better than 1.009e+04.
    const bool large = std::abs(value) >= 1000.0 && std::abs(value) < 1e9;
    return large ? grouped(std::llround(value)) : fmt::format("{:.4g}", value);
}

std::string duration(double seconds)
{
    const auto all = std::int64_t(std::max(seconds, 0.0) + 0.5);
    const std::int64_t hours = all / 3600, minutes = all / 60 % 60;
    return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, all % 60)
                     : fmt::format("{}:{:02}", minutes, all % 60);
}

std::string oneLine(std::string_view text, std::size_t columns)
{
    // toPrintable turns line breaks into "?", which would be wrong here.
    std::string line(text);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return shortened(toPrintable(line), columns);
}

} // namespace mpo::cli

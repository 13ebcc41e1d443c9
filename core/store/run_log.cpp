// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/run_log.h"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace mpo {

namespace {

constexpr std::uint64_t kLargestPart = std::uint64_t(1) << 20;

std::filesystem::path logFile(const std::filesystem::path& runFolder) { return runFolder / "log.txt"; }

/// The word up to a space, taken off `line`.
std::string takeWord(std::string_view& line)
{
    const auto end = std::min(line.find(' '), line.size());
    const std::string word(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

} // namespace

bool appendRunLog(const std::filesystem::path& runFolder, const std::vector<RunLogLine>& lines)
{
    std::ofstream file(logFile(runFolder), std::ios::app | std::ios::binary);
    for (const RunLogLine& line : lines) {
        std::string text = line.text;
        std::replace(text.begin(), text.end(), '\n', ' ');
        file << line.time << ' ' << line.level << ' ' << text << '\n';
    }
    return bool(file.flush());
}

std::vector<RunLogLine> readRunLog(const std::filesystem::path& runFolder, std::uint64_t& offset)
{
    std::vector<RunLogLine> lines;
    std::ifstream file(logFile(runFolder), std::ios::binary | std::ios::ate);
    if (!file)
        return lines;
    const auto size = std::uint64_t(std::max<std::streamoff>(0, file.tellg()));
    if (size <= offset) {
        offset = size;
        return lines;
    }
    const bool cut = size - offset > kLargestPart;
    if (cut)
        offset = size - kLargestPart;
    std::string text(size - offset, '\0');
    file.seekg(std::streamoff(offset));
    file.read(text.data(), std::streamsize(text.size()));
    text.resize(std::size_t(file.gcount()));
    std::string_view rest(text);
    if (cut)
        rest.remove_prefix(std::min(rest.find('\n') + 1, rest.size()));
    offset += text.size() - rest.size();
    while (true) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos)
            return lines; // the last line is not whole yet
        std::string_view line = rest.substr(0, end);
        RunLogLine parsed {takeWord(line), takeWord(line), std::string(line)};
        lines.push_back(std::move(parsed));
        rest.remove_prefix(end + 1);
        offset += end + 1;
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/json_lines.h"

#include "core/support/error.h"
#include "core/support/file.h"

#include <fmt/format.h>

#include <sstream>

namespace mpo::cli {

void forEachJsonLine(std::istream& input, const std::string& source,
    const std::function<void(const Json& row, const std::string& place)>& take)
{
    std::string line;
    for (std::int64_t number = 1; std::getline(input, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        const std::string place = fmt::format("{}: line {}", source, number);
        JsonProblem problem;
        const auto row = tryParseJson(line, problem);
        if (!row)
            fail("{} is not JSON: {}", place, problem.reason);
        take(*row, place);
    }
}

void forEachJsonLineOf(
    const std::string& file, const std::function<void(const Json& row, const std::string& place)>& take)
{
    std::istringstream lines(readTextFile(file));
    forEachJsonLine(lines, file, take);
}

} // namespace mpo::cli

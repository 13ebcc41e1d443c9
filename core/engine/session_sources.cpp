// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/session_sources.h"

#include "core/data/response_file.h"
#include "core/engine/workspace.h"
#include "core/support/error.h"
#include "core/support/gguf_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace mpo {

namespace {

namespace fs = std::filesystem;

/// The file of "FILE" or "FILE#NAME", and the name.
std::optional<std::pair<fs::path, std::string>> responseFile(const Workspace& workspace, const std::string& named)
{
    const auto isFile = [](const std::string& path) {
        std::error_code error;
        return fs::is_regular_file(path, error) && !isGgufFile(path);
    };
    if (workspace.project().model(named))
        return std::nullopt;
    if (isFile(named))
        return std::pair(fs::path(named), std::string());
    const auto mark = named.rfind('#');
    if (mark != named.npos && isFile(named.substr(0, mark)))
        return std::pair(fs::path(named.substr(0, mark)), named.substr(mark + 1));
    return std::nullopt;
}

} // namespace

std::vector<SessionSource> sessionSources(const Workspace& workspace, const std::vector<std::string>& named)
{
    std::vector<SessionSource> sources;
    std::vector<std::string> names;
    for (const std::string& one : named) {
        const auto file = responseFile(workspace, one);
        if (!file) {
            sources.push_back({one, {}, std::nullopt, {}});
            continue;
        }
        ResponseFile read = readResponses(file->first);
        if (read.unusable > 0)
            workspace.warning(fmt::format(
                "{}: {} records left out, the first at {}", file->first.string(), read.unusable, read.firstProblem));
        names.clear();
        bool found = false;
        for (SourceResponses& in : read.sources) {
            names.push_back(in.name);
            if (!file->second.empty() && in.name != file->second)
                continue;
            found = true;
            SessionSource source {in.name, fmt::format("{}#{}", file->first.string(), in.name), {{}}, {}};
            for (PreferencePair& row : in.rows) {
                source.responses->emplace(promptKey(row), std::move(row.chosen));
                source.prompts.push_back(std::move(row));
            }
            sources.push_back(std::move(source));
        }
        if (!found)
            fail("{}: holds no responses of {}; there are {}", file->first.string(), file->second,
                fmt::join(names, ", "));
    }
    names.clear();
    for (const SessionSource& source : sources) {
        if (std::ranges::find(names, source.name) != names.end())
            fail("Two sources are called {}; a session compares different ones", source.name);
        names.push_back(source.name);
    }
    if (sources.size() < 2)
        fail("A session compares two sources at least; only {} is named", fmt::join(names, ", "));
    if (sources.size() > kMostSources)
        fail("{} sources would be too many to compare each with each (at most {}): {}; take those you want with "
             "FILE#NAME",
            sources.size(), kMostSources, fmt::join(names, ", "));
    return sources;
}

} // namespace mpo

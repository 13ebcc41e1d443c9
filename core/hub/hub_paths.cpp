// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_paths.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <algorithm>
#include <cstdlib>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kMaxName = 96; ///< of a repository, as the hub has it
constexpr std::size_t kMaxRevision = 200, kMaxFileName = 200;
constexpr std::size_t kMaxToken = 4096;

fs::path home()
{
    const std::string folder = environmentVariable("HOME");
    return folder.empty() ? fs::path("/") : fs::path(folder);
}

/// A path from the environment, "~/..." as huggingface_hub takes it too.
fs::path expanded(const std::string& text)
{
    if (text == "~" || text.starts_with("~/"))
        return home() / text.substr(std::min<std::size_t>(2, text.size()));
    return text;
}

fs::path hubHome()
{
    if (const std::string folder = environmentVariable("HF_HOME"); !folder.empty())
        return expanded(folder);
    const std::string cache = environmentVariable("XDG_CACHE_HOME");
    return (cache.empty() ? home() / ".cache" : expanded(cache)) / "huggingface";
}

bool isAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool isNamePart(std::string_view part)
{
    const auto allowed = [](char c) { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.'; };
    const auto edge = [](char c) { return c == '-' || c == '.'; };
    return !part.empty() && std::all_of(part.begin(), part.end(), allowed) && !edge(part.front()) && !edge(part.back());
}

} // namespace

std::string environmentVariable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? std::string(value) : std::string();
}

fs::path hubCacheFolder()
{
    for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) // the second is the older name of the first
        if (const std::string folder = environmentVariable(name); !folder.empty())
            return expanded(folder);
    return hubHome() / "hub";
}

std::string hubToken()
{
    std::string text, source = "HF_TOKEN";
    for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
        if (text.empty())
            text = environmentVariable(name);
    if (text.empty()) {
        const std::string path = environmentVariable("HF_TOKEN_PATH");
        const fs::path file = path.empty() ? hubHome() / "token" : expanded(path);
        std::error_code ignored;
        if (!fs::is_regular_file(file, ignored))
            return {};
        text = readTextFile(file, kMaxToken);
        source = file.string();
    }
    const std::string token(trimmed(text));
    // It becomes a line of a request: a line break in it would begin another one.
    if (token.size() > kMaxToken
        || !std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; }))
        fail("{}: this is no token of the Hugging Face hub; it may hold letters, digits and signs only", source);
    return token;
}

bool isRepositoryName(std::string_view name)
{
    if (name.empty() || name.size() > kMaxName || name.find("--") != name.npos || name.find("..") != name.npos
        || name.ends_with(".git"))
        return false;
    const auto slash = name.find('/');
    return slash == name.npos ? isNamePart(name)
                              : isNamePart(name.substr(0, slash)) && isNamePart(name.substr(slash + 1));
}

void requireRepositoryName(std::string_view name)
{
    if (!isRepositoryName(name))
        fail("\"{}\" is not the name of a model on the hub; write it as ORG/NAME, for example "
             "HuggingFaceTB/SmolLM2-135M-Instruct",
            toPrintable(shortened(name, kMaxName)));
}

std::string cacheFolderName(std::string_view repository)
{
    std::string folder = "models--";
    for (const char c : repository)
        folder += c == '/' ? std::string("--") : std::string(1, c);
    return folder;
}

std::optional<std::string> repositoryOf(std::string_view folderName)
{
    constexpr std::string_view kPrefix = "models--";
    if (!folderName.starts_with(kPrefix))
        return std::nullopt;
    std::string name(folderName.substr(kPrefix.size()));
    if (const auto dashes = name.find("--"); dashes != name.npos)
        name = name.substr(0, dashes) + "/" + name.substr(dashes + 2);
    if (!isRepositoryName(name))
        return std::nullopt;
    return name;
}

bool isRevision(std::string_view revision)
{
    if (revision.empty() || revision.size() > kMaxRevision)
        return false;
    for (std::size_t begin = 0; begin <= revision.size();) {
        const std::size_t end = std::min(revision.find('/', begin), revision.size());
        const std::string_view part = revision.substr(begin, end - begin);
        if (!isPlainFileName(part) || part.front() == '.')
            return false;
        begin = end + 1;
    }
    return true;
}

bool isCommit(std::string_view text) { return isHex(text, 40); }

bool isHex(std::string_view text, std::size_t digits)
{
    return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

bool isPlainFileName(std::string_view name)
{
    return !name.empty() && name.size() <= kMaxFileName && name != "." && name != ".."
        && name.find_first_of("/\\:") == name.npos && name == toPrintable(name) && name.find('?') == name.npos;
}

} // namespace mpo

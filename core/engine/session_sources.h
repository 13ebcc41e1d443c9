// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mpo {

class Workspace;

/// Whose responses a session compares.
struct SessionSource
{
    std::string name; ///< of a model as it was given, of responses in a file as the file calls it
    std::string file; ///< "FILE#NAME"; empty: a model
    std::optional<std::map<std::string, std::string>> responses; ///< of a file, by promptKey(); nothing: a model
    std::vector<PreferencePair> prompts; ///< of a file, in its order
};

/// A model of the project, a folder or a GGUF file is a model; any other file gives each source in it, "FILE#NAME" that
/// one. Throws Error: a file without such a source, two sources of one name, fewer than two or more than kMostSources.
std::vector<SessionSource> sessionSources(const Workspace& workspace, const std::vector<std::string>& named);

constexpr std::size_t kMostSources = 8;

} // namespace mpo

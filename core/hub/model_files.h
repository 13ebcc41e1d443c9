// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Names that mean something in a model folder.
namespace model_file {
inline constexpr std::string_view kConfig = "config.json";
inline constexpr std::string_view kWeights = "model.safetensors";
inline constexpr std::string_view kIndex = "model.safetensors.index.json";
inline constexpr std::string_view kAdapterConfig = "adapter_config.json";
inline constexpr std::string_view kAdapterWeights = "adapter_model.safetensors";
} // namespace model_file

/// What of a model's files is of use: settings and tokenizer, and the weights in one format only.
struct WantedFiles
{
    std::vector<std::string> plain; ///< small ones, config.json first; weights that are one file, too
    bool sharded = false; ///< the index (in `plain`) names the weights
};

/// Chooses among the names a model has. Names in sub-folders and such as lead elsewhere are passed over. Throws Error
/// when there are no weights that are read here; for pickled ones the sentence says how to convert them.
WantedFiles wantedFiles(std::span<const std::string> names, const std::string& repository);

/// Settings or tokenizer: read by this program or by transformers.
bool isSettingsFile(std::string_view name);
bool isPickleFile(std::string_view name);

/// The files that an index names, each once, in order of their names. Throws Error, beginning with `source`, when it is
/// not an index or a name leads out of the folder.
std::vector<std::string> shardsOf(const Json& index, const std::string& source);

/// How weights that are pickled become ones that are read: the end of a sentence.
std::string pickleAdvice(const std::string& repository);

} // namespace mpo

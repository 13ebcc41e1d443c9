// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace mpo {

/// Empty: not set.
std::string environmentVariable(const char* name);

/// $HF_HUB_CACHE, else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub: the folder
/// that transformers uses too.
std::filesystem::path hubCacheFolder();

/// $HF_TOKEN, else what is in $HF_HOME/token; empty: none. Throws Error, without the token, when it cannot be one.
std::string hubToken();

/// "ORG/NAME", or "NAME" as some old models are called: what may follow the address of the hub.
bool isRepositoryName(std::string_view name);
/// Throws Error saying how a name looks.
void requireRepositoryName(std::string_view name);

/// "ORG/NAME" -> "models--ORG--NAME"
std::string cacheFolderName(std::string_view repository);
/// The other way; nothing for a folder that is no model's.
std::optional<std::string> repositoryOf(std::string_view folderName);

/// Branch, tag, commit or "refs/pr/1": no part that leads out of a folder.
bool isRevision(std::string_view revision);
/// 40 lower-case hexadecimal digits.
bool isCommit(std::string_view text);
bool isHex(std::string_view text, std::size_t digits);

/// A name within one folder: no slash, no "..", nothing unprintable.
bool isPlainFileName(std::string_view name);

} // namespace mpo

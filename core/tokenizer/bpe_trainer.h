// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace mpo {

/// Trains byte-level BPE (GPT-2's pattern) on the texts and writes tokenizer.json and tokenizer_config.json into
/// `folder`: all 256 bytes, "<|endoftext|>" as EOS (id 0), "<|pad|>" (id 1). Deterministic; ties go to the smaller pair
/// of ids.
void trainByteLevelBpe(
    std::span<const std::string> texts, std::int64_t vocabularySize, const std::filesystem::path& folder);

} // namespace mpo

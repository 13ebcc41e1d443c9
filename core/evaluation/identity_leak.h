// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Names of sources as they could stand in a text: the last part of a path, with '-' and '_' also as spaces. Names
/// without a digit, '-' or '_' are left out: they are words.
std::vector<std::string> identityNames(const std::vector<std::string>& sources);

/// The first words of a response, in small letters, that may tell a judge whose it is: one of `names`, the name of a
/// known model or its maker ("ChatGPT", "Anthropic"), a sentence of the kind "as an AI language model", or a marker of
/// a chat template ("<|im_start|>", "[INST]"). Empty: none. Case and what stands around a word do not matter; what the
/// prompt says too tells nothing.
std::string identityLeak(std::string_view prompt, std::string_view response, const std::vector<std::string>& names);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace mpo {

/// The 256 characters that stand for bytes in byte-level vocabularies (GPT-2): printable Latin-1 stands for itself, the
/// rest is moved to U+0100 and up. As UTF-8 texts.
const std::array<std::string, 256>& byteAlphabet();

std::string toByteAlphabet(std::string_view bytes);
/// Empty where a character of `letters` stands for no byte.
std::optional<std::string> fromByteAlphabet(std::string_view letters);

} // namespace mpo

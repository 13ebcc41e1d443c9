// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace mpo::jinja {

// A template comes with a model from somewhere, so it may not use up the machine.
constexpr std::size_t kMaxTemplateBytes = std::size_t(1) << 20; // the longest in use has about 20 KiB
constexpr int kMaxSyntaxDepth = 150; ///< of expressions and statements inside each other
constexpr int kMaxCallDepth = 400; ///< of evaluations under way at once, through macros too
constexpr int kMaxValueDepth = 100; ///< of lists in lists; JSON from outside has at most 64
constexpr std::int64_t kMaxSteps = 1'000'000; ///< evaluated nodes and items
constexpr std::size_t kMaxCharacters = std::size_t(16) << 20; ///< of one string and of the output
constexpr std::size_t kMaxCharactersMade = std::size_t(64) << 20; ///< of all strings made on the way
constexpr std::int64_t kMaxItems = 100'000; ///< of a list; jinja2's sandbox caps range() at the same
constexpr std::size_t kMaxDictEntries = 2'000; ///< of a dict that the template makes: looked up one by one
constexpr std::int64_t kMaxWeight = 1'000'000; ///< values in a list with all that lies in it
constexpr double kMaxSearch = 1e9; ///< characters searched, times characters sought
constexpr std::int64_t kCharactersPerStep = 256; ///< what working through a string costs

} // namespace mpo::jinja

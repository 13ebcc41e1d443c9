// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Whether a record holds chosen and rejected as two texts, and nothing that says where their prompt ends.
bool holdsWholeTexts(const Json& record);

/// The pair in two texts whose prompt is a part of what both begin with. `promptLength`: how many bytes of their common
/// beginning are the prompt; npos: there is none, which is the problem `withoutPrompt`.
Parsed parseWholeTexts(
    const Json& record, std::size_t (*promptLength)(std::string_view common), const char* withoutPrompt);

} // namespace mpo

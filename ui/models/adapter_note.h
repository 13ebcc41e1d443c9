// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <filesystem>

namespace mpo {

/// "LoRA adapter of rank 8" for a folder that PEFT reads; empty for a whole model.
QString adapterNote(const std::filesystem::path& folder);

} // namespace mpo

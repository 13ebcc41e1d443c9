// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/error.h"

#include <filesystem>

namespace mpo {

/// Runs a step that does not know its file and puts the file in front of its sentence.
template<class Step>
auto inFile(const std::filesystem::path& file, Step step)
{
    try {
        return step();
    } catch (const Error& error) {
        fail("{}: {}", file.string(), error.what());
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runs/run_curves.h"

#include <filesystem>
#include <stop_token>

namespace mpo {

/// Whether TensorBoard would take the file for one of its own: "tfevents" stands in the name.
bool isEventFile(const std::filesystem::path& file);

/// The scalars of one run. `files`: event files of one folder, one after the other as TensorBoard reads them (by name).
/// Where the program began anew (SessionLog START), what had been logged from that step on is dropped, as TensorBoard
/// does. Settings are those that transformers' Trainer writes as text "args". A file that is damaged or cut off gives
/// what stands before the damage, and a note; throws Error with a sentence when no scalar could be read at all.
RunCurves readEventFiles(const std::vector<std::filesystem::path>& files, const std::stop_token& stop = {});

/// A new event file in `folder`, which is made. Values that are no numbers are written as they are: TensorBoard marks
/// them. Settings go into the text "args". Throws Error naming the file.
std::filesystem::path writeEventFile(const std::filesystem::path& folder, const RunCurves& run);

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/html_report.h"
#include "core/store/project.h"

namespace mpo {

/// One run for a report: how it went, settings with those that are not at their default marked, alarms, curves, and
/// samples of its first and last step.
ReportSection runSection(const Project& project, const RunRow& run);

} // namespace mpo

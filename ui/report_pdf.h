// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace mpo {

struct HtmlReport;

/// The page on sheets of A4, with its figures as pictures. On any thread. Throws Error naming the file.
void writeReportPdf(const HtmlReport& report, const std::filesystem::path& file);

} // namespace mpo

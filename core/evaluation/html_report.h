// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace mpo {

struct ReportParagraph
{
    std::string text; ///< plain; line breaks are kept
};

struct ReportTable
{
    std::vector<std::string> header;
    std::vector<std::vector<std::string>>
        rows; ///< short rows are filled up. Columns of numbers only stand to the right
    std::string caption;
};

/// For each column: whether its filled cells are all numbers, so that it stands to the right.
std::vector<bool> numberColumns(const ReportTable& table);

struct ReportFigure
{
    std::string svg; ///< of svg_chart.h: it goes into the page as it is, so never anything from a user
    std::string caption;
};

/// Lines to be copied as they are: commands.
struct ReportCode
{
    std::string text;
};

using ReportBlock = std::variant<ReportParagraph, ReportTable, ReportFigure, ReportCode>;

struct ReportSection
{
    std::string heading;
    std::vector<ReportBlock> blocks;
};

struct HtmlReport
{
    std::string title;
    std::vector<ReportBlock> introduction; ///< before the first heading
    std::vector<ReportSection> sections;
};

/// One page that needs nothing but itself: no script, font, image or style from outside; light and dark as the reader's
/// system is set; printable. Also well-formed XML.
std::string htmlReport(const HtmlReport& report);

} // namespace mpo

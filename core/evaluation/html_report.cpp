// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/html_report.h"

#include "core/evaluation/markup.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace mpo {

namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d1d1f; --faint: #5f6368; --line: #d5d8dc; }
@media (prefers-color-scheme: dark) { :root { --paper: #17181b; --ink: #e6e6e8; --faint: #a0a4ab; --line: #3a3d44; } }
body { font: 15px/1.55 system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
p { white-space: pre-line; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
caption, figcaption { color: var(--faint); font-size: .9rem; text-align: left; padding: .3rem 0; }
th, td { padding: .35rem .8rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; white-space: pre-line; }
th { border-bottom-width: 2px; } .number { text-align: right; }
pre { background: color-mix(in srgb, var(--line) 35%, transparent); border-radius: 6px; padding: .8rem 1rem;
  overflow-x: auto; font-size: .85rem; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
figure { display: inline-block; vertical-align: top; max-width: 100%; margin: .5rem .6rem .5rem 0; } figure svg { max-width: 100%; height: auto; border-radius: 6px; }
@media print { body { margin: 0; max-width: none; } figure, table { break-inside: avoid; } }
)";

/// Begins like a number: "0.61", "-3", "61 % (52 to 69)". Both minus signs are in use.
bool isNumber(std::string_view cell)
{
    for (const std::string_view sign : {"+", "-", "\u2212"})
        if (cell.substr(0, sign.size()) == sign) {
            cell.remove_prefix(sign.size());
            break;
        }
    return !cell.empty() && std::isdigit(static_cast<unsigned char>(cell[0]));
}

/// A column whose filled cells are all numbers; what says "none" (a dash or nothing) does not count.
bool isNumberColumn(const ReportTable& table, std::size_t column)
{
    bool any = false;
    for (const auto& row : table.rows) {
        if (column >= row.size() || row[column].empty() || row[column] == "-" || row[column] == "–")
            continue;
        if (!isNumber(row[column]))
            return false;
        any = true;
    }
    return any;
}

std::string htmlOf(const ReportParagraph& paragraph)
{
    return fmt::format("<p>{}</p>\n", escapeMarkup(paragraph.text));
}

std::string htmlOf(const ReportTable& table)
{
    const std::vector<bool> numbers = numberColumns(table);
    const std::size_t columns = numbers.size();
    const auto line = [&](const std::vector<std::string>& cells, std::string_view tag) {
        std::string html = "<tr>";
        for (std::size_t column = 0; column < columns; ++column)
            html += fmt::format("<{0}{1}>{2}</{0}>", tag, numbers[column] ? " class=\"number\"" : "",
                column < cells.size() ? escapeMarkup(cells[column]) : "");
        return html + "</tr>\n";
    };
    std::string html = "<div class=\"wide\"><table>\n";
    if (!table.caption.empty())
        html += fmt::format("<caption>{}</caption>\n", escapeMarkup(table.caption));
    if (!table.header.empty())
        html += "<thead>" + line(table.header, "th") + "</thead>\n";
    html += "<tbody>\n";
    for (const auto& row : table.rows)
        html += line(row, "td");
    return html + "</tbody></table></div>\n";
}

std::string htmlOf(const ReportFigure& figure)
{
    const std::string caption
        = figure.caption.empty() ? "" : fmt::format("<figcaption>{}</figcaption>\n", escapeMarkup(figure.caption));
    return "<figure>\n" + figure.svg + caption + "</figure>\n";
}

std::string htmlOf(const ReportCode& code) { return fmt::format("<pre>{}</pre>\n", escapeMarkup(code.text)); }

std::string htmlOf(const std::vector<ReportBlock>& blocks)
{
    std::string html;
    for (const ReportBlock& block : blocks)
        html += std::visit([](const auto& value) { return htmlOf(value); }, block);
    return html;
}

} // namespace

std::vector<bool> numberColumns(const ReportTable& table)
{
    std::size_t columns = table.header.size();
    for (const auto& row : table.rows)
        columns = std::max(columns, row.size());
    std::vector<bool> numbers;
    for (std::size_t column = 0; column < columns; ++column)
        numbers.push_back(isNumberColumn(table, column));
    return numbers;
}

std::string htmlReport(const HtmlReport& report)
{
    const std::string title = escapeMarkup(report.title);
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
                       "charset=\"utf-8\"/>\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>"
        + title + "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n"
        + htmlOf(report.introduction);
    for (const ReportSection& section : report.sections)
        page += "<section>\n<h2>" + escapeMarkup(section.heading) + "</h2>\n" + htmlOf(section.blocks) + "</section>\n";
    return page + "</body>\n</html>\n";
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/format_choice.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo {

namespace {

constexpr std::size_t kColumnBytes = 40;
constexpr std::size_t kColumnsShown = 400; ///< bytes of the list of columns in a message

std::string listed(const std::vector<std::string>& names, std::size_t longest)
{
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + toPrintable(shortened(name, longest));
    return shortened(text, kColumnsShown);
}

} // namespace

FormatChoice::FormatChoice(const ImportOptions& options)
    : m_options(options)
{
    if (options.format.empty())
        return;
    std::vector<std::string_view> names;
    for (const DatasetFormat& format : datasetFormats()) {
        names.push_back(format.name);
        if (format.name == options.format)
            m_format = &format;
    }
    if (!m_format)
        fail("There is no format \"{}\".{} There are {}", options.format, didYouMean(options.format, names),
            joined(names));
}

void FormatChoice::decide(std::span<const Json* const> records)
{
    const auto formats = datasetFormats();
    std::vector<std::size_t> votes(formats.size());
    for (const Json* record : records)
        for (std::size_t i = 0; i < formats.size(); ++i)
            if ((m_options.columns.empty() || formats[i].ownNames) && formats[i].matches(*record)) {
                ++votes[i];
                break;
            }
    const auto most = std::ranges::max_element(votes);
    if (*most > 0)
        m_format = &formats[std::size_t(most - votes.begin())];
}

std::vector<FieldSource> FormatChoice::mapping(bool margin, bool confidence) const
{
    std::vector<FieldSource> mapping = m_format ? m_format->mapping : std::vector<FieldSource>();
    for (const auto& [field, column] : m_options.columns) {
        // The completion of an SFT row is shown as the response.
        const std::string shown = field == "completion" || field == "text" ? "response" : field;
        const auto known = std::ranges::find(mapping, shown, &FieldSource::field);
        if (known != mapping.end())
            known->from = column;
        else
            mapping.push_back({field, column});
    }
    // Optional columns, which most formats read where they are there.
    const auto addMissing = [&](const char* field, const char* from) {
        if (std::ranges::find(mapping, field, &FieldSource::field) == mapping.end())
            mapping.push_back({field, from});
    };
    if (margin)
        addMissing("margin", "margin, or the difference of the scores");
    if (confidence)
        addMissing("confidence", "confidence");
    return mapping;
}

std::string FormatChoice::noFormat(const Json& record) const
{
    const std::vector<std::string> columns = columnsOf(record);
    if (columns.empty())
        return "the first record is empty";
    std::string text = fmt::format("no known format has the columns {}", listed(columns, kColumnBytes));
    if (const auto near = nearestFormats(datasetFormats(), record); !near.empty())
        text += fmt::format("; the nearest are {}", listed(near, kColumnsShown));
    if (m_options.inWindow)
        return text + "; choose the columns for the prompt, the chosen and the rejected response in the table";
    const ColumnMap guess = guessedColumns(columns);
    text += "; name the columns, for example";
    for (const char* field : {"prompt", "chosen", "rejected"})
        text += fmt::format(" --map {}={}", field, guess.contains(field) ? toPrintable(guess.at(field)) : "COLUMN");
    return text + "; `mpo data formats` lists the formats";
}

} // namespace mpo

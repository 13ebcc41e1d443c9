// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset_importer.h"
#include "core/data/formats/dataset_format.h"

namespace mpo {

/// Decides on the format of a file by its first records.
class FormatChoice
{
public:
    /// Throws Error for a format that is not known.
    explicit FormatChoice(const ImportOptions& options);

    const DatasetFormat* format() const { return m_format; } ///< null: not decided
    /// The format that fits most of the records, the more demanding one at a tie: one bad record at the start of a file
    /// must not decide how all others are read. With a map of columns only formats with our own names count.
    void decide(std::span<const Json* const> records);
    /// Our fields and what they are read from, with the map of columns; margin and confidence where pairs had them.
    std::vector<FieldSource> mapping(bool margin, bool confidence) const;
    /// Why no format fits, and what to do.
    std::string noFormat(const Json& record) const;

private:
    const ImportOptions& m_options;
    const DatasetFormat* m_format = nullptr;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mpo {

/// Where one of our fields comes from: "prompt" from "instruction + input".
struct FieldSource
{
    std::string field, from;
    bool operator==(const FieldSource&) const = default;
};

/// One record that was left out, or kept with a remark.
struct ImportIssue
{
    /// The values reach the disk: do not change them.
    enum class Kind { Malformed = 0, EmptyAnswer = 1, IdenticalResponses = 2, Duplicate = 3, Tie = 4, Unpaired = 5 };
    Kind kind = Kind::Malformed;
    std::int64_t line = 0; ///< from 1; in a JSON array or a table the number of the record
    std::string reason; ///< a sentence: "field \"rejected\" is missing"
};

/// What came in and what did not, with reasons: shown on the Data page and by `mpo data import`.
struct ImportReport
{
    std::string file, format; ///< name of the format that was used
    DatasetKind kind = DatasetKind::Pairs;
    std::vector<FieldSource> mapping; ///< our fields and what they were read from
    std::int64_t records = 0; ///< read
    std::int64_t imported = 0; ///< pairs; a record may hold several, and two records of KTO make one
    std::int64_t malformed = 0, emptyAnswers = 0, identicalResponses = 0, duplicates = 0; ///< left out, by reason
    std::int64_t ties = 0; ///< neither response is better
    std::int64_t unpaired = 0; ///< a response with a label for whose prompt there is none of the other label
    std::vector<ImportIssue> issues; ///< in order of lines; at most 1,000 of each kind, the counts are complete

    std::int64_t leftOut() const
    {
        return malformed + emptyAnswers + identicalResponses + duplicates + ties + unpaired;
    }
};

} // namespace mpo

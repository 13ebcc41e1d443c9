// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mpo {

/// One record that was left out, or kept with a remark.
struct ImportIssue
{
    enum class Kind { Malformed, EmptyAnswer, IdenticalResponses, Duplicate };
    Kind kind = Kind::Malformed;
    std::int64_t line = 0; ///< from 1; in a JSON array the number of the record
    std::string reason; ///< a sentence: "field \"rejected\" is missing"
};

/// What came in and what did not, with reasons: shown on the Data page and by `mpo data import`.
struct ImportReport
{
    std::string file, format; ///< name of the format that was used
    std::int64_t records = 0; ///< read
    std::int64_t imported = 0;
    std::int64_t malformed = 0, emptyAnswers = 0, identicalResponses = 0, duplicates = 0; ///< skipped, by reason
    std::vector<ImportIssue> issues; ///< in order of lines; at most 1,000 of each kind, the counts are complete
};

} // namespace mpo

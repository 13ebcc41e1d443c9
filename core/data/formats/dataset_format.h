// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/import_report.h"
#include "core/data/preference_pair.h"
#include "core/support/json.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpo {

/// What one record gave.
struct Parsed
{
    Parsed() = default;
    Parsed(PreferencePair pair) { pairs.push_back(std::move(pair)); }
    Parsed(std::string why)
        : problem(std::move(why))
    {
    }

    std::vector<PreferencePair> pairs;
    std::string problem; ///< why the record cannot be used, as a sentence
    bool tie = false; ///< the record says that neither response is better
    /// For responses that are labelled one by one (KTO): the response, in `chosen`, is good or bad.
    std::optional<bool> label;
};

/// One layout of records. To add one: a file in this folder, a line in the table in format_table.cpp, a test.
struct DatasetFormat
{
    std::string name; ///< "hh-dialogue"; given with --format
    std::string description; ///< one line with the keys, shown in menus
    DatasetKind kind;
    std::vector<std::string> keys; ///< what a record must have
    std::vector<FieldSource> mapping; ///< what our fields are read from
    bool (*fits)(const Json& record); ///< of a record with these keys: looks at types only; null: all fit
    std::function<Parsed(const Json& record)> parse;
    bool ownNames = false; ///< its keys are our own names for fields, so that a mapping of columns can fill them

    bool matches(const Json& record) const;
};

} // namespace mpo

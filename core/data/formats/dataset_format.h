// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"
#include "core/support/json.h"

#include <string>
#include <string_view>
#include <variant>

namespace mpo {

/// One layout of records. To add one: a file in this folder, a line in the table in dataset_importer.cpp, a test.
struct DatasetFormat
{
    std::string_view name; ///< "hh-dialogue"; given with --format
    std::string_view description; ///< one line with the keys, shown in menus
    DatasetKind kind;
    bool (*matches)(const Json& record); ///< cheap: looks at keys and types only
    std::variant<PreferencePair, std::string> (*parse)(const Json& record); ///< the pair, or why not, as a sentence
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <string>
#include <vector>

namespace mpo {

struct Dataset
{
    std::string name;
    DatasetKind kind = DatasetKind::Pairs;
    std::vector<PreferencePair> pairs;

    /// SHA-256 over all texts and ids, in order: two data sets with the same digest train the same model.
    std::string digest() const;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset.h"

#include <functional>

namespace mpo {

/// The rows of a data set in order, which need not be in memory together.
struct RowSource
{
    /// Gets the number of a row, from 0, and the row; false: no more are wanted.
    using Visit = std::function<bool(std::int64_t number, const PreferencePair& pair)>;

    std::string name;
    DatasetKind kind = DatasetKind::Pairs;
    std::int64_t count = 0;
    std::function<void(const Visit&)> each;

    /// Of rows in memory, which must outlive this.
    static RowSource of(const Dataset& dataset);
};

} // namespace mpo

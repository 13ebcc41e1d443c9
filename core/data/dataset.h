// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"
#include "core/support/file.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// SHA-256 over all texts and ids of pairs, in order.
class DatasetDigest
{
public:
    void add(const PreferencePair& pair);
    std::string hex() { return m_hash.hex(); } ///< once, after the last add

private:
    void add(std::string_view bytes);

    Sha256 m_hash;
};

struct Dataset
{
    std::string name;
    DatasetKind kind = DatasetKind::Pairs;
    std::vector<PreferencePair> pairs;

    /// SHA-256 over all texts and ids, in order: two data sets with the same digest train the same model.
    std::string digest() const;
};

} // namespace mpo

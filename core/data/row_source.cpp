// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/row_source.h"

namespace mpo {

RowSource RowSource::of(const Dataset& dataset)
{
    return {dataset.name, dataset.kind, std::int64_t(dataset.pairs.size()), [&dataset](const Visit& visit) {
                for (std::size_t i = 0; i < dataset.pairs.size(); ++i)
                    if (!visit(std::int64_t(i), dataset.pairs[i]))
                        return;
            }};
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/parallel/communicator.h"

#include <ATen/ATen.h>

namespace mpo {

void Communicator::sum(std::vector<double>& values)
{
    if (!alone() && !values.empty())
        sum(at::from_blob(values.data(), {std::int64_t(values.size())}, at::kDouble));
}

void Communicator::sum(std::vector<std::int64_t>& values)
{
    if (!alone() && !values.empty())
        sum(at::from_blob(values.data(), {std::int64_t(values.size())}, at::kLong));
}

void Communicator::requireSame(std::int64_t number, std::string_view what)
{
    std::vector<std::int64_t> total {number};
    sum(total);
    if (total.front() != number * size())
        fail(
            "The processes of this run do not see the same {}; project, models and data must be the same files for all "
            "of them",
            what);
}

const std::shared_ptr<Communicator>& aloneCommunicator()
{
    static const auto alone = std::make_shared<Communicator>();
    return alone;
}

Block blockOf(std::int64_t count, int rank, int size) { return {count * rank / size, count * (rank + 1) / size}; }

} // namespace mpo

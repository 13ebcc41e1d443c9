// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/batch_room.h"

#include "core/support/out_of_memory.h"

#include <fmt/core.h>

#include <algorithm>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace mpo {

BatchRoom::BatchRoom(std::int64_t wanted, bool mayDivide, std::function<void(const std::string&)> warning)
    : m_largest(wanted)
    , m_mayDivide(mayDivide)
    , m_warning(std::move(warning))
{
}

std::vector<StepPart> BatchRoom::fit(const std::vector<StepPart>& parts) const
{
    std::vector<StepPart> smaller;
    for (const StepPart& part : parts) {
        if (part.count <= m_largest) {
            smaller.push_back(part);
            continue;
        }
        for (std::int64_t from = 0; from < part.count; from += m_largest) {
            const std::int64_t count = std::min(m_largest, part.count - from);
            smaller.push_back({part.first + from, count, part.weight * double(count) / double(part.count),
                fmt::format("{} from {}", part.name, from)});
        }
    }
    return smaller;
}

bool BatchRoom::shrink(const std::exception& error)
{
    if (!isOutOfMemory(error))
        return false;
#ifdef __GLIBC__
    malloc_trim(0); // freed blocks between others: a larger one may fit once they are given back
#endif
    if (!m_mayDivide || m_largest <= 1)
        return false;
    const std::int64_t before = m_largest;
    m_largest = (m_largest + 1) / 2;
    if (m_warning)
        m_warning(fmt::format("Memory does not suffice for {} examples at a time: from here on {} go through the model "
                              "at a time, with the same examples to an optimiser step and the same results within "
                              "rounding",
            before, m_largest));
    return true;
}

std::string BatchRoom::reason() const
{
    return fmt::format("There is not enough memory, even with {} at a time; a lower max_length or lora_rank = 16 needs "
                       "less. The last checkpoint is kept",
        m_largest == 1 ? "one example" : fmt::format("{} examples, which this training cannot divide", m_largest));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/stage/step_parts.h"

#include <functional>
#include <string>
#include <vector>

namespace mpo {

/// How many examples go through the model at a time: as many as are wanted, until memory runs out; then half as many.
/// Every example keeps its weight in the step, so the gradients stay the same within rounding.
class BatchRoom
{
public:
    /// `mayDivide`: the loss is a sum over examples, and no other process counts on the parts staying as they are.
    BatchRoom(std::int64_t wanted, bool mayDivide, std::function<void(const std::string&)> warning);

    std::int64_t largest() const { return m_largest; }
    /// The same examples in parts that are no larger than that.
    std::vector<StepPart> fit(const std::vector<StepPart>& parts) const;

    /// After an exception out of a part: true when memory had run out and smaller parts are to be tried. The gradients
    /// of the step must be cleared then: those of the failed part may be half there.
    bool shrink(const std::exception& error);
    std::string reason() const; ///< why there is no smaller part to try, and what to do

private:
    std::int64_t m_largest;
    bool m_mayDivide;
    std::function<void(const std::string&)> m_warning;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/blind_session.h"
#include "core/store/project.h"

#include <optional>
#include <vector>

namespace mpo {

/// A closed session of the store as core/evaluation counts it: sessionResult(key, verdicts). Source A is the first.
struct JudgedSession
{
    std::vector<EvaluationKey> key; ///< prompt: number of the pair in its data set
    std::vector<std::optional<Verdict>> verdicts;
};

/// REQUIRES: items and key are of the same session, in order.
JudgedSession judgedSession(const std::vector<EvaluationItemRow>& items, const std::vector<EvaluationItemInput>& key);

} // namespace mpo

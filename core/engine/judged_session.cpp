// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/judged_session.h"

namespace mpo {

JudgedSession judgedSession(const std::vector<EvaluationItemRow>& items, const std::vector<EvaluationItemInput>& key)
{
    JudgedSession session;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const EvaluationItemRow& item = items[i];
        // An identical item that nobody has come to yet stays unjudged.
        const bool identical = item.left == item.right && item.verdict == Verdict::Tie;
        session.key.push_back(
            {key.at(i).pair, key.at(i).aIsLeft, identical, key.at(i).kind, key.at(i).repeatOf.value_or(-1)});
        session.verdicts.push_back(item.verdict);
    }
    return session;
}

} // namespace mpo

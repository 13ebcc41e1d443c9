// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/pair_export.h"
#include "core/engine/judge_calls.h"
#include "core/engine/model_verdicts.h"
#include "core/engine/response_scores.h"
#include "core/support/error.h"

#include <cmath>

namespace mpo {

namespace {

/// Whether the prompts of the session are dialogues in its data set, so that a reward model with a chat template reads
/// them as that; as far as the data set is still there.
bool isOfDialogues(const Project& project, const EvaluationRow& row, const std::vector<EvaluationItemInput>& items)
{
    const std::string data = row.config.is_object() ? row.config.value("data", "") : "";
    if (!project.dataset(data))
        return false;
    for (const EvaluationItemInput& item : items)
        if (item.pair >= 0) {
            const auto found = project.pairs(data, item.pair, 1);
            return !found.empty() && found.front().prompt == item.prompt && !found.front().turns.empty();
        }
    return false;
}

/// Begins, or goes on with, the judge of that name. Throws Error where it has judged otherwise before.
void requireSameJudge(Project& project, const EvaluationRow& row, const ModelVerdicts& verdicts, const Json& settings)
{
    const std::string key = rewardJudgeKey(row.id, verdicts.annotator());
    const auto stored = project.value(key);
    if (!verdicts.empty() && !stored)
        fail("{} has judged {} already, and not by the scores of a reward model; give this judge another name (--name)",
            verdicts.annotator(), row.name);
    if (stored && !verdicts.empty()) {
        const Json before = parseJson(*stored, key);
        for (const auto& [name, value] : settings.items())
            if (before.value(name, Json()) != value)
                fail("The judge has begun with another {}: {} instead of {}; let it judge the same way, or give this "
                     "one another name (--name)",
                    name, toLine(before.value(name, Json())), toLine(value));
    }
    project.setValue(key, toLine(settings));
}

} // namespace

void judgeByRewardModel(const Workspace& workspace, const JudgeEvaluation& command)
{
    Project& project = workspace.project();
    const EvaluationRow row = project.evaluation(command.evaluation);
    if (!std::isfinite(command.margin) || command.margin < 0.0)
        fail("The margin of a tie must be a number of at least 0, not {}", command.margin);
    ModelVerdicts verdicts(project, row, command.name.empty() ? command.model : command.name);
    const Model reward = workspace.rewardModel(command.model);
    requireSameJudge(project, row, verdicts,
        {{"reward_model", command.model}, {"version", workspace.modelVersion(command.model)},
            {"margin", command.margin}});

    EvaluationJudged event;
    event.evaluation = row.name;
    event.annotator = verdicts.annotator();
    const std::vector<EvaluationItemInput> all = project.blindItems(row.id);
    const bool dialogues = isOfDialogues(project, row, all);
    Dataset open {row.name, DatasetKind::Pairs, {}};
    std::vector<std::int64_t> numbers; // of the items
    for (std::size_t i = 0; i < all.size(); ++i) {
        const EvaluationItemInput& item = all[i];
        const auto number = std::int64_t(i);
        if (item.kind == ItemKind::Repeat) // a score does not depend on the side
            continue;
        if (item.responseA == item.responseB) {
            verdicts.tieByRule(number);
            continue;
        }
        ++event.items;
        if (const auto before = verdicts.on(number)) {
            ++(before == Verdict::Skip ? event.unclear : event.judged);
            continue;
        }
        PreferencePair pair;
        pair.prompt = item.prompt;
        pair.chosen = item.responseA;
        pair.rejected = item.responseB;
        open.pairs.push_back(dialogues ? dialogueOf(std::move(pair)) : std::move(pair));
        numbers.push_back(number);
    }
    if (!numbers.empty()) {
        scoresOfTexts(workspace, reward, open, [&](std::size_t at, const PairScore& score) {
            const std::int64_t number = numbers[at];
            const bool aIsLeft = all[std::size_t(number)].aIsLeft;
            const double difference = score.gap();
            const int outcome = std::abs(difference) <= command.margin ? 0 : difference > 0.0 ? 1 : -1;
            verdicts.write(number, aIsLeft, outcome,
                fmt::format("score {:.6g} left, {:.6g} right", aIsLeft ? score.chosen : score.rejected,
                    aIsLeft ? score.rejected : score.chosen),
                std::abs(difference));
            ++event.judged;
            ++event.calls;
        });
        for (const std::int64_t number : numbers)
            if (!verdicts.on(number)) {
                verdicts.skip(number, "A response without a token cannot be scored");
                ++event.unclear;
            }
    }
    if (event.calls > 0)
        project.logEvaluation(row.id, fmt::format("{} scored {} items", event.annotator, event.calls));
    workspace.send(event);
}

} // namespace mpo

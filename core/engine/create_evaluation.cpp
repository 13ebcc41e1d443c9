// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/newest_scores.h"
#include "core/engine/response_scores.h"
#include "core/evaluation/blind_session.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mpo {

namespace {

/// What is judged: for each drawn prompt a response of either source, as text.
struct Responses
{
    std::vector<std::string> prompts, a, b;
};

Dataset drawRows(
    const Dataset& data, std::int64_t count, std::uint64_t seed, const char* purpose, std::vector<std::int64_t>& order)
{
    order.resize(data.pairs.size());
    std::iota(order.begin(), order.end(), 0);
    RandomStream(seed, purpose).shuffle(order);
    order.resize(std::size_t(std::min<std::int64_t>(count, std::int64_t(order.size()))));
    Dataset drawn {data.name, data.kind, {}};
    for (const std::int64_t number : order)
        drawn.pairs.push_back(data.pairs[std::size_t(number)]);
    return drawn;
}

/// As drawRows(), but equally many (one more or less) of each of `strata` groups of about equally many pairs by rising
/// reward gap. Pairs without a score are in none.
Dataset drawByGap(
    const Workspace& workspace, const Dataset& data, const CreateEvaluation& command, std::vector<std::int64_t>& order)
{
    const std::string newest = newestScores(workspace.project(), command.data);
    if (newest.empty())
        fail("{}: has no reward gaps in this project to draw by; score it first (`mpo score`), or draw without strata",
            command.data);
    std::vector<std::pair<double, std::int64_t>> byGap;
    const std::vector<PairScore> scores = workspace.project().loadScores(newest);
    for (std::size_t i = 0; i < std::min(scores.size(), data.pairs.size()); ++i)
        if (std::isfinite(scores[i].gap()))
            byGap.emplace_back(scores[i].gap(), std::int64_t(i));
    std::sort(byGap.begin(), byGap.end());
    const auto strata = std::size_t(command.gapStrata);
    if (byGap.size() < strata)
        fail("{}: only {} of its pairs have a score, too few for {} strata", command.data, byGap.size(), strata);
    const std::size_t wanted = std::min(std::size_t(command.prompts), byGap.size());
    RandomStream random(command.seed, "evaluation strata");
    order.clear();
    for (std::size_t stratum = 0; stratum < strata; ++stratum) {
        std::vector<std::int64_t> members;
        for (std::size_t i = byGap.size() * stratum / strata; i < byGap.size() * (stratum + 1) / strata; ++i)
            members.push_back(byGap[i].second);
        random.shuffle(members);
        members.resize(std::min(members.size(), wanted * (stratum + 1) / strata - wanted * stratum / strata));
        order.insert(order.end(), members.begin(), members.end());
    }
    Dataset drawn {data.name, data.kind, {}};
    for (const std::int64_t number : order)
        drawn.pairs.push_back(data.pairs[std::size_t(number)]);
    return drawn;
}

void requirePairsOfText(const Dataset& data, const std::string& name)
{
    if (data.kind != DatasetKind::Pairs)
        fail("{}: holds no pairs, so there are no two responses to compare", name);
    for (const PreferencePair& pair : data.pairs)
        if (pair.hasIds())
            fail("{}: the row of line {} is token ids; people can judge texts only", name, pair.line);
}

Responses responsesOfPairs(const Dataset& drawn)
{
    Responses responses;
    for (const PreferencePair& pair : drawn.pairs) {
        responses.prompts.push_back(pair.prompt);
        responses.a.push_back(pair.chosen);
        responses.b.push_back(pair.rejected);
    }
    return responses;
}

Responses responsesOfModels(const Workspace& workspace, const CreateEvaluation& command, const Dataset& drawn)
{
    Responses responses;
    for (const std::string& name : {command.modelA, command.modelB}) {
        const Model model = workspace.model(name);
        if (!model.tokenizer)
            fail("{}: the model has no tokenizer.json, so its responses cannot be read", name);
        GenerationOptions options;
        options.maxNewTokens = command.maxNewTokens;
        options.temperature = command.temperature;
        options.stopIds = stopIds(model);
        Sampled sampled = sampleFrom(workspace, model, drawn, options, command.seed);
        if (responses.prompts.empty()) {
            responses.prompts = std::move(sampled.promptTexts);
            responses.a = std::move(sampled.texts);
        } else {
            responses.b = std::move(sampled.texts);
        }
    }
    return responses;
}

/// Scores of both responses to each prompt.
std::vector<PairScore> scoresOf(
    const Workspace& workspace, const std::string& rewardModel, const Dataset& drawn, const Responses& responses)
{
    Dataset judged {drawn.name, DatasetKind::Pairs, {}};
    for (std::size_t i = 0; i < drawn.pairs.size(); ++i) {
        PreferencePair pair;
        pair.prompt = responses.prompts[i];
        pair.turns = drawn.pairs[i].turns;
        pair.chosen = responses.a[i];
        pair.rejected = responses.b[i];
        judged.pairs.push_back(std::move(pair));
    }
    return scoresOfTexts(workspace, workspace.rewardModel(rewardModel), judged);
}

SessionChecks checksOf(const Workspace& workspace, const CreateEvaluation& command)
{
    SessionChecks checks;
    checks.repeats = command.repeats;
    if (command.gold.empty())
        return checks;
    const Dataset gold = workspace.data(command.gold);
    requirePairsOfText(gold, command.gold);
    std::vector<std::int64_t> order;
    for (const PreferencePair& pair :
        drawRows(gold, command.goldItems, command.seed, "evaluation gold items", order).pairs)
        checks.gold.push_back({pair.prompt, pair.chosen, pair.rejected});
    return checks;
}

} // namespace

void createEvaluationCommand(const Workspace& workspace, const CreateEvaluation& command)
{
    const bool ofPairs = command.modelA.empty() && command.modelB.empty();
    if (!ofPairs && (command.modelA.empty() || command.modelB.empty()))
        fail("A session compares two models; only one is named");
    if (command.annotators < 1 || command.annotators > kMostAnnotators)
        fail("A session can be made for 1 to {} annotators, not {}", kMostAnnotators, command.annotators);
    if (command.overlap < 0 || command.overlap > command.annotators)
        fail("{} annotators cannot judge an item that {} are to judge; the overlap is at most their number",
            command.annotators, command.overlap);
    requireCriteria(command.criteria);
    const Dataset data = workspace.data(command.data);
    if (ofPairs)
        requirePairsOfText(data, command.data);
    std::vector<std::int64_t> order; // row of the data set for each prompt
    const Dataset drawn = command.gapStrata >= 2
        ? drawByGap(workspace, data, command, order)
        : drawRows(data, command.prompts, command.seed, "evaluation prompts", order);
    const SessionChecks checks = checksOf(workspace, command);
    const Responses responses = ofPairs ? responsesOfPairs(drawn) : responsesOfModels(workspace, command, drawn);
    std::vector<PairScore> scores;
    if (!command.rewardModel.empty())
        scores = scoresOf(workspace, command.rewardModel, drawn, responses);

    const BlindSession session = makeBlindSession(responses.prompts, responses.a, responses.b, command.seed, checks);
    std::vector<EvaluationItemInput> items;
    for (const EvaluationKey& key : session.key) {
        const auto at = std::size_t(key.prompt);
        EvaluationItemInput item;
        item.aIsLeft = key.leftIsFirst;
        item.kind = key.kind;
        if (key.kind == ItemKind::Gold) {
            item.prompt = checks.gold[at].prompt;
            item.responseA = checks.gold[at].better;
            item.responseB = checks.gold[at].worse;
        } else {
            item.prompt = responses.prompts[at];
            item.responseA = responses.a[at];
            item.responseB = responses.b[at];
            item.pair = order[at];
            if (key.kind == ItemKind::Repeat)
                item.repeatOf = key.repeatOf;
            if (!scores.empty()) {
                item.scoreA = scores[at].chosen;
                item.scoreB = scores[at].rejected;
            }
        }
        items.push_back(std::move(item));
    }

    EvaluationRow row;
    row.name = workspace.project().freeName(command.name.empty() ? "evaluation" : command.name);
    row.sourceA = ofPairs ? "chosen" : command.modelA;
    row.sourceB = ofPairs ? "rejected" : command.modelB;
    row.config = Json {{"data", command.data}, {"prompts", command.prompts}, {"seed", command.seed}};
    if (!ofPairs)
        row.config.update({{"max_new_tokens", command.maxNewTokens}, {"temperature", command.temperature}});
    if (!command.rewardModel.empty())
        row.config["reward_model"] = command.rewardModel;
    if (command.repeats > 0)
        row.config["repeats"] = command.repeats;
    if (!command.gold.empty())
        row.config.update({{"gold", command.gold}, {"gold_items", std::int64_t(checks.gold.size())}});
    if (command.annotators > 1)
        row.config.update({{"annotators", command.annotators},
            {"overlap", command.overlap > 0 ? command.overlap : command.annotators}});
    if (command.gapStrata >= 2)
        row.config["gap_strata"] = command.gapStrata;
    if (!command.criteria.empty())
        row.config["criteria"] = command.criteria;
    if (command.strength)
        row.config["strength"] = true;
    row.items = std::int64_t(items.size());
    row.created = nowUtc();
    const std::int64_t id = workspace.project().addEvaluation(row, items);
    workspace.send(EvaluationCreated {id, row.name});
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/response_file.h"
#include "core/engine/response_scores.h"
#include "core/engine/session_prompts.h"
#include "core/engine/session_sources.h"
#include "core/engine/workspace.h"
#include "core/evaluation/blind_session.h"
#include "core/evaluation/identity_leak.h"
#include "core/model/frozen_weights.h"
#include "core/support/error.h"
#include "core/support/random.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

namespace mpo {

namespace {

/// What is judged: for each drawn prompt a response of either source, as text.
struct Responses
{
    std::vector<std::string> prompts, a, b;
};

Dataset rowsOf(const Dataset& data, std::span<const std::int64_t> rows)
{
    Dataset drawn {data.name, data.kind, {}};
    for (const std::int64_t row : rows)
        drawn.pairs.push_back(data.pairs[std::size_t(row)]);
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

/// What a source says to prompts, by their row; prompts as they are shown.
struct Said
{
    std::map<std::int64_t, std::string> prompts, responses;
};

Said saidByModel(const Workspace& workspace, const CreateEvaluation& command, const std::string& name,
    const Dataset& data, std::span<const std::int64_t> rows)
{
    const Model model = workspace.model(name);
    if (!model.tokenizer)
        fail("{}: the model has no tokenizer.json, so its responses cannot be read", name);
    prepareForInference(model, "auto");
    GenerationOptions options;
    options.maxNewTokens = command.maxNewTokens;
    options.temperature = command.temperature;
    options.stopIds = stopIds(model);
    Sampled sampled = sampleFrom(workspace, model, rowsOf(data, rows), options, command.seed);
    Said said;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        said.prompts[rows[i]] = std::move(sampled.promptTexts[i]);
        said.responses[rows[i]] = std::move(sampled.texts[i]);
    }
    return said;
}

Said saidInFile(const SessionSource& source, const Dataset& data, std::span<const std::int64_t> rows)
{
    Said said;
    for (const std::int64_t row : rows) {
        const PreferencePair& pair = data.pairs[std::size_t(row)];
        said.prompts[row] = pair.prompt;
        said.responses[row] = source.responses->at(promptKey(pair));
    }
    return said;
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
    for (const std::int64_t row : drawRows(gold, command.goldItems, command.seed, "evaluation gold items")) {
        const PreferencePair& pair = gold.pairs[std::size_t(row)];
        checks.gold.push_back({pair.prompt, pair.chosen, pair.rejected});
    }
    return checks;
}

/// One session as it goes into the store.
struct Compared
{
    std::string nameA, nameB;
    std::string fileA, fileB; ///< "FILE#NAME"; empty: not of a file
    bool sampled = false; ///< by a model, for this session
    std::vector<std::int64_t> rows; ///< of the data set, for each prompt
    Responses responses;
};

/// Takes out prompts with a response that may tell whose it is, where that is wanted, and says how many there are.
void lookForLeaks(const CreateEvaluation& command, Compared& compared, EvaluationCreated& event)
{
    constexpr std::size_t kFewWords = 5;
    const auto names = identityNames({compared.nameA, compared.nameB});
    std::set<std::string> words;
    Responses kept;
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < compared.rows.size(); ++i) {
        Responses& all = compared.responses;
        bool leaks = false;
        for (const std::string& response : {all.a[i], all.b[i]})
            if (const std::string word = identityLeak(all.prompts[i], response, names); !word.empty()) {
                leaks = true;
                if (words.size() < kFewWords)
                    words.insert(word);
            }
        if (leaks && command.withoutLeaks) {
            ++event.leftOut;
            continue;
        }
        event.leaks += leaks ? 1 : 0;
        rows.push_back(compared.rows[i]);
        kept.prompts.push_back(std::move(all.prompts[i]));
        kept.a.push_back(std::move(all.a[i]));
        kept.b.push_back(std::move(all.b[i]));
    }
    event.leakWords = fmt::format("{}", fmt::join(words, ", "));
    if (rows.empty())
        fail(
            "Every prompt has a response that may tell whose it is ({}), so nothing is left to judge", event.leakWords);
    compared.rows = std::move(rows);
    compared.responses = std::move(kept);
}

Json configOf(const CreateEvaluation& command, const Compared& compared, const SessionChecks& checks,
    const EvaluationCreated& event)
{
    Json config {{"data", command.data}, {"prompts", command.prompts}, {"seed", command.seed}};
    if (compared.sampled)
        config.update({{"max_new_tokens", command.maxNewTokens}, {"temperature", command.temperature}});
    if (!compared.fileA.empty())
        config["from_a"] = compared.fileA;
    if (!compared.fileB.empty())
        config["from_b"] = compared.fileB;
    if (!command.rewardModel.empty())
        config["reward_model"] = command.rewardModel;
    if (command.repeats > 0)
        config["repeats"] = command.repeats;
    if (!command.gold.empty())
        config.update({{"gold", command.gold}, {"gold_items", std::int64_t(checks.gold.size())}});
    if (command.annotators > 1)
        config.update({{"annotators", command.annotators},
            {"overlap", command.overlap > 0 ? command.overlap : command.annotators}});
    if (command.gapStrata >= 2)
        config["gap_strata"] = command.gapStrata;
    if (!command.criteria.empty())
        config["criteria"] = command.criteria;
    if (command.strength)
        config["strength"] = true;
    if (command.withoutLeaks)
        config.update({{"without_leaks", true}, {"left_out", event.leftOut}});
    return config;
}

void addSession(const Workspace& workspace, const CreateEvaluation& command, const Dataset& data,
    const SessionChecks& checks, Compared compared)
{
    EvaluationCreated event;
    lookForLeaks(command, compared, event);
    const Responses& responses = compared.responses;
    std::vector<PairScore> scores;
    if (!command.rewardModel.empty())
        scores = scoresOf(workspace, command.rewardModel, rowsOf(data, compared.rows), responses);
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
            if (!command.data.empty())
                item.pair = compared.rows[at];
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
    row.sourceA = compared.nameA;
    row.sourceB = compared.nameB;
    row.config = configOf(command, compared, checks, event);
    row.items = std::int64_t(items.size());
    row.created = nowUtc();
    event.evaluation = workspace.project().addEvaluation(row, items);
    event.name = row.name;
    workspace.send(event);
}

} // namespace

void createEvaluationCommand(const Workspace& workspace, const CreateEvaluation& command)
{
    if (command.annotators < 1 || command.annotators > kMostAnnotators)
        fail("A session can be made for 1 to {} annotators, not {}", kMostAnnotators, command.annotators);
    if (command.overlap < 0 || command.overlap > command.annotators)
        fail("{} annotators cannot judge an item that {} are to judge; the overlap is at most their number",
            command.annotators, command.overlap);
    requireCriteria(command.criteria);
    const SessionChecks checks = checksOf(workspace, command);
    if (command.sources.empty()) {
        const Dataset data = workspace.data(command.data);
        requirePairsOfText(data, command.data);
        Compared compared {"chosen", "rejected", {}, {}, false, drawPrompts(workspace, data, command), {}};
        compared.responses = responsesOfPairs(rowsOf(data, compared.rows));
        return addSession(workspace, command, data, checks, std::move(compared));
    }

    // Which prompts each two sources are compared on.
    const std::vector<SessionSource> sources = sessionSources(workspace, command.sources);
    const Dataset data = promptsFor(workspace, command, sources);
    std::vector<std::set<std::int64_t>> answered(sources.size());
    std::vector<std::string> keys;
    for (const PreferencePair& pair : data.pairs)
        keys.push_back(pair.hasIds() ? std::string() : promptKey(pair));
    const auto answers = [&](const SessionSource& source, std::int64_t row) {
        return !source.responses || source.responses->contains(keys[std::size_t(row)]);
    };
    std::vector<Compared> sessions;
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t a = 0; a < sources.size(); ++a)
        for (std::size_t b = a + 1; b < sources.size(); ++b) {
            Compared compared {sources[a].name, sources[b].name, sources[a].file, sources[b].file,
                !sources[a].responses || !sources[b].responses,
                drawPrompts(workspace, data, command,
                    [&](std::int64_t row) { return answers(sources[a], row) && answers(sources[b], row); }),
                {}};
            if (compared.rows.empty())
                fail("{} and {} have answered no prompt in common{}", sources[a].name, sources[b].name,
                    command.data.empty() ? "" : " of those in " + command.data);
            answered[a].insert(compared.rows.begin(), compared.rows.end());
            answered[b].insert(compared.rows.begin(), compared.rows.end());
            sessions.push_back(std::move(compared));
            pairs.emplace_back(a, b);
        }

    // Each source answers once, in the order of the draw.
    std::vector<Said> said;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        std::vector<std::int64_t> rows;
        for (const Compared& session : sessions)
            for (const std::int64_t row : session.rows)
                if (answered[i].erase(row) > 0)
                    rows.push_back(row);
        said.push_back(sources[i].responses ? saidInFile(sources[i], data, rows)
                                            : saidByModel(workspace, command, sources[i].name, data, rows));
    }
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        const auto [a, b] = pairs[i];
        for (const std::int64_t row : sessions[i].rows) {
            sessions[i].responses.prompts.push_back(said[a].prompts.at(row));
            sessions[i].responses.a.push_back(said[a].responses.at(row));
            sessions[i].responses.b.push_back(said[b].responses.at(row));
        }
        addSession(workspace, command, data, checks, std::move(sessions[i]));
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"
#include "core/model/frozen_weights.h"
#include "core/model/gemm_peak.h"
#include "core/stage/pair_batch.h"
#include "core/stage/training_loop.h"
#include "core/stage/training_model.h"
#include "core/support/error.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include <unistd.h>

namespace mpo {

namespace {

/// Seconds since this process began; the kernel counts in ticks since the machine did. (Linux)
double secondsSinceStart()
{
    std::string stat;
    std::getline(std::ifstream("/proc/self/stat"), stat);
    double uptime = 0.0;
    std::ifstream("/proc/uptime") >> uptime;
    std::istringstream fields(stat.substr(stat.rfind(')') + 1)); // the name before it may hold blanks
    std::string field;
    constexpr int kStartTime = 20; // field 22 of proc(5), the 20th after the name
    for (int i = 0; i < kStartTime; ++i)
        fields >> field;
    return uptime - std::stod(field) / double(sysconf(_SC_CLK_TCK));
}

class Stopwatch
{
public:
    void endStep()
    {
        const auto now = std::chrono::steady_clock::now();
        if (m_seconds.empty() && m_firstStep == 0.0)
            m_firstStep = secondsSinceStart();
        else
            m_seconds.push_back(std::chrono::duration<double>(now - m_last).count());
        m_last = now;
    }
    const std::vector<double>& seconds() const { return m_seconds; } ///< without the first step
    double firstStep() const { return m_firstStep; }

private:
    std::chrono::steady_clock::time_point m_last;
    std::vector<double> m_seconds;
    double m_firstStep = 0.0;
};

/// Multiplications and additions of the matrix products that a step over these pairs needs: each weight meets each
/// token in the forward pass and twice in the backward pass, once when it is not trained itself.
double flopOf(const Model& model, std::span<const TokenizedPair> pairs, Bench::Workload workload)
{
    double linear = 0.0, tokens = 0.0, written = 0.0;
    for (const Linear* layer : std::as_const(*model.trunk).linears())
        linear += double(layer->weight.numel());
    for (const TokenizedPair& pair : pairs) {
        tokens += double(tokensOf(pair));
        written += double(pair.chosen.size() + pair.rejected.size());
    }
    const double passes = workload == Bench::Workload::Score ? 2.0 : model.adapter ? 4.0 : 6.0;
    const bool logits = workload == Bench::Workload::Sft || workload == Bench::Workload::Dpo;
    return passes * (linear * tokens + (logits ? double(model.trunk->outputWeight().numel()) * written : 0.0));
}

std::string_view nameOf(Bench::Workload workload)
{
    constexpr std::array<std::string_view, 6> names {"sft", "reward", "dpo", "ppo", "score", "generate"};
    return names[std::size_t(workload)];
}

} // namespace

void benchCommand(const Workspace& workspace, const Bench& command)
{
    using Workload = Bench::Workload;
    Settings settings = command.settings;
    if (const auto problems = settings.problems(); !problems.empty())
        fail("{}", problems.front());
    const bool onPrompts = command.workload == Workload::Ppo || command.workload == Workload::Generate;
    const std::int64_t perStep = onPrompts ? settings.integer("rollout_batch")
                                           : settings.integer("batch_size")
            * (command.workload == Workload::Score ? 1 : settings.integer("gradient_accumulation"));
    settings.set("shuffle", false);
    settings.set("max_steps", command.steps);
    if (!onPrompts)
        settings.set("eval_share", 0.0);

    // 1. Models and tokens.
    const Dataset data = workspace.data(command.data, perStep * command.steps);
    Model model = workspace.model(command.model);
    const auto seed = std::uint64_t(settings.integer("seed"));
    const bool scores = command.workload == Workload::Reward || command.workload == Workload::Score;
    if (scores && !model.isReward())
        model = rewardModelFrom(model, seed);
    giveAdapter(model, settings);
    settleComputeType(settings, model.config());
    auto pairs
        = tokenizeFor(workspace, RowSource::of(data), model, settings.integer("max_length"), Truncation::DropLong);
    if (scores)
        trimForScoring(pairs, model.config());
    if (std::int64_t(pairs.size()) < perStep * command.steps && !onPrompts)
        fail("{}: {} steps of {} pairs need {} pairs, but it has {}; give more data or fewer --steps", command.data,
            command.steps, perStep, perStep * command.steps, pairs.size());

    // 2. The steps.
    Stopwatch watch;
    BenchMeasured result;
    StageContext context = workspace.context(settings);
    context.metrics = [&](std::int64_t, std::int64_t, const Metrics& metrics) {
        watch.endStep();
        for (const Metric& metric : metrics)
            if (metric.name == "loss")
                result.losses.push_back(metric.value);
    };
    const std::span<const TokenizedPair> all(pairs);
    std::vector<TokenIds> prompts;
    for (const TokenizedPair& pair : pairs)
        prompts.emplace_back(pair.prompt.begin(), pair.prompt.end());
    const ComputeType computeType = computeTypeFor(settings.text("dtype"), model.config());
    model.trunk->computeType = computeType;
    std::vector<double> written; // tokens of each step
    switch (command.workload) {
    case Workload::Sft:
        trainSft(model, pairs, context);
        break;
    case Workload::Reward:
        trainReward(model, pairs, context);
        break;
    case Workload::Dpo:
        trainDpo(model, nullptr, pairs, context);
        break;
    case Workload::Ppo: {
        const Model reference = frozenCopy(model);
        const Model reward = rewardModelFrom(reference, seed);
        Model value = valueModelFor(model, reward, settings);
        settings.set("total_episodes", perStep * command.steps);
        context.settings = settings;
        trainPpo({model, reference, reward, value}, prompts, context);
        break;
    }
    case Workload::Score:
        freezeWeights(model);
        for (std::int64_t step = 0; step < command.steps && !workspace.stopped(); ++step) {
            scorePairs(model, all.subspan(std::size_t(step * perStep), std::size_t(perStep)), {});
            watch.endStep();
        }
        break;
    case Workload::Generate: {
        GenerationOptions options;
        options.maxNewTokens = settings.integer("max_new_tokens"); // no stop ids: every row is as long
        options.temperature = settings.real("temperature");
        for (std::int64_t step = 0; step < command.steps && !workspace.stopped(); ++step) {
            std::vector<TokenIds> rows;
            for (std::int64_t i = 0; i < perStep; ++i)
                rows.push_back(prompts[std::size_t(step * perStep + i) % prompts.size()]);
            generate(model, rows, options, seed + std::uint64_t(step), workspace.stop());
            watch.endStep();
        }
        break;
    }
    }
    if (workspace.stopped())
        return;

    // 3. What they took.
    result.workload = nameOf(command.workload);
    result.itemName = command.workload == Workload::Generate ? "tokens" : onPrompts ? "samples" : "pairs";
    result.stepSeconds = watch.seconds();
    double flop = 0.0;
    for (std::size_t step = 1; step <= result.stepSeconds.size(); ++step) {
        const double items = double(perStep)
            * (command.workload == Workload::Generate ? double(settings.integer("max_new_tokens")) : 1.0);
        result.stepItems.push_back(items);
        if (onPrompts)
            continue;
        const auto part = all.subspan(step * std::size_t(perStep), std::size_t(perStep));
        double tokens = 0.0;
        for (const TokenizedPair& pair : part)
            tokens += double(sequenceTokensOf(pair));
        result.stepTokens.push_back(tokens);
        flop += flopOf(model, part, command.workload);
    }
    const double seconds = std::accumulate(result.stepSeconds.begin(), result.stepSeconds.end(), 0.0);
    result.usedGflops = seconds > 0.0 ? flop / seconds * 1e-9 : 0.0;
    result.firstStepSeconds = watch.firstStep();
    result.peakResidentMb = peakResidentMb();
    result.gemmGflops = measureGemmPeak(computeType);
    result.dtype = nameOf(computeType);
    result.threads = at::get_num_threads();
    workspace.send(std::move(result));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"

#include "core/chat/chat_pair.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_paths.h"
#include "core/model/adapter_folder.h"
#include "core/model/model_folder.h"
#include "core/support/error.h"
#include "core/support/gguf_file.h"
#include "core/support/log.h"
#include "core/support/text.h"
#include "core/support/unfinished.h"

#include <algorithm>
#include <limits>

namespace fs = std::filesystem;

namespace mpo {

Workspace::Workspace(Project& project, const EventSink& sink, std::stop_token stop, PauseGate& gate)
    : m_project(project)
    , m_sink(sink)
    , m_stop(std::move(stop))
    , m_gate(gate)
{
}

Workspace::Workspace(
    Project& project, const EventSink& sink, std::stop_token stop, PauseGate& gate, std::shared_ptr<Communicator> ranks)
    : m_project(project)
    , m_sink(sink)
    , m_stop(std::move(stop))
    , m_gate(gate)
    , m_follows(true)
    , m_ranks(std::move(ranks))
{
}

bool Workspace::stopped() const
{
    if (!m_ranks->alone())
        return context(Settings(StageKind::Sft)).stopped();
    return stoppedHere();
}

bool Workspace::stoppedHere() const
{
    if (m_ranks->alone())
        m_gate.wait(m_stop);
    return m_stop.stop_requested();
}

void Workspace::info(const std::string& text) const { send(LogLine {LogLine::Level::Info, text}); }

void Workspace::warning(const std::string& text) const { send(LogLine {LogLine::Level::Warning, text}); }

void Workspace::progress(const std::string& what, double share, const std::string& detail) const
{
    const auto now = std::chrono::steady_clock::now();
    if (share < 1.0 && now - m_lastProgress < std::chrono::milliseconds(100))
        return;
    m_lastProgress = now;
    send(Progress {what, share, detail});
}

Dataset Workspace::data(const std::string& nameOrFile, std::int64_t limit) const
{
    Dataset dataset;
    if (m_project.dataset(nameOrFile)) {
        dataset = m_project.loadDataset(nameOrFile);
    } else if (fs::exists(nameOrFile)) {
        // Rows are scored and trained on as they stand: what an import would leave out stays in its place.
        ImportOptions options;
        options.keepDuplicates = true;
        options.keepUnusable = true;
        ImportResult result
            = importDataset(nameOrFile, options, m_stop, [this](double share) { progress("Reading data", share, {}); });
        if (result.report.malformed > 0)
            warning(fmt::format("{}: {} records left out, the first at line {}: {}", nameOrFile,
                result.report.malformed, result.report.issues.front().line, result.report.issues.front().reason));
        dataset = std::move(result.dataset);
    } else {
        fail(
            "{}: neither a data set of the project nor a file; `mpo data list` shows what the project has", nameOrFile);
    }
    if (limit > 0 && std::int64_t(dataset.pairs.size()) > limit)
        dataset.pairs.resize(std::size_t(limit));
    if (dataset.pairs.empty())
        fail("{}: the data set is empty", nameOrFile);
    return dataset;
}

RowSource Workspace::rows(const std::string& nameOrFile, std::int64_t limit) const
{
    const auto row = m_project.dataset(nameOrFile);
    if (!row) {
        const auto data = std::make_shared<const Dataset>(this->data(nameOrFile, limit));
        RowSource rows = RowSource::of(*data);
        rows.each = [data, each = std::move(rows.each)](const RowSource::Visit& visit) { each(visit); };
        return rows;
    }
    const std::int64_t count = limit > 0 ? std::min(limit, row->pairs) : row->pairs;
    if (count == 0)
        fail("{}: the data set is empty", nameOrFile);
    return {
        row->name, row->kind, count, [&project = m_project, name = row->name, count](const RowSource::Visit& visit) {
            constexpr std::int64_t kPage = 1024;
            for (std::int64_t first = 0; first < count; first += kPage) {
                std::int64_t number = first;
                for (const PreferencePair& pair : project.pairs(name, first, std::min(kPage, count - first)))
                    if (!visit(number++, pair))
                        return;
            }
        }};
}

fs::path Workspace::modelFolder(const std::string& nameOrFolder) const
{
    if (nameOrFolder.empty())
        fail(
            "No model is given: name one of the project, a Hugging Face folder, a GGUF file, or ORG/NAME in the cache");
    if (const auto row = m_project.model(nameOrFolder)) {
        const fs::path folder = row->folder;
        return folder.is_absolute() ? folder : m_project.folder() / folder;
    }
    if (fs::is_directory(nameOrFolder) || isGgufFile(nameOrFolder))
        return nameOrFolder;
    if (const auto cached = cachedModelFolder(hubCacheFolder(), nameOrFolder))
        return fs::absolute(*cached);
    fail("{}", unknownModel(nameOrFolder));
}

std::string Workspace::modelVersion(const std::string& nameOrFolder) const
{
    if (const auto row = m_project.model(nameOrFolder))
        return row->digest;
    if (nameOrFolder.empty() || fs::is_directory(nameOrFolder))
        return {};
    const auto cached = cachedModelFolder(hubCacheFolder(), nameOrFolder);
    return cached ? cached->filename().string() : std::string();
}

Model Workspace::model(const std::string& nameOrFolder, const std::string& adapter) const
{
    Model model = loadModel(modelFolder(nameOrFolder));
    if (!adapter.empty())
        readAdapter(model, modelFolder(adapter));
    return model;
}

Model Workspace::rewardModel(const std::string& nameOrFolder, const std::string& adapter) const
{
    Model model = this->model(nameOrFolder, adapter);
    if (!model.isReward())
        fail("{}: this is a language model, not a reward model; train one with `mpo train reward`", nameOrFolder);
    return model;
}

fs::path Workspace::outFolder(const std::string& out) const
{
    if (out.empty())
        fail("No name for the result is given (--out)");
    return out.find('/') != std::string::npos ? fs::absolute(out) : m_project.modelFolder(out);
}

void Workspace::save(
    const Model& model, const std::string& out, std::optional<std::int64_t> run, const std::string& parent) const
{
    if (m_follows)
        return;
    const fs::path folder = outFolder(out);
    const bool inside = out.find('/') == std::string::npos;
    fs::create_directories(folder.parent_path());
    if (inside) // only this process writes to the project
        removeUnfinished(folder);
    saveModel(model, folder);
    if (inside) {
        ModelRow row;
        row.name = out;
        row.folder = fs::relative(folder, m_project.folder()).string();
        row.kind = model.isReward() ? "reward" : "policy";
        row.family = model.config().family;
        // The base of an adapter may be rounded by now (freezeWeights).
        row.digest = model.adapter ? modelDigest(loadModel(folder)) : modelDigest(model);
        row.parameters = model.parameterCount();
        row.run = run;
        if (!parent.empty())
            row.parent = parent;
        row.created = nowUtc();
        m_project.addModel(row);
    }
    send(ModelSaved {inside ? out : std::string(), folder});
}

StageContext Workspace::context(const Settings& settings) const
{
    StageContext context;
    context.settings = settings;
    context.stop = m_stop;
    context.breathe = [this] { m_gate.wait(m_stop); };
    context.paused = [this] { return m_gate.paused(); };
    context.ranks = m_ranks;
    context.progress
        = [this](const std::string& what, double share, const std::string& detail) { progress(what, share, detail); };
    context.info = [this](const std::string& text) { info(text); };
    context.warning = [this](const std::string& text) { warning(text); };
    return context;
}

void Workspace::removeCheckpoints(std::int64_t run) const
{
    std::error_code ignored;
    fs::remove_all(checkpointFolder(run), ignored);
}

fs::path Workspace::checkpointFolder(std::int64_t run) const { return m_project.runFolder(run) / "checkpoints"; }

namespace {
double secondsSoFar(const Project& project, std::int64_t run)
{
    double seconds = 0.0;
    for (const MetricSeries& series : project.metrics(run))
        if (!series.points.empty())
            seconds = std::max(seconds, series.points.back().seconds);
    return seconds;
}
} // namespace

/// The run ends as failed or stopped. What ended it is what the user is to read, so trouble with saying so in the store
/// is only logged: the next program that opens the project finds the run interrupted.
void Workspace::endAfterError(std::int64_t run, const std::string& message) const
{
    try {
        if (m_project.run(run)->state != RunState::Running)
            return;
        const RunState state = !m_stop.stop_requested() ? RunState::Failed
            : m_gate.onStop() == OnStop::Pause          ? RunState::Paused
                                                        : RunState::Stopped;
        m_project.endRun(run, state, message);
        send(RunEnded {run, state, message});
    } catch (const std::exception& error) {
        log().warn("{}", error.what());
    }
}

std::int64_t Workspace::run(const RunSpec& spec, const std::function<StageOutcome(const StageContext&)>& work,
    const std::function<void(std::int64_t)>& finished) const
{
    if (m_follows) {
        if (work(context(spec.settings)).stopped)
            throw RunStopped("Stopped");
        return 0;
    }
    std::int64_t id = 0;
    if (spec.resume) {
        id = *spec.resume;
        m_project.reopenRun(id);
    } else {
        id = m_project.beginRun(spec.stage, spec.name, spec.config, spec.parents);
    }
    const auto begin = std::chrono::steady_clock::now();
    double before = 0.0; // seconds of the processes before this one
    const auto seconds
        = [&] { return before + std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };

    StageContext context = this->context(spec.settings);
    context.checkpoints = checkpointFolder(id);
    context.checkpointAsked = [this] { return m_gate.takeCheckpointRequest(); };
    context.checkpointWritten = [&](std::int64_t step, bool requested) {
        send(CheckpointWritten {id, step, requested});
        if (requested)
            info(fmt::format("Checkpoint of step {} written", step));
    };
    context.discards = [this] { return m_gate.onStop() == OnStop::Discard; };
    std::int64_t logged = std::numeric_limits<std::int64_t>::max();
    context.metrics = [&](std::int64_t step, std::int64_t total, const Metrics& metrics) {
        if (step <= logged) { // the first of this process, or the run went back
            m_project.truncateMetrics(id, step - 1);
            if (logged == std::numeric_limits<std::int64_t>::max())
                before = secondsSoFar(m_project, id);
            send(RunStarted {id, spec.stage, spec.name, total, step - 1});
        }
        logged = step;
        m_project.addMetrics(id, step, seconds(), metrics);
        m_project.setRunProgress(id, step, total);
        send(MetricsLogged {id, step, total, seconds(), metrics});
    };
    context.alarms = [&](const std::vector<AlarmRow>& alarms) {
        m_project.addAlarms(id, alarms);
        for (const AlarmRow& alarm : alarms)
            warning(alarm.text);
    };
    context.alarmsPassed
        = [&](std::int64_t step, const std::vector<std::string>& names) { m_project.endAlarms(id, names, step); };
    context.samples = [&](const std::vector<SampleRow>& samples) {
        m_project.addSamples(id, samples);
        send(SamplesLogged {id, samples});
    };

    try {
        const StageOutcome outcome = work(context);
        if (!outcome.stopped && finished)
            finished(id);
        const OnStop wish = m_gate.onStop();
        const bool discarded = outcome.stopped && wish == OnStop::Discard;
        const RunState state = !outcome.stopped ? RunState::Finished
            : wish == OnStop::Pause             ? RunState::Paused
                                                : RunState::Stopped;
        if (!outcome.note.empty())
            info(outcome.note);
        const std::string message = !outcome.stopped ? outcome.note
            : discarded ? fmt::format("Stopped at step {} of {} and thrown away", outcome.steps, outcome.totalSteps)
                        : fmt::format("{} after step {} of {}", state == RunState::Paused ? "Paused" : "Stopped",
                            outcome.steps, outcome.totalSteps);
        if (discarded)
            removeCheckpoints(id);
        m_project.endRun(id, state, message);
        send(RunEnded {id, state, message});
        if (!outcome.stopped) // the model is saved; optimiser states are twice its size
            removeCheckpoints(id);
        if (discarded)
            fail("{} {}: stopped at step {} of {}; what it had made is thrown away", spec.stage, spec.name,
                outcome.steps, outcome.totalSteps);
        if (outcome.stopped)
            fail("{} {}: stopped after step {} of {}; the same command goes on from its last checkpoint", spec.stage,
                spec.name, outcome.steps, outcome.totalSteps);
    } catch (const std::exception& error) {
        endAfterError(id, error.what());
        throw;
    }
    return id;
}

TokenizedPairs tokenizeFor(const Workspace& workspace, const RowSource& data, const Model& model,
    std::int64_t maxLength, Truncation truncation, bool endsTexts)
{
    constexpr std::int64_t kEvery = 256;
    const bool tells = data.count > kEvery; // fewer take no time, and are tokenized in the midst of other work
    const auto tell = [&](std::int64_t done) {
        workspace.progress("Tokenizing", double(done) / double(data.count),
            fmt::format("{} of {}", grouped(done), grouped(data.count)));
    };
    RowSource told = data;
    told.each = [&](const RowSource::Visit& visit) {
        data.each([&](std::int64_t number, const PreferencePair& pair) {
            if (tells && number % kEvery == 0)
                tell(number);
            return visit(number, pair);
        });
    };
    RowReport report = tokenizeRows(told, model.tokenizer.get(), maxLength, truncation, workspace.stop(),
        std::make_shared<TokenStore>(workspace.project().folder()));
    if (tells)
        tell(data.count);
    if (endsTexts && report.texts > 0 && model.tokenizer && !model.tokenizer->eos)
        fail("{}: the model has no EOS token to end the responses of {} with; name one as \"eos_token\" in "
             "tokenizer_config.json or as \"eos_token_id\" in config.json",
            model.folder.string(), data.name);
    if (report.droppedLong > 0)
        workspace.warning(fmt::format("{} of {} pairs are longer than max_length = {} tokens and are left out",
            report.droppedLong, report.rows, maxLength));
    if (report.cut > 0)
        workspace.info(fmt::format("{} pairs were cut to max_length = {} tokens", report.cut, maxLength));
    if (report.droppedEmpty > 0)
        workspace.warning(fmt::format("{} pairs with a response without a token are left out", report.droppedEmpty));
    if (report.refused > 0)
        workspace.warning(
            fmt::format("{} of {} rows are left out: {}", report.refused, report.rows, report.firstRefusal));
    for (const TokenizedPair& pair : report.pairs)
        for (const std::span<const TokenId> ids : {pair.prompt, pair.chosen, pair.rejected})
            for (const TokenId id : ids)
                if (id < 0 || id >= model.config().vocabulary)
                    fail("{}: pair {} holds the token id {}, but the model's vocabulary has {} ids", data.name,
                        pair.index + 1, id, model.config().vocabulary);
    if (report.pairs.empty() && !workspace.stop().stop_requested())
        fail("{}: no pair is left after over-long and empty ones were taken off (max_length = {})", data.name,
            maxLength);
    return std::move(report.pairs);
}

void trimForScoring(TokenizedPairs& pairs, const ModelConfig& config)
{
    for (TokenizedPair& pair : pairs)
        if (!pair.hadIds)
            for (std::span<const TokenId>* response : {&pair.chosen, &pair.rejected})
                *response = response->first(std::size_t(scoredLength(config, *response)));
}

void giveAdapter(Model& model, const Settings& settings)
{
    LoraOptions options;
    options.rank = settings.integer("lora_rank");
    if (options.rank == 0) {
        mergeAdapter(model);
        return;
    }
    options.alpha = settings.real("lora_alpha");
    options.dropout = settings.real("lora_dropout");
    options.rankStabilised = settings.flag("lora_rslora");
    std::string_view targets = settings.text("lora_targets");
    if (trimmed(targets) != "all-linear")
        while (!targets.empty()) {
            const std::size_t comma = std::min(targets.find(','), targets.size());
            if (const std::string_view target = trimmed(targets.substr(0, comma)); !target.empty())
                options.targets.emplace_back(target);
            targets.remove_prefix(std::min(comma + 1, targets.size()));
        }
    addAdapter(model, options, std::uint64_t(settings.integer("seed")));
}

Model valueModelFor(const Model& policy, const Model& reward, const Settings& settings)
{
    // Leave-one-out reads no value: the head costs nothing.
    if (settings.text("value_model") == "policy" || settings.text("advantage_estimator") == "rloo")
        return valueHeadOn(policy);
    // With an adapter on the policy the value model is one on the reward model's weights, which are not copied.
    Model value = policy.adapter ? frozenCopy(reward) : cloneModel(reward);
    if (!policy.adapter)
        mergeAdapter(value);
    else if (!value.adapter)
        giveAdapter(value, settings);
    return value;
}

RowSource partOf(RowSource data, const Split& split, const std::string& bucket)
{
    if (std::int64_t(split.buckets.size()) != data.count)
        fail("{}: the split was made for {} pairs, but the data set has {}; score and split it again", data.name,
            split.buckets.size(), data.count);
    const bool easy = bucket == "easy";
    auto numbers = std::make_shared<std::vector<std::int64_t>>(easy ? split.easyPairs() : split.hardPairs());
    if (numbers->empty())
        fail("{}: the split has no {} pairs; choose a {} threshold", data.name, bucket, easy ? "lower" : "higher");
    std::vector<bool> flips;
    for (const std::int64_t number : *numbers)
        flips.push_back(split.flipped(number));
    return {data.name + " (" + bucket + ")", data.kind, std::int64_t(numbers->size()),
        [each = std::move(data.each), numbers, flips = std::move(flips)](const RowSource::Visit& visit) {
            std::size_t next = 0; // the numbers rise
            each([&](std::int64_t number, const PreferencePair& pair) {
                if (number != (*numbers)[next])
                    return true;
                const auto place = std::int64_t(next);
                PreferencePair turned;
                if (flips[next]) {
                    turned = pair;
                    exchangeResponses(turned);
                }
                return visit(place, flips[next++] ? turned : pair) && next < numbers->size();
            });
        }};
}

} // namespace mpo

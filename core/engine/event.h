// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/import_report.h"
#include "core/data/reward_gap.h"
#include "core/engine/talk.h"
#include "core/store/control_folder.h"
#include "core/store/project.h"
#include "core/support/metric_names.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mpo {

// What the engine tells, as values. Delivered on threads of the engine, one at a time.

/// A run has begun; it is in the store.
struct RunStarted
{
    std::int64_t run = 0;
    std::string stage, name;
    std::int64_t totalSteps = 0;
    std::int64_t firstStep = 0; ///< > 0: resumed
};

/// All metrics of one step (already in the store).
struct MetricsLogged
{
    std::int64_t run = 0, step = 0, totalSteps = 0;
    double seconds = 0.0; ///< since the run began
    Metrics metrics;
};

/// Something long is under way without metrics: importing, tokenising, scoring, sampling. At most ten a second.
struct Progress
{
    std::string what; ///< "Scoring pairs"
    double share = 0.0; ///< in [0, 1]; negative: unknown
    std::string detail; ///< "312 of 4,000"
};

/// One line for the log view and the terminal.
struct LogLine
{
    enum class Level { Info, Warning, Error };
    Level level = Level::Info;
    std::string text;
};

/// A checkpoint of a run that goes on is on disk.
struct CheckpointWritten
{
    std::int64_t run = 0, step = 0;
    bool requested = false; ///< Engine::checkpoint() asked for it
};

struct SamplesLogged
{
    std::int64_t run = 0;
    std::vector<SampleRow> samples;
};

struct RunEnded
{
    std::int64_t run = 0;
    RunState state = RunState::Finished;
    std::string message;
};

struct DatasetImported
{
    std::string name;
    std::shared_ptr<const ImportReport> report;
};

struct DatasetExported
{
    std::string name;
    std::filesystem::path file;
    std::int64_t rows = 0;
};

struct ModelSaved
{
    std::string name; ///< in the project; empty for a folder elsewhere
    std::filesystem::path folder;
};

struct PairsScored
{
    std::string scoreSet;
    std::shared_ptr<const std::vector<PairScore>>
        scores; ///< one for each pair of the data, NaN where a pair was too long
};

struct SplitSaved
{
    std::string name;
    double threshold = 0.0;
    SplitCounts counts;
    std::int64_t edits = 0; ///< revision of the edits by hand that it was made with; 0: none
    std::int64_t flipped = 0; ///< pairs flipped by hand
};

struct Response
{
    std::vector<std::int32_t> ids;
    std::string text, prompt;
    bool finished = false; ///< ended with EOS, not by length
    std::optional<double> score;
};

struct ResponsesSampled
{
    std::shared_ptr<const std::vector<Response>> responses;
};

struct PairLogProb
{
    double chosen = 0.0, rejected = 0.0;
    std::int64_t chosenTokens = 0, rejectedTokens = 0, promptTokens = 0;
};

struct LogProbsComputed
{
    std::shared_ptr<const std::vector<PairLogProb>> rows;
};

struct EvaluationCreated
{
    std::int64_t evaluation = 0;
    std::string name;
    std::int64_t leaks = 0; ///< items with words that may tell whose a response is
    std::int64_t leftOut = 0; ///< prompts left out because of such words
    std::string leakWords; ///< a few of the words; not in which item or on which side
};

/// What a language model has judged of a session; not what it said, which stays unseen until the session is closed.
struct EvaluationJudged
{
    std::string evaluation, annotator;
    std::int64_t judged = 0, items = 0; ///< judged: with a clear verdict, of all items to judge
    std::int64_t unclear = 0; ///< answered without a clear verdict
    std::int64_t calls = 0, failed = 0; ///< of this run: answers, or items scored; failed: to be asked again
    double cost = 0.0; ///< of all runs, by the prices given
    std::int64_t bothOrders = 0, consistent = 0; ///< items judged in both orders, and with the same outcome
    std::string stopReason; ///< empty: all items were asked
    std::filesystem::path transcript; ///< empty: a reward model, which says nothing but scores
};

/// A pipeline (recipe or demo) goes on to its next step.
struct PipelineStep
{
    std::string title; ///< "DPO on the easy pairs"
    int step = 0, steps = 0; ///< from 1
};

/// A report was written.
struct ReportWritten
{
    std::filesystem::path folder; ///< holds index.html
    std::vector<std::vector<std::string>> table; ///< first row: headings
};

/// Who writes to the project, and whether it is paused: another program came, went or changed (ProjectWatcher), or this
/// one did what another asked for.
struct WriterChanged
{
    std::optional<WriterState> writer; ///< empty: nobody writes
};

/// Data, models, scores, splits or evaluations have changed under the hands of another program (ProjectWatcher).
struct StoreChanged
{
};

/// What this program uses while a command runs, once a second.
struct MachineUsed
{
    double cpuShare = 0.0; ///< of all processors it may run on, over the last second; in [0, 1]
    int processors = 0;
    std::int64_t residentBytes = 0;
};

struct BenchMeasured
{
    std::string workload, itemName; ///< "pairs", "samples", "tokens"
    std::vector<double> stepSeconds; ///< of the measured steps
    std::vector<double> stepItems; ///< of each of them
    std::vector<double> stepTokens; ///< rows of the packed batches, or tokens written
    double firstStepSeconds = 0.0; ///< from the start of the process to the end of the first step
    double peakResidentMb = 0.0;
    double gemmGflops = 0.0; ///< of one large product in the type of the computation, measured after the steps
    double usedGflops = 0.0; ///< of the matrix products that the steps need; 0: not counted
    std::string dtype;
    int threads = 0;
    std::vector<double> losses; ///< of all steps, to compare with other programs; empty: the workload has none
};

/// The last event of every command.
struct CommandFinished
{
    enum class Outcome { Succeeded, Cancelled, Failed };
    Outcome outcome = Outcome::Succeeded;
    std::string message; ///< for the user; why it failed
};

using Event = std::variant<RunStarted, MetricsLogged, Progress, LogLine, SamplesLogged, CheckpointWritten, RunEnded,
    DatasetImported, DatasetExported, ModelSaved, PairsScored, SplitSaved, ResponsesSampled, LogProbsComputed,
    EvaluationCreated, EvaluationJudged, PipelineStep, ReportWritten, WriterChanged, StoreChanged, BenchMeasured,
    MachineUsed, ChatWriting, ChatAnswered, AnswersScored, CommandFinished>;
using EventSink = std::function<void(Event)>; ///< called on one thread of the engine at a time

} // namespace mpo

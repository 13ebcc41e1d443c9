// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/criteria.h"
#include "core/data/dataset.h"
#include "core/data/import_report.h"
#include "core/data/reward_gap.h"
#include "core/data/verdict.h"
#include "core/support/json.h"
#include "core/support/metric_names.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

// Rows of the store. Names of data sets, models, score sets and splits are unique within a project; a run's number is
// its id.

struct DatasetRow
{
    std::int64_t id = 0;
    std::string name, digest, source; ///< source: file it was imported from, or how it was made
    DatasetKind kind = DatasetKind::Pairs;
    std::int64_t pairs = 0;
    std::string created; ///< ISO 8601, UTC
};

struct ModelRow
{
    std::int64_t id = 0;
    std::string name, folder; ///< folder relative to the project, or absolute for one that lies elsewhere
    std::string kind; ///< "policy" or "reward"
    std::string family, digest;
    std::int64_t parameters = 0;
    std::optional<std::int64_t> run; ///< the run that made it
    std::optional<std::string> parent; ///< name or folder of the model it was trained from
    std::string created;
};

/// The values reach the disk: do not change them.
enum class RunState { Running = 0, Finished = 1, Stopped = 2, Failed = 3, Interrupted = 4, Paused = 5 };
std::string_view runStateName(RunState state); ///< "running", "finished", "stopped", "failed", "interrupted", "paused"

struct RunRow
{
    std::int64_t id = 0;
    std::string stage; ///< "sft", "reward", "dpo", "ppo", "score", "sample"
    std::string name; ///< what it makes: name of the model or score set
    RunState state = RunState::Running;
    std::string message; ///< why it failed or stopped, one sentence
    Json config; ///< {"model", "data", "out", "settings": {...}, ...}
    std::vector<std::string> parents; ///< models and data it was made from, by name or path
    std::int64_t steps = 0, totalSteps = 0;
    std::string started, ended; ///< ISO 8601, UTC; ended may be empty
    std::string folder; ///< runs/<id>-<stage>, relative to the project
    std::vector<std::string> tags; ///< the user's words
    std::string note; ///< the user's text
};

/// A run that was deleted and can be brought back.
struct DeletedRun
{
    RunRow run;
    std::string deleted; ///< when; ISO 8601, UTC
};

struct MetricPoint
{
    std::int64_t step = 0;
    double seconds = 0.0; ///< since the run began
    double value = 0.0; ///< may be NaN
};

struct MetricSeries
{
    std::string name;
    std::vector<MetricPoint> points; ///< by rising step
};

/// What a run logged at one step.
struct MetricStep
{
    std::int64_t step = 0;
    double seconds = 0.0; ///< since the run began
    Metrics metrics;
};

/// A response sampled during or after a run.
struct SampleRow
{
    std::int64_t step = 0, item = 0; ///< item: number of the prompt
    std::string prompt, response;
    std::optional<double> score; ///< of the reward model
    bool byReference = false; ///< written by the reference model, not by the policy
};

/// Something that was about to go wrong in a run.
struct AlarmRow
{
    std::int64_t step = 0;
    std::string name; ///< of the setting that holds its threshold
    double value = 0.0, threshold = 0.0;
    std::string text; ///< one sentence with both and what to do
    std::optional<std::int64_t> ended {}; ///< the step at which its condition no longer held
};

struct ScoreSetRow
{
    std::int64_t id = 0;
    std::string name, dataset; ///< dataset: its name
    std::string rewardModel; ///< name, or "2-fold" for k-fold scoring
    bool heldOut = false; ///< the reward model had not seen the pairs
    std::int64_t pairs = 0;
    std::string created;
};

struct SplitRow
{
    std::int64_t id = 0;
    std::string name, dataset, scoreSet;
    Split split;
    std::string created;
};

struct EvaluationRow
{
    std::int64_t id = 0;
    std::string name;
    std::string sourceA, sourceB; ///< what is compared; not shown before the session is closed
    Json config; ///< prompts, decoding, seed
    bool closed = false;
    std::int64_t items = 0, judged = 0; ///< judged: by somebody
    std::string created;
};

/// What the judge sees of an item; which source stands where is kept apart (evaluationKey).
struct EvaluationItemRow
{
    std::int64_t number = 0; ///< from 0; the order of judging unless the annotator has one of their own
    std::string prompt, left, right;
    std::optional<Verdict> verdict;
    std::string comment;
    double seconds = 0.0; ///< time taken
    bool flagged = false;
    std::vector<CriterionVote> votes;
    std::optional<double> strength;
};

struct EvaluationItemInput
{
    std::string prompt, responseA, responseB;
    bool aIsLeft = true; ///< drawn at random by the maker
    std::int64_t pair = -1; ///< number of the prompt in its data set
    ItemKind kind = ItemKind::Ordinary; ///< Gold: A is the better response
    std::optional<std::int64_t> repeatOf = {}; ///< number of the item that a repeat repeats
    std::optional<double> scoreA = {}, scoreB = {}; ///< of the reward model
};

/// What an annotator says of an item.
struct Judgment
{
    Verdict verdict = Verdict::Tie;
    std::string comment {};
    double seconds = 0.0; ///< time taken
    bool flagged = false; ///< to be looked at later: a bad prompt, a leak ...
    std::vector<CriterionVote> votes {}; ///< on criteria of the session, each once at most; in the order of their names
    /// How much better the better response is. People: a Strength. A reward model: the difference of its scores, >= 0.
    std::optional<double> strength {};
    bool operator==(const Judgment&) const = default;
};

/// One verdict that counts. It tells by itself which source won: nothing for a screen before the session is closed.
struct JudgmentRow : Judgment
{
    std::int64_t number = 0; ///< of the item
    std::string annotator; ///< empty: a session of one person who gave no name
    bool aWasLeft = true;
    std::string created; ///< ISO 8601, UTC
    bool operator==(const JudgmentRow&) const = default;
};

/// Where an annotator meets an item.
struct AnnotatorPlace
{
    std::int64_t number = 0;
    bool aIsLeft = true;
};

struct AnnotatorRow
{
    std::string name;
    std::int64_t judged = 0; ///< items with a verdict
};

struct MergedJudgments
{
    std::int64_t added = 0;
    std::int64_t known = 0; ///< the same were there already
    std::int64_t replaced = 0; ///< the same annotator had judged the item otherwise before
    std::int64_t older = 0; ///< left out: the same annotator has judged the item otherwise since
};

struct EvaluationLogRow
{
    std::string created, text;
};

/// A project folder NAME.mpo (design section 6): project.db, models/, runs/. One writer at a time: a lock file keeps a
/// second process out, others read. Every member may be called on any thread (one connection, one mutex); every change
/// is on disk when the call returns.
class Project
{
public:
    enum class Access { ReadWrite, ReadOnly };
    /// Opens a project, or makes one when the folder does not exist or is empty (ReadWrite only).
    /// Throws Error: not a project, made by a newer version, held by another process (with its process id), disk full.
    static std::shared_ptr<Project> open(const std::filesystem::path& folder, Access access = Access::ReadWrite);
    static bool isProject(const std::filesystem::path& folder);
    ~Project();

    const std::filesystem::path& folder() const;
    std::string name() const; ///< folder name without ".mpo"
    Access access() const;

    // Data sets
    /// dataset_writer.h adds one pair by pair.
    std::int64_t addDataset(const Dataset& dataset, const std::string& source, const ImportReport* report = nullptr);
    std::vector<DatasetRow> datasets() const;
    std::optional<DatasetRow> dataset(const std::string& name) const;
    Dataset loadDataset(const std::string& name) const; ///< throws Error listing the names there are
    std::vector<PreferencePair> pairs(const std::string& dataset, std::int64_t first, std::int64_t count) const;
    std::optional<ImportReport> importReport(const std::string& dataset) const;
    void removeDataset(const std::string& name); ///< throws Error while splits or score sets use it

    // Models
    std::int64_t addModel(const ModelRow& model); ///< replaces the row of the same name
    std::vector<ModelRow> models() const;
    std::optional<ModelRow> model(const std::string& name) const;
    std::filesystem::path modelFolder(const std::string& name) const; ///< folder()/models/NAME, for a new one

    // Runs
    std::int64_t beginRun(const std::string& stage, const std::string& name, const Json& config,
        const std::vector<std::string>& parents); ///< makes runs/<id>-<stage>/ with config.json
    void setRunProgress(std::int64_t run, std::int64_t steps, std::int64_t totalSteps);
    void endRun(std::int64_t run, RunState state, const std::string& message);
    void reopenRun(std::int64_t run); ///< for a resumed run
    std::vector<RunRow> runs() const; ///< newest first
    std::optional<RunRow> run(std::int64_t id) const;
    std::filesystem::path runFolder(std::int64_t id) const; ///< absolute
    /// A run of another program, with its metrics; `row.id` and `row.folder` are not read. It is seen when all of it is
    /// there.
    std::int64_t addFinishedRun(const RunRow& row, const std::vector<MetricSeries>& metrics);

    // What the user says of runs (run_notes.cpp)
    void setRunTags(std::int64_t id, const std::vector<std::string>& tags); ///< trimmed, without doubles and commas
    void setRunNote(std::int64_t id, const std::string& note);
    /// The run is in no list any more; it can be brought back for a week. Models that it made stay. Throws Error while
    /// it is running.
    void deleteRun(std::int64_t id);
    void restoreRun(std::int64_t id);
    std::vector<DeletedRun> deletedRuns() const; ///< latest deletion first
    void eraseDeletedRun(std::int64_t id); ///< for good, with its folder

    // Metrics and samples; metrics also go to metrics.jsonl of the run
    void addMetrics(std::int64_t run, std::int64_t step, double seconds, const Metrics& metrics);
    /// Forgets metrics, samples and alarms of later steps, before a resume repeats them, and makes metrics.jsonl hold
    /// what is left: each step once, without lines that a crash cut off.
    void truncateMetrics(std::int64_t run, std::int64_t lastStep);
    std::vector<MetricSeries> metrics(std::int64_t run) const;
    std::vector<MetricStep> metricsAfter(std::int64_t run, std::int64_t step) const; ///< by rising step
    void addSamples(std::int64_t run, const std::vector<SampleRow>& samples); ///< each in place of an earlier one
    std::vector<SampleRow> samples(std::int64_t run) const;
    std::vector<SampleRow> samplesAfter(std::int64_t run, std::int64_t step) const;
    void addAlarms(std::int64_t run, const std::vector<AlarmRow>& alarms);
    void endAlarms(std::int64_t run, const std::vector<std::string>& names, std::int64_t step);
    std::vector<AlarmRow> alarms(std::int64_t run) const;

    // Scores and splits
    std::int64_t addScoreSet(const ScoreSetRow& row, const std::vector<PairScore>& scores);
    std::vector<ScoreSetRow> scoreSets() const;
    std::vector<PairScore> loadScores(const std::string& name) const; ///< throws Error listing the names there are
    std::int64_t addSplit(const SplitRow& split); ///< replaces the one of the same name
    std::vector<SplitRow> splits() const;
    SplitRow loadSplit(const std::string& name) const; ///< throws Error listing the names there are

    // Pairs mended by hand (edit_log.cpp). The pairs of the data set stay as they are; a split takes the edits in.
    /// Adds a change to the log of a data set. Pairs that are so already are left out of it; nothing where that is all
    /// of them. `who`: one line, may be empty. Throws Error: no such data set, no pairs, a number that is not there.
    std::optional<PairChange> editPairs(
        const std::string& dataset, PairEdit edit, std::vector<std::int64_t> pairs, const std::string& who);
    /// Takes the last change back, or makes again what was taken back last; nothing where there is none.
    std::optional<PairChange> undoPairEdit(const std::string& dataset, const std::string& who);
    std::optional<PairChange> redoPairEdit(const std::string& dataset, const std::string& who);
    std::vector<PairChange> pairEditLog(const std::string& dataset) const; ///< oldest first
    /// What the log comes to, up to a revision or as it is now. Throws Error for a revision that is not there.
    PairEdits pairEdits(const std::string& dataset, std::optional<std::int64_t> revision = {}) const;

    // Evaluation: judgments are on disk (synchronous = FULL) before the call returns. `annotator`: who judges; empty
    // for one person without a name.
    std::int64_t addEvaluation(const EvaluationRow& row, const std::vector<EvaluationItemInput>& items);
    std::vector<EvaluationRow> evaluations() const;
    EvaluationRow evaluation(const std::string& name) const; ///< throws Error listing the names there are
    /// Gives an annotator an order and sides of their own: a place for each item that is theirs. Nothing happens for
    /// one who has places or verdicts already. Throws Error: closed, or places that are not those of the session's
    /// items.
    void joinEvaluation(
        std::int64_t evaluation, const std::string& annotator, const std::vector<AnnotatorPlace>& places);
    /// The annotator's items in their order, with their sides and verdicts; who has no places: all, in the session's.
    std::vector<EvaluationItemRow> evaluationItems(std::int64_t evaluation, const std::string& annotator = {}) const;
    /// Throws Error: closed, no such item, or a vote on something that is no criterion of the session.
    void judge(
        std::int64_t evaluation, std::int64_t number, const Judgment& judgment, const std::string& annotator = {});
    /// Kept in the log as undone.
    void undoJudgment(std::int64_t evaluation, std::int64_t number, const std::string& annotator = {});
    void closeEvaluation(std::int64_t evaluation);
    std::vector<AnnotatorRow> annotators(std::int64_t evaluation) const; ///< who has judged, by name
    /// For each item, in order: A is left. REQUIRES closed, else throws Error: the session is still blind.
    std::vector<EvaluationItemInput> evaluationKey(std::int64_t evaluation) const;
    /// Judgments that count, by item and annotator. REQUIRES as evaluationKey().
    std::vector<JudgmentRow> judgments(std::int64_t evaluation) const;
    /// Items with their key and judgments of a session that may still be blind: to copy or merge it, not to show it.
    std::vector<EvaluationItemInput> blindItems(std::int64_t evaluation) const;
    std::vector<JudgmentRow> blindJudgments(std::int64_t evaluation) const;
    /// Adds the judgments that another copy of the session has, all or none. Of two verdicts of one annotator on one
    /// item the later counts, the other is kept as undone. Throws Error: closed, or an item that is not there.
    MergedJudgments mergeJudgments(
        std::int64_t evaluation, const std::vector<JudgmentRow>& judgments, const std::string& from);
    /// What happened to a session beside verdicts: merged, closed, looked into before it was closed.
    std::vector<EvaluationLogRow> evaluationLog(std::int64_t evaluation) const;
    void logEvaluation(std::int64_t evaluation, const std::string& text);

    /// Changes when another program has changed something; cheap, for readers that follow a writer.
    std::int64_t changeCounter() const;

    /// Small values that belong to the project: state of the window, name of the demo.
    void setValue(const std::string& key, const std::string& value);
    std::optional<std::string> value(const std::string& key) const;

    /// "name", "name-2", "name-3": the first that no data set, model, score set, split or evaluation bears.
    std::string freeName(const std::string& wanted) const;

private:
    friend class DatasetWriter;
    void eraseRunsDeletedLongAgo();
    struct Private;
    explicit Project(std::unique_ptr<Private> d);
    std::unique_ptr<Private> m_d;
};

/// $XDG_DATA_HOME/mpo-studio/default.mpo (else ~/.local/share/...): used when no project is named and the current
/// folder is none.
std::filesystem::path defaultProjectFolder();

/// Now, ISO 8601 in UTC with seconds.
std::string nowUtc();

} // namespace mpo

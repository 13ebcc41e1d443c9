// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/row_source.h"
#include "core/engine/engine.h"
#include "core/engine/rank_team.h"
#include "core/stage/stages.h"
#include "core/support/error.h"

#include <chrono>
#include <optional>

namespace mpo {

/// Ends a job on a rank other than 0 when the run was stopped: rank 0 says so.
class RunStopped : public Error
{
public:
    using Error::Error;
};

/// What every command needs: names resolved to data and models, runs begun and ended in the store, events sent.
/// Lives on the engine thread for the time of one command. Not for other layers: it knows tensors.
class Workspace
{
public:
    Workspace(Project& project, const EventSink& sink, std::stop_token stop, PauseGate& gate);
    /// Of a rank that follows rank 0: the project is only read.
    Workspace(Project& project, const EventSink& sink, std::stop_token stop, PauseGate& gate,
        std::shared_ptr<Communicator> ranks);

    Project& project() const { return m_project; }
    const std::stop_token& stop() const { return m_stop; }
    /// Passes the pause gate. While several processes share the work all must call it, and get the same answer.
    bool stopped() const;
    /// Of this process alone; passes the pause gate where no other process waits meanwhile.
    bool stoppedHere() const;

    // Several processes (shared_work.cpp).
    /// Rank 0 takes in the processes that a launcher started with it, if there are any. They wait for jobs then.
    void joinLaunched() const;
    /// Gives the job to the processes of the run, those of the launcher or as many as the settings want: until the
    /// object goes they divide what stages do in contexts of this workspace. One process: nothing happens.
    [[nodiscard]] std::shared_ptr<const void> share(const Json& job, const Settings& settings) const;
    /// For the other processes, before the command ends with this sentence.
    void leaveReason(const std::string& sentence) const;

    void send(Event event) const { m_sink(std::move(event)); }
    void info(const std::string& text) const;
    void warning(const std::string& text) const;
    void progress(const std::string& what, double share, const std::string& detail) const; ///< at most ten a second

    /// A data set of the project or a file. Throws Error naming both possibilities.
    Dataset data(const std::string& nameOrFile, std::int64_t limit = 0) const;
    /// The same without having a data set of the project in memory. The source must not outlive this.
    RowSource rows(const std::string& nameOrFile, std::int64_t limit = 0) const;
    /// Folder of a model named in the project, the folder itself, or ORG/NAME in the Hugging Face cache, in this order.
    std::filesystem::path modelFolder(const std::string& nameOrFolder) const;
    /// Changes when the name comes to mean another model: the digest of one of the project, the commit of one in the
    /// cache. Empty for a folder, and for what is not there.
    std::string modelVersion(const std::string& nameOrFolder) const;
    Model model(const std::string& nameOrFolder, const std::string& adapter = {}) const;
    /// Throws Error when it is a language model.
    Model rewardModel(const std::string& nameOrFolder, const std::string& adapter = {}) const;

    /// Where `--out` points: a folder if it holds a '/', else a model of the project.
    std::filesystem::path outFolder(const std::string& out) const;
    /// Saves and, in the project, adds the row with lineage.
    void save(
        const Model& model, const std::string& out, std::optional<std::int64_t> run, const std::string& parent) const;

    /// A run in the store with its events: `work` gets a context whose metrics go to the store and the sink.
    /// Ends the run as Finished, Stopped or Failed whatever happens. Returns its number.
    struct RunSpec
    {
        std::string stage, name;
        Json config;
        std::vector<std::string> parents;
        Settings settings {StageKind::Sft};
        std::optional<std::int64_t> resume; ///< number of an interrupted run to go on with
    };
    std::int64_t run(const RunSpec& spec, const std::function<StageOutcome(const StageContext&)>& work,
        const std::function<void(std::int64_t run)>& finished = {}) const;

    std::filesystem::path checkpointFolder(std::int64_t run) const;
    void removeCheckpoints(std::int64_t run) const;

    /// A context without a run: nothing is stored.
    StageContext context(const Settings& settings) const;

private:
    void endAfterError(std::int64_t run, const std::string& message) const;

    Project& m_project;
    const EventSink& m_sink;
    std::stop_token m_stop;
    PauseGate& m_gate;
    const bool m_follows = false; ///< another rank than 0
    mutable std::unique_ptr<RankTeam> m_team; ///< of rank 0; null: no other process
    mutable std::shared_ptr<Communicator> m_ranks = aloneCommunicator(); ///< of what is shared now
    mutable std::chrono::steady_clock::time_point m_lastProgress {};
};

/// Pairs with ids; over-long ones treated as the stage wants. Warns about what was dropped; throws Error if nothing is
/// left.
/// The ids lie in a file of the project folder where they are many. `endsTexts`: the responses are to end with EOS, so
/// a model that has none is refused.
TokenizedPairs tokenizeFor(const Workspace& workspace, const RowSource& data, const Model& model,
    std::int64_t maxLength, Truncation truncation, bool endsTexts = false);

/// Takes off what is not read for a score (scoredLength) from pairs that were text; rows of ids stay whole.
void trimForScoring(TokenizedPairs& pairs, const ModelConfig& config);

/// What of a model is trained: by lora_rank a new adapter, or the whole of it (an adapter that it has is merged).
void giveAdapter(Model& model, const Settings& settings);

/// The value model that PPO starts with, by value_model.
Model valueModelFor(const Model& policy, const Model& reward, const Settings& settings);

/// The pairs of a data set that a stage trains on under a split: without those that are dropped, and with the responses
/// exchanged of those that its rule or a hand flips. All stages read the pairs of a split here.
RowSource partOf(RowSource data, const Split& split, const std::string& bucket);

/// "easy" or "hard": which part of its split a training takes.
std::string bucketOf(const TrainStage& command);

/// The data a stage trains on: all of it, or the part that the split gives it.
RowSource trainingRows(const Workspace& workspace, const TrainStage& command);

// Commands, one file each group.
void importDatasetCommand(const Workspace& workspace, const ImportDataset& command);
void exportDatasetCommand(const Workspace& workspace, const ExportDataset& command);
void importModelCommand(const Workspace& workspace, const ImportModel& command);
void addModelCommand(const Workspace& workspace, const AddModel& command);
void downloadModelCommand(const Workspace& workspace, const DownloadModel& command);
void exportModelCommand(const Workspace& workspace, const ExportModel& command);
void trainCommand(const Workspace& workspace, const TrainStage& command);
void scoreCommand(const Workspace& workspace, const ScorePairs& command);
/// For pipelines, which may be given again: scores that were made so before where nothing they depend on has changed,
/// else new ones. Returns the name of the score set, `command.name` or a free one like it.
std::string scoresStoredOrNew(const Workspace& workspace, const ScorePairs& command);
void splitCommand(const Workspace& workspace, const SplitPairs& command);
void sampleCommand(const Workspace& workspace, const SampleResponses& command);
void logProbsCommand(const Workspace& workspace, const ComputeLogProbs& command);
void createEvaluationCommand(const Workspace& workspace, const CreateEvaluation& command);
void judgeEvaluationCommand(const Workspace& workspace, const JudgeEvaluation& command);
/// The part of it for JudgeKind::RewardModel.
void judgeByRewardModel(const Workspace& workspace, const JudgeEvaluation& command);
void recipeCommand(const Workspace& workspace, const RunRecipe& command);
void experimentCommand(const Workspace& workspace, const RunExperiment& command);
void demoCommand(const Workspace& workspace, const RunDemo& command);
void benchCommand(const Workspace& workspace, const Bench& command);
void chatCommand(const Workspace& workspace, const ChatTurn& command);
void scoreAnswersCommand(const Workspace& workspace, const ScoreAnswers& command);

/// Responses of a model to prompts, with progress.
struct Sampled
{
    std::vector<TokenIds> prompts;
    std::vector<std::string> promptTexts;
    std::vector<GeneratedResponse> responses;
    std::vector<std::string> texts; ///< without special tokens
};
Sampled sampleFrom(const Workspace& workspace, const Model& model, const Dataset& data,
    const GenerationOptions& options, std::uint64_t seed);

} // namespace mpo

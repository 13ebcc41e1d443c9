// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/experiment_recipe.h"
#include "core/config/recipe.h"
#include "core/config/settings.h"
#include "core/data/dataset_importer.h"
#include "core/data/pair_export.h"
#include "core/data/reward_gap.h"
#include "core/engine/talk.h"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mpo {

// Everything the application can ask of the engine. Values only: no tensors, no Qt. Wherever a model is named, a name
// in the project, a Hugging Face folder, an adapter folder of PEFT or "ORG/NAME" in the Hugging Face cache works, in
// this order; wherever data is named, a data set of the project or a file.

struct ImportDataset
{
    std::filesystem::path file;
    ImportOptions options;
};

/// Rows of a data set, or of one bucket of a split of it, as a file.
struct ExportDataset
{
    std::string data;
    std::filesystem::path file; ///< .jsonl, .jsonl.gz or .csv
    ExportFormat format = ExportFormat::Trl;
    std::string split, bucket; ///< split: empty for all; bucket: "easy" or "hard"
    std::uint64_t seed = 0; ///< draws the sides of Arena battles
};

struct ImportModel
{
    std::filesystem::path source; ///< a Hugging Face folder, GGUF file or "ORG/NAME" in the cache; is copied
    std::string name; ///< empty: the folder's name
};

/// Makes a model a part of the project that stays where it lies.
struct AddModel
{
    std::string source; ///< a Hugging Face folder, GGUF file or "ORG/NAME" in the cache
    std::string name; ///< empty: the folder's, or NAME
};

/// Fetches a model from the Hugging Face hub into the cache, or what is missing of it. Goes on where it was stopped.
struct DownloadModel
{
    std::string repository; ///< "ORG/NAME"
    std::string revision = "main"; ///< branch, tag or commit
    std::string name; ///< then added to the project as AddModel does; empty: it is in the cache only
};

struct ExportModel
{
    std::string model;
    std::filesystem::path folder; ///< must not exist or be empty
    bool merge = false; ///< an adapter is added into the weights of its base; false: its folder is written
    std::string adapter; ///< a LoRA on `model`; empty: none
};

struct TrainStage
{
    StageKind stage = StageKind::Dpo;
    std::string model; ///< policy or, for the reward stage, the trunk to start from
    std::string data;
    std::string out; ///< a name in the project, or a folder if it holds a '/'
    Settings settings {StageKind::Dpo};
    std::string rewardModel; ///< ppo: required
    std::string reference; ///< dpo, ppo: empty = `model` as it is at the start
    std::string sftModel; ///< ppo: for the KL to SFT; empty: not logged
    std::string adapter; ///< folder or model with a LoRA on `model` that is trained on; empty: lora_rank decides
    std::string split; ///< empty: all pairs; dpo: its easy pairs; ppo: prompts of its hard pairs
    std::string splitBucket; ///< "", "easy" or "hard": overrides the choice above
    std::int64_t limit = 0; ///< first N pairs only; 0: all
    bool restart = false; ///< begin anew although an interrupted or finished run is there
    /// An interrupted run of the same name but of other settings or models ends the command with a sentence. False: it
    /// is left as it is, and a new run begins.
    bool refuseOtherSettings = false;
};

struct ScorePairs
{
    std::string data;
    std::string rewardModel; ///< empty with folds >= 2
    std::string model; ///< trunk for k-fold reward models
    int folds = 0; ///< >= 2: train a reward model on the other folds for each fold
    Settings settings {StageKind::Reward};
    std::string adapter; ///< a LoRA on `rewardModel`; empty: none
    std::string name; ///< of the score set; empty: made from the data's name
    std::int64_t limit = 0;
};

struct SplitPairs
{
    std::string data, scoreSet;
    SplitRule rule;
    std::string name;
    std::int64_t edits
        = 0; ///< revision of the edits by hand that it is made with; 0: none, kLatestEdits: all there are
};

struct SampleResponses
{
    std::string model, data;
    std::int64_t limit = 0; ///< first N prompts; 0: all
    std::int64_t maxNewTokens = 128;
    double temperature = 1.0, topP = 1.0;
    std::int64_t topK = 0;
    bool greedy = false;
    std::uint64_t seed = 42;
    std::string dtype = "auto"; ///< of the products, as of the setting
    std::string rewardModel; ///< empty: no scores
    std::string adapter; ///< a LoRA on `model`; empty: none
};

struct ComputeLogProbs
{
    std::string model, data;
    std::string dtype = "fp32";
    std::string adapter; ///< a LoRA on `model`; empty: none
};

/// A blind side-by-side session on responses sampled from two models for prompts of a data set, or on the pairs of the
/// data set themselves (no models): A is then the chosen response, B the rejected one.
/// Of two sources one session; of more a session for every two of them, all on the same responses.
struct CreateEvaluation
{
    /// Models, as everywhere, and files with responses ("FILE", of one of several in it "FILE#NAME"; response_file.h).
    /// None: the pairs of `data` themselves are judged, A is the chosen response.
    std::vector<std::string> sources;
    std::string data; ///< prompts; empty: those that the files share
    std::string name;
    std::int64_t prompts = 32; ///< drawn at random with `seed`
    std::int64_t maxNewTokens = 128;
    double temperature = 0.7;
    std::uint64_t seed = 42;
    std::string rewardModel; ///< scores the responses, to be compared with people; empty: none
    std::int64_t repeats = 0; ///< hidden repeats with sides exchanged
    std::string gold; ///< pairs of which the chosen response is known to be better; empty: none
    std::int64_t goldItems = 5; ///< of them, drawn at random
    int annotators = 1; ///< people who will judge
    int overlap = 0; ///< of them judge each item; 0: all
    int gapStrata = 0; ///< as many prompts of each of so many groups by reward gap; below 2: drawn without regard to it
    std::vector<std::string> criteria {}; ///< that are voted on beside the verdict; requireCriteria()
    bool strength = false; ///< ask how much better the better response is
    bool withoutLeaks = false; ///< leave out prompts to which a response may tell whose it is (identity_leak.h)
};

/// Who judges a session instead of people.
enum class JudgeKind {
    Endpoint, ///< a language model behind an endpoint that speaks OpenAI's chat completions
    Model, ///< a language model of the project or on this machine, asked the same questions
    RewardModel, ///< the higher score wins
};

/// Verdicts of a model on the items of an open session. Given again it goes on where it stopped; what was answered is
/// not asked, and not paid, again.
struct JudgeEvaluation
{
    std::string evaluation;
    JudgeKind kind = JudgeKind::Endpoint;
    std::string model; ///< as the endpoint calls it, or a model as everywhere
    std::string name; ///< of the judge in the session, after "model:"; empty: that of the model
    double margin = 0.0; ///< RewardModel: scores that differ by no more are a tie; >= 0

    // Language models.
    std::string judgeTemplate = "hh"; ///< "hh", "tldr" or a file
    bool bothOrders = true;
    double temperature = 0.0;
    std::int64_t maxTokens = 1024; ///< of an answer
    std::int64_t maxCalls = 0; ///< 0: no limit

    // Endpoints.
    std::string baseUrl; ///< "https://HOST/v1"
    std::string key; ///< the API key; stays in memory. Empty: the one in keyVariable
    std::string keyVariable = "MPO_JUDGE_API_KEY"; ///< the environment variable that holds the key; unset: none is sent
    std::string extra; ///< JSON object with fields of the request over those above; null takes one away
    double timeout = 120.0; ///< seconds for one answer
    int attempts = 6; ///< of one request
    double firstDelay = 1.0; ///< seconds before the second; doubles
    double perMinute = 0.0; ///< requests at most; 0: no limit
    double maxCost = 0.0, promptPrice = 0.0, answerPrice = 0.0; ///< prices of a million tokens; maxCost 0: no limit
};

struct RunRecipe
{
    Recipe recipe;
    std::filesystem::path file; ///< it was read from, with `sets` over it; may be empty
    std::vector<std::string> sets;
};

/// A matrix of methods and seeds with a table at the end. Given again it goes on where it stopped.
struct RunExperiment
{
    ExperimentRecipe recipe;
    std::filesystem::path file; ///< it was read from, with `sets` over it; may be empty
    std::vector<std::string> sets;
};

/// The whole of MPO on generated data with a known true reward.
struct RunDemo
{
    bool fast = false;
    std::uint64_t seed = 1;
    std::filesystem::path report; ///< folder; empty: report/ in the project
};

/// How fast this machine is at a workload: a few steps on the first examples, nothing is kept.
struct Bench
{
    enum class Workload { Sft, Reward, Dpo, Ppo, Score, Generate };
    Workload workload = Workload::Dpo;
    std::string model; ///< reward, score and ppo make a reward model with a random head of it
    std::string data;
    Settings settings {StageKind::Dpo}; ///< of the stage; score: batch_size pairs a step; generate: those of PPO
    std::int64_t steps = 6; ///< the first is a warm-up and not measured
};

using Command = std::variant<ImportDataset, ExportDataset, ImportModel, AddModel, DownloadModel, ExportModel,
    TrainStage, ScorePairs, SplitPairs, SampleResponses, ComputeLogProbs, CreateEvaluation, JudgeEvaluation, RunRecipe,
    RunExperiment, RunDemo, Bench, ChatTurn, ScoreAnswers>;

} // namespace mpo

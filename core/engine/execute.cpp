// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/workspace.h"
#include "core/model/tensor_memory.h"

namespace mpo {

namespace {
template<class... Ts>
struct Overloaded : Ts...
{
    using Ts::operator()...;
};

void carryOut(const Workspace& workspace, const Command& command)
{
    std::visit(Overloaded {
                   [&](const ImportDataset& c) { importDatasetCommand(workspace, c); },
                   [&](const ExportDataset& c) { exportDatasetCommand(workspace, c); },
                   [&](const ImportModel& c) { importModelCommand(workspace, c); },
                   [&](const AddModel& c) { addModelCommand(workspace, c); },
                   [&](const DownloadModel& c) { downloadModelCommand(workspace, c); },
                   [&](const ExportModel& c) { exportModelCommand(workspace, c); },
                   [&](const TrainStage& c) { trainCommand(workspace, c); },
                   [&](const ScorePairs& c) { scoreCommand(workspace, c); },
                   [&](const SplitPairs& c) { splitCommand(workspace, c); },
                   [&](const SampleResponses& c) { sampleCommand(workspace, c); },
                   [&](const ComputeLogProbs& c) { logProbsCommand(workspace, c); },
                   [&](const CreateEvaluation& c) { createEvaluationCommand(workspace, c); },
                   [&](const JudgeEvaluation& c) { judgeEvaluationCommand(workspace, c); },
                   [&](const RunRecipe& c) { recipeCommand(workspace, c); },
                   [&](const RunExperiment& c) { experimentCommand(workspace, c); },
                   [&](const RunDemo& c) { demoCommand(workspace, c); },
                   [&](const Bench& c) { benchCommand(workspace, c); },
                   [&](const ChatTurn& c) { chatCommand(workspace, c); },
                   [&](const ScoreAnswers& c) { scoreAnswersCommand(workspace, c); },
               },
        command);
}

} // namespace

void executeCommand(
    const Command& command, Project& project, const EventSink& sink, std::stop_token stop, PauseGate& gate)
{
    keepTensorMemory();
    const Workspace workspace(project, sink, std::move(stop), gate);
    workspace.joinLaunched();
    const struct Released
    {
        ~Released() { releaseTensorMemory(); } // models and tensors of the command are gone by then
    } released;
    try {
        carryOut(workspace, command);
    } catch (const std::exception& error) {
        workspace.leaveReason(error.what());
        throw;
    }
}

} // namespace mpo

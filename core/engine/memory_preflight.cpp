// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/memory_preflight.h"

#include "core/chat/chat_pair.h"
#include "core/engine/workspace.h"
#include "core/model/adapter_folder.h"
#include "core/model/config_reader.h"
#include "core/model/gguf/gguf_config.h"
#include "core/model/model_family.h"
#include "core/stage/memory_estimate.h"
#include "core/support/error.h"
#include "core/support/gguf_file.h"
#include "core/tokenizer/tokenizer_gguf.h"

namespace fs = std::filesystem;

namespace mpo {

namespace {

/// A workspace that nobody listens to.
class Quietly
{
public:
    Quietly(Project& project, const std::stop_token& stop)
        : m_workspace(project, m_sink, stop, m_gate)
    {
    }
    const Workspace& workspace() const { return m_workspace; }

private:
    EventSink m_sink = [](const Event&) {};
    PauseGate m_gate;
    Workspace m_workspace;
};

struct ModelFacts
{
    ModelConfig config;
    std::int64_t fileBytes = 0, adapterRank = 0;
    bool isReward = false;
};

std::int64_t weightBytes(const fs::path& folder)
{
    std::int64_t bytes = 0;
    std::error_code ignored;
    if (fs::is_regular_file(folder, ignored))
        return std::int64_t(fs::file_size(folder, ignored));
    for (const auto& entry : fs::directory_iterator(folder, ignored))
        if (entry.path().extension() == ".safetensors")
            bytes += std::int64_t(entry.file_size(ignored));
    return bytes;
}

/// What a configuration says, without the weights.
ModelFacts factsOf(const fs::path& given)
{
    ModelFacts facts;
    fs::path folder = given;
    if (!isGgufFile(given) && isAdapterFolder(given)) {
        const Json adapter = readJsonFile(given / "adapter_config.json");
        facts.adapterRank = adapter.value("r", std::int64_t(8));
        folder = baseOfAdapter(given);
    }
    const Json config = isGgufFile(folder) ? ggufConfig(GgufFile(folder)) : readJsonFile(folder / "config.json");
    facts.config = findModelFamily(ConfigReader(config).text("model_type", {})).readConfig(config);
    if (!isGgufFile(folder)) // those of a GGUF file become fp32 one by one while it is read
        facts.fileBytes = weightBytes(folder);
    if (const auto classes = config.find("architectures"); classes != config.end() && classes->is_array())
        for (const Json& name : *classes)
            facts.isReward
                = facts.isReward || (name.is_string() && name.get<std::string>().ends_with("Classification"));
    return facts;
}

} // namespace

std::vector<RowLengths> rowLengths(Project& project, const TrainStage& command, const std::stop_token& stop)
{
    const Quietly quietly(project, stop);
    const Workspace& workspace = quietly.workspace();
    RowSource data = trainingRows(workspace, command);
    if (command.stage == StageKind::Ppo)
        data.kind = DatasetKind::Prompts;
    const fs::path folder = workspace.modelFolder(command.model);
    std::shared_ptr<const Tokenizer> tokenizer;
    if (isGgufFile(folder))
        tokenizer = loadGgufTokenizer(GgufFile(folder));
    else if (Tokenizer::isIn(folder))
        tokenizer = Tokenizer::load(folder);
    else if (isAdapterFolder(folder) && Tokenizer::isIn(baseOfAdapter(folder)))
        tokenizer = Tokenizer::load(baseOfAdapter(folder));
    const RowReport report = tokenizeRows(
        data, tokenizer.get(), 0, Truncation::CutEnd, stop, std::make_shared<TokenStore>(project.folder()));
    return lengthsOf(report.pairs);
}

std::int64_t parametersOf(Project& project, const std::string& model)
{
    const Quietly quietly(project, {});
    const ModelFacts facts = factsOf(quietly.workspace().modelFolder(model));
    return parameterCount(facts.config, !facts.isReward);
}

Preflight preflight(Project& project, const TrainStage& command, const std::vector<RowLengths>& rows)
{
    const Quietly quietly(project, {});
    const Workspace& workspace = quietly.workspace();
    const ModelFacts facts = factsOf(workspace.modelFolder(command.model));
    MemoryInput input;
    input.stage = command.stage;
    input.settings = command.settings;
    input.model = facts.config;
    input.fileBytes = facts.fileBytes;
    input.isReward = facts.isReward;
    if (!command.adapter.empty())
        input.adapterRank = factsOf(workspace.modelFolder(command.adapter)).adapterRank;
    const auto other = [&](const std::string& name) {
        return name.empty() || name == command.model ? std::optional<ModelConfig>()
                                                     : std::optional(factsOf(workspace.modelFolder(name)).config);
    };
    input.reference = other(command.reference);
    input.reward = other(command.rewardModel);
    input.sft = other(command.sftModel);
    input.rows = withinLimit(rows, command.stage, command.settings.integer("max_length"));
    return preflightOf(input);
}

Preflight preflightOf(const MemoryInput& input)
{
    Preflight result;
    result.need = estimateMemory(input);
    if (const std::int64_t free = availableMemory(); free > 0)
        result.available = free + residentMemory();
    result.fits = result.available == 0 || result.need.total() <= result.available;
    if (!result.fits)
        result.proposals = proposalsFor(input, result.available);
    return result;
}

std::string Preflight::sentence() const
{
    std::string text = "Needs about " + memoryText(need.total()) + " of memory";
    if (available > 0)
        text += fmt::format("; {} are free{}", memoryText(available), fits ? "" : ", so it will not fit");
    return text;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/synthetic_preferences.h"
#include "core/engine/workspace.h"
#include "core/evaluation/statistics.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/tokenizer/bpe_trainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace fs = std::filesystem;

namespace mpo {

namespace {

/// What the demo says of one model on the held-out prompts.
struct Judged
{
    std::string title;
    std::vector<double> trueRewards;
    double klToSft = 0.0, length = 0.0;
};

Json demoModel(std::int64_t vocabulary)
{
    return Json {{"architectures", {"LlamaForCausalLM"}}, {"model_type", "llama"}, {"vocab_size", vocabulary},
        {"hidden_size", 128}, {"intermediate_size", 344}, {"num_hidden_layers", 4}, {"num_attention_heads", 4},
        {"num_key_value_heads", 2}, {"max_position_embeddings", 256}, {"rms_norm_eps", 1e-5}, {"rope_theta", 10000.0},
        {"tie_word_embeddings", true}, {"hidden_act", "silu"}, {"initializer_range", 0.02}, {"bos_token_id", nullptr},
        {"eos_token_id", 0}, {"pad_token_id", 1}};
}

double mean(const std::vector<double>& values)
{
    double sum = 0.0;
    for (const double value : values)
        sum += value;
    return values.empty() ? 0.0 : sum / double(values.size());
}

std::string escaped(const std::string& text)
{
    std::string out;
    for (const char c : text)
        out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
    return out;
}

/// Bars left and right of the threshold in two colours.
std::string histogramSvg(const std::vector<double>& gaps, double threshold)
{
    const Histogram bins = histogram(gaps, 40);
    const auto most = double(std::max<std::int64_t>(1, *std::max_element(bins.counts.begin(), bins.counts.end())));
    const auto x = [&](double gap) { return 40.0 + 600.0 * (gap - bins.low) / (bins.high - bins.low); };
    std::string svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 680 280' width='680' "
                      "font-family='sans-serif' font-size='12'>"
                      "<rect width='680' height='280' fill='white'/>";
    for (std::size_t i = 0; i < bins.counts.size(); ++i) {
        const double left = bins.low + double(i) * bins.binWidth(), height = 200.0 * double(bins.counts[i]) / most;
        svg += fmt::format("<rect x='{:.1f}' y='{:.1f}' width='14' height='{:.1f}' fill='{}'/>", x(left),
            230.0 - height, height, left + bins.binWidth() / 2 > threshold ? "#2a7de1" : "#e08a1e");
    }
    svg += fmt::format("<line x1='{0:.1f}' x2='{0:.1f}' y1='20' y2='230' stroke='#444' stroke-dasharray='4 3'/><text "
                       "x='{1:.1f}' y='18'>threshold "
                       "{2:.2f}</text><line x1='40' x2='640' y1='230' y2='230' stroke='#444'/>",
        x(threshold), x(threshold) + 4, threshold);
    for (int i = 0; i <= 4; ++i) {
        const double gap = bins.low + (bins.high - bins.low) * i / 4.0;
        svg += fmt::format("<text x='{:.1f}' y='248' text-anchor='middle'>{:.2f}</text>", x(gap), gap);
    }
    return svg + "<text x='340' y='270' text-anchor='middle'>reward gap (orange: hard, blue: easy)</text></svg>";
}

std::string curveSvg(const std::string& title, const std::vector<MetricPoint>& points)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const MetricPoint& point : points)
        if (std::isfinite(point.value)) {
            low = std::min(low, point.value);
            high = std::max(high, point.value);
        }
    if (!(low < high)) {
        low = std::isfinite(low) ? low - 0.5 : 0.0;
        high = low + 1.0;
    }
    const double last = double(std::max<std::int64_t>(2, points.back().step));
    std::string line;
    for (const MetricPoint& point : points)
        if (std::isfinite(point.value))
            line += fmt::format("{:.1f},{:.1f} ", 60.0 + 250.0 * double(point.step - 1) / (last - 1.0),
                140.0 - 110.0 * (point.value - low) / (high - low));
    return fmt::format(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 330 170' width='330' font-family='sans-serif' "
        "font-size='11'>"
        "<rect width='330' height='170' fill='white'/><text x='60' y='18' font-weight='bold'>{}</text>"
        "<text x='55' y='34' text-anchor='end'>{:.3g}</text><text x='55' y='144' text-anchor='end'>{:.3g}</text>"
        "<line x1='60' x2='310' y1='140' y2='140' stroke='#888'/><line x1='60' x2='60' y1='30' y2='140' stroke='#888'/>"
        "<text x='310' y='156' text-anchor='end'>step {}</text><polyline fill='none' stroke='#2a7de1' "
        "stroke-width='1.5' points='{}'/></svg>",
        escaped(title), high, low, points.back().step, line);
}

} // namespace

void demoCommand(const Workspace& workspace, const RunDemo& command)
{
    Project& project = workspace.project();
    const std::int64_t scale = command.fast ? 1 : 3;
    const int steps = 9;
    int step = 0;
    const auto next = [&](const std::string& title) {
        if (workspace.stopped())
            fail("The demo was stopped");
        workspace.send(PipelineStep {title, ++step, steps});
    };

    // 1. Data, tokenizer and model from nothing.
    next("Making data, tokenizer and model");
    SyntheticPreferences world(command.seed);
    const Dataset completions = world.completions(1500 * scale), pairs = world.pairs(700 * scale),
                  prompts = world.prompts(100 * scale);
    std::vector<std::string> texts;
    for (const PreferencePair& row : completions.pairs)
        texts.push_back(row.prompt + row.chosen);
    for (const PreferencePair& row : prompts.pairs)
        texts.push_back(row.prompt);
    const fs::path tokenizerFolder = project.folder() / "models" / ".demo-tokenizer";
    trainByteLevelBpe(texts, 512, tokenizerFolder);
    const auto tokenizer = Tokenizer::load(tokenizerFolder);
    std::vector<std::string> names;
    for (const Dataset* data : {&completions, &pairs, &prompts}) {
        Dataset named = *data;
        named.name = project.freeName(data->name);
        names.push_back(named.name);
        project.addDataset(named, fmt::format("made by the demo, seed {}", command.seed));
    }
    const std::string &sftData = names[0], &pairData = names[1];
    workspace.save(
        createModel(demoModel(tokenizer->vocabularySize()), command.seed, tokenizer), "demo-base", std::nullopt, {});

    const auto train
        = [&](StageKind stage, const std::string& model, const std::string& data, const std::string& out,
              const std::vector<std::pair<std::string, SettingValue>>& settings, const std::string& split = {}) {
              TrainStage train;
              train.stage = stage;
              train.model = model;
              train.data = data;
              train.out = out;
              train.restart = true;
              train.split = split;
              train.settings = Settings(stage);
              for (const auto& [name, value] : settings)
                  train.settings.set(name, value);
              if (stage == StageKind::Ppo) {
                  train.rewardModel = "demo-reward";
                  train.sftModel = "demo-sft";
              }
              trainCommand(workspace, train);
          };
    using I = std::int64_t;

    // 2. The stages and the baselines.
    next("Supervised fine-tuning");
    train(StageKind::Sft, "demo-base", sftData, "demo-sft",
        {{"learning_rate", 2e-3}, {"batch_size", I(32)}, {"epochs", 4.0}, {"warmup_steps", I(10)}});
    next("Reward model");
    const std::vector<std::pair<std::string, SettingValue>> rewardSettings {
        {"learning_rate", 4e-4}, {"batch_size", I(32)}, {"epochs", 3.0}, {"centering", 0.01}};
    train(StageKind::Reward, "demo-sft", pairData, "demo-reward", rewardSettings);

    next("Scoring the pairs with held-out reward models");
    ScorePairs score;
    score.data = pairData;
    score.model = "demo-sft";
    score.folds = 2;
    for (const auto& [name, value] : rewardSettings)
        score.settings.set(name, value);
    score.settings.set("eval_share", 0.0);
    score.name = project.freeName("demo-scores");
    scoreCommand(workspace, score);
    SplitPairs divide {pairData, score.name,
        {SplitRule::By::EasyShare, 0.5, false, {}, ContradictoryAction::TreatAsHard}, project.freeName("demo-split")};
    splitCommand(workspace, divide);

    const std::vector<std::pair<std::string, SettingValue>> dpoSettings {
        {"learning_rate", 1e-4}, {"batch_size", I(32)}, {"epochs", 2.0}, {"beta", 0.1}};
    const std::vector<std::pair<std::string, SettingValue>> ppoSettings {{"learning_rate", 1e-4},
        {"value_learning_rate", 3e-4}, {"rollout_batch", I(64)}, {"minibatch_size", I(32)}, {"micro_batch", I(32)},
        {"ppo_epochs", I(2)}, {"max_new_tokens", I(56)}, {"kl_coef", 0.05}, {"missing_eos_penalty", 2.0},
        {"total_episodes", I(64 * 8 * scale)}};
    next("DPO on all pairs");
    train(StageKind::Dpo, "demo-sft", pairData, "demo-dpo-all", dpoSettings);
    next("DPO on the easy pairs");
    train(StageKind::Dpo, "demo-sft", pairData, "demo-dpo", dpoSettings, divide.name);
    next("PPO on all prompts, anchored to SFT");
    train(StageKind::Ppo, "demo-sft", pairData, "demo-ppo-all", ppoSettings);
    next("MPO: PPO on the hard prompts, anchored to the DPO model");
    train(StageKind::Ppo, "demo-dpo", pairData, "demo-mpo", ppoSettings, divide.name);

    // 3. Compare on held-out prompts by the true reward.
    next("Comparing the models");
    const Model sft = workspace.model("demo-sft");
    std::vector<Judged> judged;
    for (const auto& [title, name] :
        std::vector<std::pair<std::string, std::string>> {{"SFT", "demo-sft"}, {"DPO (all pairs)", "demo-dpo-all"},
            {"DPO (easy pairs)", "demo-dpo"}, {"PPO (all prompts)", "demo-ppo-all"}, {"MPO", "demo-mpo"}}) {
        const Model model = workspace.model(name);
        GenerationOptions options;
        options.maxNewTokens = 80;
        options.stopIds = stopIds(model);
        options.batchRows = 64;
        const Sampled sampled = sampleFrom(workspace, model, prompts, options, command.seed + 1);
        Judged entry {title, {}, 0.0, 0.0};
        std::vector<TokenIds> ids;
        for (std::size_t i = 0; i < sampled.responses.size(); ++i) {
            entry.trueRewards.push_back(SyntheticPreferences::trueReward(sampled.promptTexts[i], sampled.texts[i]));
            entry.length += double(sampled.responses[i].ids.size()) / double(sampled.responses.size());
            ids.push_back(sampled.responses[i].ids);
        }
        const auto own = responseSums(model, sampled.prompts, ids, 1.0),
                   theirs = responseSums(sft, sampled.prompts, ids, 1.0);
        for (std::size_t i = 0; i < own.size(); ++i)
            entry.klToSft += (own[i] - theirs[i]) / double(own.size());
        judged.push_back(std::move(entry));
    }
    std::vector<std::vector<std::string>> table {
        {"Model", "True reward", "Wins against SFT (95 %)", "KL to SFT (nats)", "Length (tokens)"}};
    for (const Judged& entry : judged) {
        Tally tally;
        for (std::size_t i = 0; i < entry.trueRewards.size(); ++i)
            ++(entry.trueRewards[i] > judged[0].trueRewards[i]        ? tally.wins
                    : entry.trueRewards[i] < judged[0].trueRewards[i] ? tally.losses
                                                                      : tally.ties);
        double squares = 0.0;
        const double average = mean(entry.trueRewards);
        for (const double value : entry.trueRewards)
            squares += (value - average) * (value - average);
        const double n = double(entry.trueRewards.size()), error = std::sqrt(squares / (n - 1.0) / n);
        const Interval interval = wilsonInterval(winRate(tally), tally.total());
        table.push_back({entry.title, fmt::format("{:.2f} ± {:.2f}", average, 1.96 * error),
            &entry == &judged[0] ? "–"
                                 : fmt::format("{:.0f} % ({:.0f} to {:.0f})", 100 * winRate(tally), 100 * interval.low,
                                     100 * interval.high),
            fmt::format("{:.1f}", entry.klToSft), fmt::format("{:.1f}", entry.length)});
    }

    // 4. The report.
    const fs::path folder = command.report.empty() ? project.folder() / "report" : fs::absolute(command.report);
    std::vector<double> gaps;
    for (const PairScore& pair : project.loadScores(score.name))
        gaps.push_back(pair.gap());
    const SplitRow split = project.loadSplit(divide.name);
    const std::string bars = histogramSvg(gaps, split.split.threshold);
    writeFileAtomically(folder / "histogram.svg", bars);
    std::string page = "<!doctype html><html lang='en'><meta charset='utf-8'><title>MPO "
                       "demo</title><style>body{font:15px/1.5 sans-serif;max-width:960px;"
                       "margin:2em auto;padding:0 1em}table{border-collapse:collapse}td,th{padding:.3em "
                       "1em;border-bottom:1px solid #ccc;text-align:left}"
                       "svg{margin:.3em}</style><h1>MPO on generated data</h1>";
    page += fmt::format("<p>{} preference pairs with noisy labels, a Llama of {} parameters, seed {}. All numbers come "
                        "from this run, on {} prompts about "
                        "subjects that no training pair mentions.</p><table>",
        pairs.pairs.size(), sft.parameterCount(), command.seed, prompts.pairs.size());
    for (std::size_t row = 0; row < table.size(); ++row) {
        page += "<tr>";
        for (const std::string& cell : table[row])
            page += (row == 0 ? "<th>" : "<td>") + escaped(cell);
        page += "\n";
    }
    page += "</table>";
    std::size_t best = 0;
    for (std::size_t i = 1; i < judged.size(); ++i)
        if (mean(judged[i].trueRewards) > mean(judged[best].trueRewards))
            best = i;
    page += fmt::format("<p>The highest true reward in this run: <b>{}</b>.</p><h2>Reward gaps and the split</h2>{}",
        judged[best].title, bars);
    for (const RunRow& run : project.runs()) {
        if (run.name.rfind("demo-", 0) != 0 || (run.stage != "dpo" && run.stage != "ppo"))
            continue;
        page += fmt::format("<h2>{} {}</h2>", escaped(run.stage), escaped(run.name));
        for (const MetricSeries& series : project.metrics(run.id))
            for (const char* wanted : {"loss", "rewards/margins", "rewards/accuracies", "objective/scores",
                     "objective/kl", "objective/kl_sft", "response/length"})
                if (series.name == wanted) {
                    const std::string svg = curveSvg(series.name, series.points);
                    std::string file = fmt::format("{}-{}.svg", run.name, series.name);
                    std::replace(file.begin(), file.end(), '/', '-');
                    writeFileAtomically(folder / file, svg);
                    page += svg;
                }
    }
    writeFileAtomically(folder / "index.html", page + "</html>\n");
    workspace.send(ReportWritten {folder, table});
}

} // namespace mpo

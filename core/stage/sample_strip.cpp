// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/sample_strip.h"

#include "core/stage/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mpo {

namespace {

constexpr std::int64_t kTimes = 10; ///< in a run, where the settings do not say how often

} // namespace

std::vector<std::int64_t> sampleNumbers(std::int64_t count, std::int64_t wanted)
{
    std::vector<std::int64_t> numbers;
    const std::int64_t shown = std::min(count, wanted);
    for (std::int64_t i = 0; i < shown; ++i)
        numbers.push_back(i * count / shown);
    return numbers;
}

SampleStrip::SampleStrip(
    const StageContext& context, std::vector<TokenIds> prompts, Decoding decoding, SampleScore score)
    : m_context(context)
    , m_prompts(context.samples ? std::move(prompts) : std::vector<TokenIds>())
    , m_decoding(decoding)
    , m_score(std::move(score))
    , m_every(context.settings.integer("sample_every"))
{
}

void SampleStrip::showReference(const Model& reference) const { write(reference, 0, true); }

bool SampleStrip::due(std::int64_t step, std::int64_t totalSteps) const
{
    const std::int64_t every = m_every > 0 ? m_every : std::max<std::int64_t>(1, totalSteps / kTimes);
    return !m_prompts.empty() && (step % every == 0 || step == totalSteps);
}

void SampleStrip::show(const Model& policy, std::int64_t step) const { write(policy, step, false); }

void SampleStrip::write(const Model& model, std::int64_t step, bool byReference) const
{
    if (m_prompts.empty() || !model.tokenizer)
        return;
    if (m_context.progress)
        m_context.progress("Sampling responses to look at", -1.0, {});
    GenerationOptions options;
    options.maxNewTokens = m_decoding.maxNewTokens;
    if (const std::int64_t positions = model.config().maxPositions; positions > 0) {
        std::size_t longest = 0;
        for (const TokenIds& prompt : m_prompts)
            longest = std::max(longest, prompt.size());
        options.maxNewTokens = std::min<std::int64_t>(options.maxNewTokens, positions - std::int64_t(longest));
        if (options.maxNewTokens < 1) {
            if (byReference && m_context.warning)
                m_context.warning(
                    fmt::format("No samples to look at: a prompt of {} tokens leaves none of the model's {} "
                                "positions for a response",
                        longest, positions));
            return;
        }
    }
    options.temperature = m_decoding.temperature;
    options.stopIds = stopIds(model);
    const auto seed = std::uint64_t(m_context.settings.integer("seed"));
    const auto responses
        = generate(model, m_prompts, options, RandomStream(seed, "samples to look at").next(), m_context.stop);
    if (m_context.stop.stop_requested()) // cut off in the midst
        return;
    std::vector<TokenIds> ids;
    std::vector<std::string> texts;
    for (const GeneratedResponse& response : responses) {
        ids.push_back(response.ids);
        texts.push_back(model.tokenizer->decode(response.ids, Tokenizer::SpecialTokens::Skip));
    }
    const std::vector<double> scores = m_score ? m_score(ids, texts) : std::vector<double>();
    std::vector<SampleRow> rows;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        SampleRow row;
        row.step = step;
        row.item = std::int64_t(i);
        const auto& prompt = m_prompts[i];
        const bool begins = !prompt.empty() && prompt.front() == model.tokenizer->bos;
        row.prompt = model.tokenizer->decode(TokenIds(prompt.begin() + begins, prompt.end()));
        row.response = texts[i];
        if (i < scores.size() && std::isfinite(scores[i]))
            row.score = scores[i];
        row.byReference = byReference;
        rows.push_back(std::move(row));
    }
    m_context.samples(rows);
}

} // namespace mpo

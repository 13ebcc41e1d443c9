// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/generation.h"
#include "core/model/model.h"
#include "core/stage/stage_context.h"

#include <functional>
#include <string>
#include <vector>

namespace mpo {

/// Scores of a reward model for one response to each prompt of a strip, in order: given as ids and as text. Empty
/// function: no reward model is known.
using SampleScore
    = std::function<std::vector<double>(const std::vector<TokenIds>& responses, const std::vector<std::string>& texts)>;

/// Which of `count` examples a strip of `wanted` prompts shows: evenly spread over them.
std::vector<std::int64_t> sampleNumbers(std::int64_t count, std::int64_t wanted);

/// Responses to fixed prompts that are looked at during a training: those of the reference once, those of the policy
/// some times in the run, drawn the same way and from the same random numbers each time, so that what differs comes
/// from the weights. Goes by the settings sample_prompts and sample_every. Nothing of it changes the training.
class SampleStrip
{
public:
    struct Decoding
    {
        std::int64_t maxNewTokens = 64;
        double temperature = 1.0;
    };
    /// Shows nothing where the context takes no samples (as on all ranks but the first, which does not communicate
    /// here), or without prompts. Each prompt has tokens. The context must outlive this.
    SampleStrip(const StageContext& context, std::vector<TokenIds> prompts, Decoding decoding, SampleScore score);

    /// At the start of a run, not of one that goes on. The rows have step 0.
    void showReference(const Model& reference) const;
    /// After a step of the policy; does something when it is due. `policy` must take no gradients now.
    bool due(std::int64_t step, std::int64_t totalSteps) const;
    void show(const Model& policy, std::int64_t step) const;

private:
    void write(const Model& model, std::int64_t step, bool byReference) const;

    const StageContext& m_context;
    std::vector<TokenIds> m_prompts;
    Decoding m_decoding;
    SampleScore m_score;
    std::int64_t m_every = 0; ///< 0: some times in the run
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string_view>

namespace mpo {

/// Log-probs of responses summed over their tokens, and how many tokens those are. All (B) fp32.
struct PairLogProbs
{
    at::Tensor chosen, rejected;
};

struct PreferenceLossInput
{
    PairLogProbs policy; ///< differentiable
    PairLogProbs reference; ///< constants
    PairLogProbs tokens; ///< number of response tokens
};

struct PreferenceLossOptions
{
    double beta = 0.1; ///< > 0
    double labelSmoothing = 0.0; ///< in [0, 0.5): assumed share of flipped pairs
    double simpoGamma = 0.5; ///< margin wanted by simpo, in units of beta times mean log-prob
};

/// log pi - log pi_ref of each response: (B), (B).
PairLogProbs logRatios(const PreferenceLossInput& input);
/// Mean log-prob of a token of each response; 0 for one without tokens: (B), (B).
PairLogProbs meanLogProbs(const PreferenceLossInput& input);
/// z = beta * (log-ratio of chosen - log-ratio of rejected): (B).
at::Tensor scaledMargin(const PreferenceLossInput& input, const PreferenceLossOptions& options);

struct PairLoss
{
    at::Tensor loss; ///< (B), not reduced
    at::Tensor chosenRewards,
        rejectedRewards; ///< (B) detached: beta * log-ratio; without a reference beta * mean log-prob
};

/// One loss on pairs. To add one: a file in this folder, a line in the table in preference_loss.cpp, a test.
struct PreferenceLoss
{
    std::string_view name; ///< "sigmoid"; stored with runs, so it may not change
    std::string_view description; ///< one line, with the paper
    at::Tensor (*compute)(const PreferenceLossInput& input, const PreferenceLossOptions& options); ///< (B)
    bool acrossPairs = false; ///< an entry of the result depends on all pairs of the micro-batch
    bool referenceFree = false; ///< PreferenceLossInput::reference is not read and may be undefined
};
std::span<const PreferenceLoss> preferenceLosses();
const PreferenceLoss& findPreferenceLoss(std::string_view name); ///< throws Error listing the names

/// Loss and implicit rewards.
PairLoss preferenceLoss(
    const PreferenceLoss& loss, const PreferenceLossInput& input, const PreferenceLossOptions& options);

} // namespace mpo

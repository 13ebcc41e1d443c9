// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/preference_loss.h"

#include "core/loss/aot_loss.h"
#include "core/loss/apo_loss.h"
#include "core/loss/bco_loss.h"
#include "core/loss/chosen_likelihood_loss.h"
#include "core/loss/discopop_loss.h"
#include "core/loss/dpo_loss.h"
#include "core/loss/exo_loss.h"
#include "core/loss/hinge_loss.h"
#include "core/loss/ipo_loss.h"
#include "core/loss/length_normalized_dpo_loss.h"
#include "core/loss/nca_loss.h"
#include "core/loss/orpo_loss.h"
#include "core/loss/robust_loss.h"
#include "core/loss/simpo_loss.h"
#include "core/loss/sppo_loss.h"
#include "core/support/error.h"

#include <ATen/ATen.h>

#include <array>

namespace mpo {

std::span<const PreferenceLoss> preferenceLosses()
{
    static constexpr std::array losses {
        PreferenceLoss {"sigmoid", "DPO (arXiv 2305.18290); with label smoothing: conservative DPO", dpoLoss},
        PreferenceLoss {"ipo", "IPO, length-normalised (arXiv 2310.12036)", ipoLoss},
        PreferenceLoss {"hinge", "Hinge on the margin (SLiC-HF, arXiv 2305.10425; RSO, arXiv 2309.06657)", hingeLoss},
        PreferenceLoss {"robust", "Robust DPO for flipped labels (arXiv 2403.00409)", robustLoss},
        PreferenceLoss {"exo_pair", "EXO, needs label smoothing (arXiv 2402.00856)", exoPairLoss},
        PreferenceLoss {"nca_pair", "NCA: also holds up the chosen response (arXiv 2402.05369)", ncaPairLoss},
        PreferenceLoss {"bco_pair", "BCO: each response classified by itself (arXiv 2404.04656)", bcoPairLoss},
        PreferenceLoss {"sppo_hard", "SPPO with hard labels (arXiv 2405.00675)", sppoHardLoss},
        PreferenceLoss {"aot", "AOT: sorted margins of a batch (arXiv 2406.05882)", aotLoss, true},
        PreferenceLoss {"aot_unpaired", "AOT without pairs (arXiv 2406.05882)", aotUnpairedLoss, true},
        PreferenceLoss {"apo_zero", "APO, chosen better than the model (arXiv 2408.06266)", apoZeroLoss},
        PreferenceLoss {"apo_down", "APO, chosen worse than the model (arXiv 2408.06266)", apoDownLoss},
        PreferenceLoss {"discopop", "DiscoPOP (arXiv 2406.08414)", discopopLoss},
        PreferenceLoss {"sft", "Negative log-likelihood of the chosen responses", chosenLikelihoodLoss},
        PreferenceLoss {"sigmoid_norm", "Length-normalised DPO (arXiv 2411.15124)", lengthNormalizedDpoLoss},
        PreferenceLoss {"simpo", "SimPO, without a reference (arXiv 2405.14734)", simpoLoss, false, true},
        PreferenceLoss {
            "orpo", "ORPO, without a reference; beta weighs the odds ratio (arXiv 2403.07691)", orpoLoss, false, true},
    };
    return losses;
}

const PreferenceLoss& findPreferenceLoss(std::string_view name)
{
    std::string known;
    for (const PreferenceLoss& loss : preferenceLosses()) {
        if (loss.name == name)
            return loss;
        known += (known.empty() ? "" : ", ") + std::string(loss.name);
    }
    fail("loss: \"{}\" is not known; there are {}", name, known);
}

PairLogProbs logRatios(const PreferenceLossInput& input)
{
    return {input.policy.chosen - input.reference.chosen, input.policy.rejected - input.reference.rejected};
}

at::Tensor scaledMargin(const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs ratios = logRatios(input);
    return options.beta * (ratios.chosen - ratios.rejected);
}

PairLogProbs meanLogProbs(const PreferenceLossInput& input)
{
    return {input.policy.chosen / input.tokens.chosen.clamp_min(1.0),
        input.policy.rejected / input.tokens.rejected.clamp_min(1.0)};
}

PairLoss preferenceLoss(
    const PreferenceLoss& loss, const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    const PairLogProbs rewards = loss.referenceFree ? meanLogProbs(input) : logRatios(input);
    return {
        loss.compute(input, options), options.beta * rewards.chosen.detach(), options.beta * rewards.rejected.detach()};
}

} // namespace mpo

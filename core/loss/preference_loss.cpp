// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/preference_loss.h"

#include "core/loss/dpo_loss.h"
#include "core/loss/hinge_loss.h"
#include "core/loss/ipo_loss.h"
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

PairLoss preferenceLoss(
    const PreferenceLoss& loss, const PreferenceLossInput& input, const PreferenceLossOptions& options)
{
    return {loss.compute(input, options), options.beta * (input.policy.chosen - input.reference.chosen).detach(),
        options.beta * (input.policy.rejected - input.reference.rejected).detach()};
}

} // namespace mpo

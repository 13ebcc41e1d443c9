// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <vector>

namespace mpo {

/// The PPO terms of given rollouts, in plain double arithmetic, so that anyone can check them with a few lines of
/// numpy. A row: {kl_coef, gamma, lam, cliprange, cliprange_value, vf_coef, logprobs, ref_logprobs, values,
/// new_logprobs, new_values: one list per sequence, scores: one number per sequence}. A result: {kl, rewards,
/// advantages, returns, advantages_whitened: one list per sequence, mean_kl, policy_loss, value_loss, loss, approx_kl,
/// clip_fraction, value_clip_fraction}. Throws Error naming the row (from 1) and the field.
std::vector<Json> ppoTerms(const std::vector<Json>& rows);

} // namespace mpo

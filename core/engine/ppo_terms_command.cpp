// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/ppo_terms_command.h"

#include "core/rl/ppo_terms.h"
#include "core/support/error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace mpo {

namespace {

using Ragged = std::vector<std::vector<double>>;

const Json& field(const Json& row, const char* name, std::size_t number)
{
    if (!row.is_object() || !row.contains(name))
        fail("row {}: field \"{}\" is missing", number, name);
    return row.at(name);
}

double number(const Json& value, const char* name, std::size_t row)
{
    if (!value.is_number())
        fail("row {}: field \"{}\" must hold numbers", row, name);
    return value.get<double>();
}

double numberField(const Json& row, const char* name, std::size_t rowNumber)
{
    return number(field(row, name, rowNumber), name, rowNumber);
}

std::vector<double> numbers(const Json& list, const char* name, std::size_t row)
{
    if (!list.is_array())
        fail("row {}: field \"{}\" must be a list with one entry per sequence", row, name);
    std::vector<double> result;
    for (const Json& value : list)
        result.push_back(number(value, name, row));
    return result;
}

Ragged lists(const Json& row, const char* name, std::size_t rowNumber)
{
    const Json& value = field(row, name, rowNumber);
    if (!value.is_array())
        fail("row {}: field \"{}\" must be a list with one list of numbers per sequence", rowNumber, name);
    Ragged result;
    for (const Json& list : value)
        result.push_back(numbers(list, name, rowNumber));
    return result;
}

void requireSameShape(const Ragged& first, const Ragged& other, const char* name, std::size_t row)
{
    if (first.size() != other.size())
        fail("row {}: \"logprobs\" has {} sequences, \"{}\" has {}", row, first.size(), name, other.size());
    for (std::size_t i = 0; i < first.size(); ++i)
        if (first[i].size() != other[i].size())
            fail("row {}: sequence {} has {} tokens in \"logprobs\", {} in \"{}\"", row, i + 1, first[i].size(),
                other[i].size(), name);
}

std::vector<double> flat(const Ragged& lists)
{
    std::vector<double> result;
    for (const auto& list : lists)
        result.insert(result.end(), list.begin(), list.end());
    return result;
}

/// Cuts a flat list into the lengths of `shape`.
Json ragged(const std::vector<double>& values, const Ragged& shape)
{
    Json result = Json::array();
    auto next = values.begin();
    for (const auto& list : shape) {
        const auto end = next + std::ptrdiff_t(list.size());
        result.push_back(Json(std::vector<double>(next, end)));
        next = end;
    }
    return result;
}

struct Losses
{
    double policy = 0.0, value = 0.0, approxKl = 0.0, clipFraction = 0.0, valueClipFraction = 0.0;
};

/// Formulas as in core/loss/ppo_loss.h; this second, tensor-free form is what the tensor form is checked against.
Losses losses(const std::vector<double>& oldLogProbs, const std::vector<double>& newLogProbs,
    const std::vector<double>& oldValues, const std::vector<double>& newValues, const AdvantageResult& terms,
    double clipRange, double valueClipRange)
{
    Losses sum;
    const std::size_t tokens = oldLogProbs.size();
    for (std::size_t t = 0; t < tokens; ++t) {
        const double logRatio = newLogProbs[t] - oldLogProbs[t];
        const double ratio = std::exp(logRatio), advantage = terms.whitened[t];
        const double plain = -advantage * ratio;
        const double clipped = -advantage * std::clamp(ratio, 1.0 - clipRange, 1.0 + clipRange);
        sum.policy += std::max(plain, clipped);
        sum.clipFraction += clipped > plain ? 1.0 : 0.0;
        sum.approxKl += 0.5 * logRatio * logRatio;

        const double target = terms.returns[t];
        const double near = std::clamp(newValues[t], oldValues[t] - valueClipRange, oldValues[t] + valueClipRange);
        const double plainError = (newValues[t] - target) * (newValues[t] - target);
        const double clippedError = (near - target) * (near - target);
        sum.value += 0.5 * std::max(plainError, clippedError);
        sum.valueClipFraction += clippedError > plainError ? 1.0 : 0.0;
    }
    const double count = double(std::max<std::size_t>(tokens, 1));
    return {sum.policy / count, sum.value / count, sum.approxKl / count, sum.clipFraction / count,
        sum.valueClipFraction / count};
}

Json termsOfRow(const Json& row, std::size_t number)
{
    const Ragged logProbs = lists(row, "logprobs", number);
    const Ragged reference = lists(row, "ref_logprobs", number);
    const Ragged values = lists(row, "values", number);
    const Ragged newLogProbs = lists(row, "new_logprobs", number);
    const Ragged newValues = lists(row, "new_values", number);
    requireSameShape(logProbs, reference, "ref_logprobs", number);
    requireSameShape(logProbs, values, "values", number);
    requireSameShape(logProbs, newLogProbs, "new_logprobs", number);
    requireSameShape(logProbs, newValues, "new_values", number);
    const std::vector<double> scores = numbers(field(row, "scores", number), "scores", number);
    if (scores.size() != logProbs.size())
        fail("row {}: \"logprobs\" has {} sequences, \"scores\" has {}", number, logProbs.size(), scores.size());

    std::vector<RolloutSequence> sequences;
    for (std::size_t i = 0; i < logProbs.size(); ++i)
        sequences.push_back({logProbs[i], reference[i], values[i], scores[i]});
    AdvantageOptions options;
    options.klCoefficient = numberField(row, "kl_coef", number);
    options.discount = numberField(row, "gamma", number);
    options.gaeLambda = numberField(row, "lam", number);
    const AdvantageResult terms = advantages(sequences, options);

    const Losses loss = losses(flat(logProbs), flat(newLogProbs), flat(values), flat(newValues), terms,
        numberField(row, "cliprange", number), numberField(row, "cliprange_value", number));
    Json result;
    result["kl"] = ragged(terms.kl, logProbs);
    result["rewards"] = ragged(terms.rewards, logProbs);
    result["advantages"] = ragged(terms.advantages, logProbs);
    result["returns"] = ragged(terms.returns, logProbs);
    result["advantages_whitened"] = ragged(terms.whitened, logProbs);
    result["mean_kl"] = terms.meanKl;
    result["policy_loss"] = loss.policy;
    result["value_loss"] = loss.value;
    result["loss"] = loss.policy + numberField(row, "vf_coef", number) * loss.value;
    result["approx_kl"] = loss.approxKl;
    result["clip_fraction"] = loss.clipFraction;
    result["value_clip_fraction"] = loss.valueClipFraction;
    return result;
}

} // namespace

std::vector<Json> ppoTerms(const std::vector<Json>& rows)
{
    std::vector<Json> results;
    for (std::size_t i = 0; i < rows.size(); ++i)
        results.push_back(termsOfRow(rows[i], i + 1));
    return results;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/log_probs.h"

#include "core/model/blocks/row_kernels.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace mpo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// hidden W^T, soft-capped; then in fp32. `slope`: d logits / d product where a cap bends it. (C, V)
at::Tensor logitsOf(const at::Tensor& hidden, const at::Tensor& weight, double softCap, at::Tensor* slope = nullptr)
{
    at::Tensor logits = hidden.matmul(weight.t());
    if (softCap <= 0.0)
        return logits;
    logits = logits.to(at::kFloat).div_(softCap).tanh_();
    if (slope)
        *slope = logits.square().neg_().add_(1.0);
    return logits.mul_(softCap);
}

rows::LogSums logSumsOf(const at::Tensor& logits, double temperature, bool wantEntropy)
{
    if (logits.is_cpu())
        return rows::logSumExp(logits, temperature, wantEntropy);
    at::Tensor scaled = logits.to(at::kFloat) / temperature;
    rows::LogSums sums {scaled.logsumexp(-1), {}};
    if (wantEntropy) {
        // -sum p log p. The shorter logsumexp - sum p * logit would subtract two large numbers.
        scaled.sub_(sums.logSum.unsqueeze(1));
        sums.entropy = scaled.exp().mul_(scaled).sum(-1).neg_();
    }
    return sums;
}

/// (onehot(target) - softmax) g. (C, V)
at::Tensor gradientOf(const at::Tensor& logits, double temperature, const at::Tensor& logSums,
    const at::Tensor& targets, const at::Tensor& g)
{
    if (logits.is_cpu())
        return rows::logProbBackward(logits, temperature, logSums, targets, g);
    at::Tensor d = (logits.to(at::kFloat) / temperature).sub_(logSums.unsqueeze(1)).exp_();
    d.mul_(g.neg().unsqueeze(1));
    return d.scatter_add_(1, targets.unsqueeze(1), g.unsqueeze(1));
}

/// Chunks of logits are computed, reduced and dropped; backward computes them again from what is small: hidden states
/// and the logsumexp of each row. d log p[target] / d logits = onehot(target) - softmax.
struct ChunkedLogProbs : torch::autograd::Function<ChunkedLogProbs>
{
    static variable_list forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight,
        const at::Tensor& targets, double temperature, double softCap, bool wantEntropy, std::int64_t chunk,
        bool bfloat16)
    {
        const at::NoGradGuard noGrad;
        const at::ScalarType type = bfloat16 ? at::kBFloat16 : at::kFloat;
        const at::Tensor h = hidden.to(type), w = weight.to(type);
        const std::int64_t count = h.size(0);
        const auto numbers = hidden.options().dtype(at::kFloat);
        at::Tensor logProbs = at::empty({count}, numbers), logSums = at::empty({count}, numbers);
        at::Tensor entropy = wantEntropy ? at::empty({count}, numbers) : at::Tensor();
        for (std::int64_t first = 0; first < count; first += chunk) {
            const std::int64_t n = std::min(chunk, count - first);
            const at::Tensor logits = logitsOf(h.narrow(0, first, n), w, softCap); // (C, V)
            const rows::LogSums sums = logSumsOf(logits, temperature, wantEntropy);
            const at::Tensor chosen = logits.gather(1, targets.narrow(0, first, n).unsqueeze(1)).squeeze(1);
            logSums.narrow(0, first, n).copy_(sums.logSum);
            logProbs.narrow(0, first, n).copy_(chosen.to(at::kFloat).div_(temperature).sub_(sums.logSum));
            if (wantEntropy)
                entropy.narrow(0, first, n).copy_(sums.entropy);
        }
        context->save_for_backward({hidden, weight, targets, logSums});
        context->saved_data["temperature"] = temperature;
        context->saved_data["soft_cap"] = softCap;
        context->saved_data["chunk"] = chunk;
        context->saved_data["bfloat16"] = bfloat16;
        if (wantEntropy) {
            context->mark_non_differentiable({entropy});
            return {logProbs, entropy};
        }
        return {logProbs};
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &hidden = saved[0], &weight = saved[1], &targets = saved[2], &logSums = saved[3];
        const double temperature = context->saved_data["temperature"].toDouble();
        const double softCap = context->saved_data["soft_cap"].toDouble();
        const std::int64_t chunk = context->saved_data["chunk"].toInt();
        const at::ScalarType type = context->saved_data["bfloat16"].toBool() ? at::kBFloat16 : at::kFloat;
        const at::Tensor h = hidden.to(type), w = weight.to(type);
        const at::Tensor gradient = gradients[0].to(at::kFloat).div(temperature);
        const bool wantHidden = context->needs_input_grad(0), wantWeight = context->needs_input_grad(1);
        at::Tensor hiddenGradient = wantHidden ? at::empty_like(hidden) : at::Tensor();
        at::Tensor weightGradient = wantWeight ? at::zeros_like(weight) : at::Tensor();
        for (std::int64_t first = 0; first < h.size(0); first += chunk) {
            const std::int64_t n = std::min(chunk, h.size(0) - first);
            const at::Tensor part = h.narrow(0, first, n);
            at::Tensor slope;
            const at::Tensor logits = logitsOf(part, w, softCap, &slope);
            at::Tensor d = gradientOf(logits, temperature, logSums.narrow(0, first, n), targets.narrow(0, first, n),
                gradient.narrow(0, first, n));
            if (slope.defined())
                d.mul_(slope);
            d = d.to(type);
            if (wantHidden)
                hiddenGradient.narrow(0, first, n).copy_(d.matmul(w));
            if (wantWeight) {
                if (type == at::kFloat)
                    weightGradient.addmm_(d.t(), part);
                else
                    weightGradient.add_(d.t().matmul(part).to(at::kFloat));
            }
        }
        return {hiddenGradient, weightGradient, {}, {}, {}, {}, {}, {}};
    }
};

} // namespace

std::int64_t logProbChunkRows(std::int64_t vocabulary, std::int64_t wanted)
{
    return wanted > 0 ? wanted : std::clamp<std::int64_t>((16 << 20) / std::max<std::int64_t>(1, vocabulary), 16, 4096);
}

TokenLogProbs tokenLogProbs(
    const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, const LogProbOptions& options)
{
    const auto result
        = ChunkedLogProbs::apply(hidden, weight, targets, options.temperature, options.softCap, options.entropy,
            logProbChunkRows(weight.size(0), options.chunkRows), options.computeType == ComputeType::BFloat16);
    return {result[0], options.entropy ? result[1] : at::Tensor()};
}

at::Tensor ResponseLogProbs::summed() const
{
    return tokens.logProbs.new_zeros({rows.responses}).index_add(0, rows.response, tokens.logProbs);
}

at::Tensor ResponseLogProbs::counts() const
{
    const at::Tensor ones = at::ones_like(tokens.logProbs);
    return ones.new_zeros({rows.responses}).index_add(0, rows.response, ones);
}

ResponseLogProbs responseLogProbs(const CausalLm& model, const PackedBatch& batch,
    std::span<const std::int64_t> responses, const LogProbOptions& options)
{
    return responseLogProbs(model, model.hidden(batch), batch, responses, options);
}

ResponseLogProbs responseLogProbs(const CausalLm& model, const at::Tensor& hidden, const PackedBatch& batch,
    std::span<const std::int64_t> responses, const LogProbOptions& options)
{
    ResponseLogProbs result;
    result.rows = responseRows(batch, responses);
    LogProbOptions own = options;
    own.softCap = model.outputSoftCap();
    result.tokens
        = tokenLogProbs(hidden.index_select(0, result.rows.rows), model.outputWeight(), result.rows.targets, own);
    return result;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/parallel/gradient_sum.h"

#include <ATen/ATen.h>

namespace mpo {

namespace {

constexpr std::int64_t kBucket = 1 << 24; ///< numbers that travel together: 64 MiB of fp32

void sumBucket(std::vector<at::Tensor>& parameters, Communicator& communicator)
{
    std::vector<at::Tensor> flat;
    for (at::Tensor& parameter : parameters)
        flat.push_back(parameter.grad().reshape(-1));
    if (flat.size() == 1 && flat[0].is_alias_of(parameters[0].grad()))
        return communicator.sum(flat[0]); // in place
    const at::Tensor bucket = at::cat(flat);
    communicator.sum(bucket);
    std::int64_t first = 0;
    for (at::Tensor& parameter : parameters) {
        parameter.mutable_grad().copy_(bucket.narrow(0, first, parameter.numel()).view_as(parameter));
        first += parameter.numel();
    }
}

} // namespace

void sumGradients(const NamedTensors& parameters, Communicator& communicator)
{
    if (communicator.alone())
        return;
    const at::NoGradGuard noGrad;
    // A rank without an example has none at all, and an expert may have been used on one rank only.
    std::vector<std::int64_t> present;
    for (const auto& [name, parameter] : parameters)
        present.push_back(parameter.grad().defined() ? 1 : 0);
    communicator.sum(present);

    std::vector<at::Tensor> bucket;
    std::int64_t numbers = 0;
    const auto flush = [&] {
        if (!bucket.empty())
            sumBucket(bucket, communicator);
        bucket.clear();
        numbers = 0;
    };
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (present[i] == 0)
            continue;
        at::Tensor parameter = parameters[i].second;
        if (!parameter.grad().defined())
            parameter.mutable_grad() = at::zeros_like(parameter);
        if (numbers + parameter.numel() > kBucket)
            flush();
        bucket.push_back(parameter);
        numbers += parameter.numel();
    }
    flush();
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/attention_kernels.h"

#include "core/model/blocks/lanes.h"

#include <cmath>

namespace mpo {

namespace {

#define MPO_KERNELS "core/model/blocks/attention_kernels.inl"
#include "core/model/blocks/for_each_processor.inl"

} // namespace

const AttentionKernels& attentionKernels()
{
    static const AttentionKernels all {MPO_KERNEL(product), MPO_KERNEL(joinScores), MPO_KERNEL(shareGradients),
        MPO_KERNEL(multiplyRow), MPO_KERNEL(addRow), MPO_KERNEL(dot), MPO_KERNEL(widen<float>),
        MPO_KERNEL(widen<std::uint16_t>), MPO_KERNEL(narrow<float>), MPO_KERNEL(narrow<std::uint16_t>)};
    return all;
}

} // namespace mpo

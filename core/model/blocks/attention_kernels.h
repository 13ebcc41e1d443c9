// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mpo {

/// The inner loops of packed attention for this machine's processor, all in fp32. Rows are padded to a multiple of 16
/// numbers; places need no alignment. Any thread.
struct AttentionKernels
{
    /// C = A B, or C += A B if it adds. A: (rows, depth), an entry at r * aRow + d * aStep; B: (depth, columns), C:
    /// (rows, columns); columns: a multiple of 16
    void (*product)(const float* a, std::int64_t aRow, std::int64_t aStep, const float* b, std::int64_t bRow,
        std::int64_t depth, float* c, std::int64_t cRow, std::int64_t rows, std::int64_t columns, bool adds);
    /// The scores of a row's first `visible` keys join what the row has so far: they become e^(score - largest), the
    /// rest of the `room` 0. What was summed with the former largest score is to be multiplied with the result.
    float (*joinScores)(float* scores, std::int64_t visible, std::int64_t room, float& largest, float& sum);
    /// From a row's scores and the products of its gradient with the values: the shares and the gradient of the scores.
    /// logSum: of the e^scores; delta: the gradient times what was attended
    void (*shareGradients)(
        float* scores, float* gradients, std::int64_t visible, std::int64_t room, float logSum, float delta);
    void (*multiplyRow)(float* row, float factor, std::int64_t width);
    void (*addRow)(float* sum, const float* x, std::int64_t width);
    float (*dot)(const float* a, const float* b, std::int64_t width);
    /// Rows of fp32 or bf16, `inRow` apart, as fp32 times a factor, with 0 behind their end.
    void (*widenSingle)(const float* in, std::int64_t inRow, std::int64_t count, std::int64_t width, float factor,
        float* out, std::int64_t outWidth);
    void (*widenHalf)(const std::uint16_t* in, std::int64_t inRow, std::int64_t count, std::int64_t width, float factor,
        float* out, std::int64_t outWidth);
    /// The other way, each row times a factor of its own; null: all times 1.
    void (*narrowSingle)(const float* in, std::int64_t inWidth, std::int64_t count, std::int64_t width,
        const float* factors, float* out, std::int64_t outRow);
    void (*narrowHalf)(const float* in, std::int64_t inWidth, std::int64_t count, std::int64_t width,
        const float* factors, std::uint16_t* out, std::int64_t outRow);
};

const AttentionKernels& attentionKernels();

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/blocks/linear.h"

#include <initializer_list>

namespace mpo {

/// A copy of weight matrices in the order in which a product with few rows reads them: while tokens are decoded each
/// weight is used once a token of a sequence, so the time is that of reading memory, and a general GEMM would lay the
/// matrix out anew every time. The result for a row does not depend on how many rows there are.
class PackedWeight
{
public:
    /// Linear layers of one input, with biases and adapters; their outputs follow each other. BFloat16 rounds weights
    /// and inputs; sums are fp32 always.
    PackedWeight(std::initializer_list<const Linear*> layers, ComputeType type);

    /// Null where products of this type are not faster this way: on another processor or device.
    static std::shared_ptr<const PackedWeight> make(std::initializer_list<const Linear*> layers, ComputeType type);

    /// Whether to use it for x: without gradient, and with so few rows that a general product is not as fast.
    static bool suits(const at::Tensor& x);

    /// x W^T + b. x: (M, K) -> (M, N) fp32
    at::Tensor operator()(const at::Tensor& x) const;

    // Its parts, for who divides the work among threads himself.
    std::int64_t outputs() const { return m_outputs; }
    std::int64_t inputs() const { return m_inputs; }
    ComputeType type() const { return m_type; }
    /// Bytes of `rows` rows of x as multiply() reads them; 0 to begin with.
    std::size_t inputBytes(std::int64_t rows) const;
    /// Puts `count` numbers of type(), from number `first` on, of row `row` of `rows` into that place. REQUIRES in bf16
    /// an even `first`
    void place(const void* numbers, std::int64_t first, std::int64_t count, std::int64_t row, std::int64_t rows,
        void* input) const;
    std::int64_t groups(std::int64_t rows) const; ///< of outputs that one thread computes at a time
    /// The outputs of groups [begin, end) of all rows. out: (rows, outputs())
    void multiply(const void* input, std::int64_t rows, float* out, std::int64_t begin, std::int64_t end) const;

private:
    std::int64_t paddedInputs() const;
    int panelsOfGroup(std::int64_t rows) const;

    std::int64_t m_outputs = 0, m_inputs = 0;
    ComputeType m_type = ComputeType::Float32;
    bool m_matrixRegisters = false; ///< multiplied with AMX
    at::Tensor m_bias; ///< (N) fp32, or undefined
    at::Tensor m_panels; ///< fp32: (N/16, K, 16); bf16: (N/16, K/2, 16, 2), two inputs side by side; padded with 0
};

} // namespace mpo

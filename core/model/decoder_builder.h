// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/model/decoder.h"
#include "core/model/weight_source.h"

namespace mpo {

/// Takes the tensors of a decoder one by one and keeps them under their names.
class DecoderBuilder
{
public:
    /// `root`: what transformers puts before the names of the trunk ("model."). A folder saved from the bare trunk
    /// lacks it; `probe`, a tensor that every model of the family has, tells.
    DecoderBuilder(const ModelConfig& config, std::map<std::string, at::Tensor>& tensors, std::uint64_t seed,
        std::string root, const std::string& probe);

    /// Names are without the root. Shapes that do not fit throw Error.
    at::Tensor tensor(const std::string& name, const std::vector<std::int64_t>& shape,
        WeightSource::Start start = WeightSource::Start::Normal);
    Linear linear(const std::string& module, std::int64_t out, std::int64_t in, bool bias, bool transposed = false);
    Norm norm(const std::string& module, Norm::Kind kind, std::int64_t width, double eps);
    /// The output layer, unless it is tied or (reward models) absent; the first of the names that is there.
    void output(const std::vector<std::string>& names);

    DecoderParts parts;

private:
    at::Tensor take(const std::string& name, const std::vector<std::int64_t>& shape, WeightSource::Start start);

    const ModelConfig& m_config;
    WeightSource m_source;
    std::string m_root, m_rootInFile;
};

} // namespace mpo

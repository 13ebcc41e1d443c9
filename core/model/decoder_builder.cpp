// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/decoder_builder.h"

#include "core/model/config_reader.h"

#include <ATen/ATen.h>

namespace mpo {

DecoderBuilder::DecoderBuilder(const ModelConfig& config, std::map<std::string, at::Tensor>& tensors,
    std::uint64_t seed, std::string root, const std::string& probe)
    : m_config(config)
    , m_source(tensors, seed, ConfigReader(config.raw).positive("initializer_range", 0.02))
    , m_root(std::move(root))
    , m_rootInFile(m_source.contains(m_root + probe) || !m_source.contains(probe) ? m_root : "")
{
}

at::Tensor DecoderBuilder::take(
    const std::string& name, const std::vector<std::int64_t>& shape, WeightSource::Start start)
{
    const at::Tensor tensor = m_source.take(name, shape, start);
    parts.named.emplace_back(name, tensor);
    return tensor;
}

at::Tensor DecoderBuilder::tensor(
    const std::string& name, const std::vector<std::int64_t>& shape, WeightSource::Start start)
{
    return take(m_rootInFile + name, shape, start);
}

Linear DecoderBuilder::linear(const std::string& module, std::int64_t out, std::int64_t in, bool bias, bool transposed)
{
    Linear result;
    result.name = m_root + module;
    result.transposed = transposed;
    result.weight = tensor(
        module + ".weight", transposed ? std::vector<std::int64_t> {in, out} : std::vector<std::int64_t> {out, in});
    if (bias)
        result.bias = tensor(module + ".bias", {out}, WeightSource::Start::Zeros);
    return result;
}

Norm DecoderBuilder::norm(const std::string& module, Norm::Kind kind, std::int64_t width, double eps)
{
    using Start = WeightSource::Start;
    Norm result;
    result.kind = kind;
    result.eps = eps;
    result.weight = tensor(module + ".weight", {width}, kind == Norm::Kind::RmsFromOne ? Start::Zeros : Start::Ones);
    if (kind == Norm::Kind::Layer)
        result.bias = tensor(module + ".bias", {width}, Start::Zeros);
    return result;
}

void DecoderBuilder::output(const std::vector<std::string>& names)
{
    parts.outputName = names.front();
    if (m_config.tiedEmbeddings)
        return;
    for (const std::string& name : names)
        if (m_source.contains(name)) {
            parts.outputName = name;
            parts.output = take(name, {m_config.vocabulary, m_config.hidden}, WeightSource::Start::Normal);
            return;
        }
}

} // namespace mpo

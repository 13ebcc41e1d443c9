// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/gguf/gguf_model.h"

#include "core/model/config_reader.h"
#include "core/model/gguf/gguf_config.h"
#include "core/model/gguf/gguf_names.h"
#include "core/support/error.h"
#include "core/tokenizer/tokenizer_gguf.h"

namespace mpo {

GgufModel readGgufModel(const std::filesystem::path& path)
{
    const GgufFile file(path);
    GgufModel model {ggufConfig(file), ggufGenerationConfig(file), {}, {}};
    std::map<std::string, at::Tensor> tensors = dequantisedTensors(file);
    for (const char* read : {"rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"})
        tensors.erase(read); // in the configuration now
    const ConfigReader config(model.config);
    GgufHeads heads;
    heads.queries = config.size("num_attention_heads", config.size("n_head", 1));
    heads.keys = config.size("num_key_value_heads", heads.queries);
    try {
        model.tensors = huggingFaceTensors(std::move(tensors), ggufNames(ggufArchitecture(file)), heads);
    } catch (const Error& error) {
        fail("{}: {}", path.string(), error.what());
    }
    model.tokenizer = loadGgufTokenizer(file);
    return model;
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/generation.h"
#include "core/support/file.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

#include <cstring>

using namespace mpo;
namespace fs = std::filesystem;

/// A trained model and what another program (run.c of llama2.c) computes with it.
class TestStories260K : public QObject
{
    Q_OBJECT
    Model m_model;
    Json m_golden;

    /// llama2.c turns neighbours (2i, 2i + 1) where Hugging Face turns (i, i + W / 2): the rows of each head change
    /// places.
    static at::Tensor halves(const at::Tensor& weight, std::int64_t heads)
    {
        return weight.view({heads, -1, 2, weight.size(1)}).transpose(1, 2).reshape(weight.sizes());
    }

    /// Version 0 of the format: seven int32, then fp32 tensors, each stacked over the layers; the tables at the end are
    /// not needed.
    static Model readLlama2c(const fs::path& file)
    {
        const std::string bytes = readTextFile(file);
        std::int32_t header[7];
        std::memcpy(header, bytes.data(), sizeof header);
        const std::int64_t D = header[0], F = header[1], L = header[2], H = header[3], K = header[4], V = header[5],
                           W = D / H;
        Model model = createModel(
            {{"model_type", "llama"}, {"vocab_size", V}, {"hidden_size", D}, {"intermediate_size", F},
                {"num_hidden_layers", L}, {"num_attention_heads", H}, {"num_key_value_heads", K},
                {"max_position_embeddings", header[6]}, {"rms_norm_eps", 1e-5}, {"tie_word_embeddings", true}},
            0, nullptr);
        std::map<std::string, at::Tensor> parameters;
        for (const auto& [name, tensor] : model.parameters())
            parameters[name] = tensor;
        std::size_t offset = sizeof header;
        const auto next = [&](std::vector<std::int64_t> shape) {
            at::Tensor tensor = at::empty(shape, at::kFloat);
            std::memcpy(tensor.mutable_data_ptr(), bytes.data() + offset, tensor.nbytes());
            offset += tensor.nbytes();
            return tensor;
        };
        const auto layers
            = [&](const std::string& name, std::vector<std::int64_t> shape, std::int64_t turnedHeads = 0) {
                  for (std::int64_t i = 0; i < L; ++i) {
                      const at::Tensor tensor = next(shape);
                      parameters.at("model.layers." + std::to_string(i) + "." + name + ".weight")
                          .copy_(turnedHeads ? halves(tensor, turnedHeads) : tensor);
                  }
              };
        parameters.at("model.embed_tokens.weight").copy_(next({V, D}));
        layers("input_layernorm", {D});
        layers("self_attn.q_proj", {D, D}, H);
        layers("self_attn.k_proj", {K * W, D}, K);
        layers("self_attn.v_proj", {K * W, D});
        layers("self_attn.o_proj", {D, D});
        layers("post_attention_layernorm", {D});
        layers("mlp.gate_proj", {F, D});
        layers("mlp.down_proj", {D, F});
        layers("mlp.up_proj", {F, D});
        parameters.at("model.norm.weight").copy_(next({D}));
        return model;
    }

private Q_SLOTS:
    void initTestCase()
    {
        const char* named = std::getenv("MPO_SHARED_DATA");
        const fs::path folder
            = (named ? fs::path(named) : fs::path(MPO_FIXTURES) / "../../../shared/data") / "stories260K";
        if (!fs::exists(folder / "stories260K.bin"))
            QSKIP("stories260K.bin is not there: set MPO_SHARED_DATA to the folder of the shared data");
        m_model = readLlama2c(folder / "stories260K.bin");
        m_golden = readJsonFile(folder / "golden.json");
    }

    void logitsEqualLlama2c()
    {
        for (const Json& run : m_golden["runs"]) {
            TokenIds ids = run["input_tokens"].get<TokenIds>();
            ids.resize(8);
            PackedBatchBuilder builder;
            builder.add(ids);
            const at::Tensor logits = m_model.trunk->hidden(builder.build()).matmul(m_model.trunk->outputWeight().t());
            for (std::int64_t t = 0; t < 8; ++t) {
                const at::Tensor expected
                    = at::tensor(run["logits_first_8_positions"][std::size_t(t)].get<std::vector<float>>());
                COMPARE_NEAR((logits[t] - expected).abs().max().item<double>(), 0.0, 1e-3);
            }
        }
    }

    /// Both runs in one batch: greedy decoding from the part that was given continues as llama2.c did.
    void greedyTextEqualsLlama2c()
    {
        std::vector<TokenIds> prompts, expected;
        for (const Json& run : m_golden["runs"]) {
            const TokenIds ids = run["input_tokens"].get<TokenIds>();
            // Of the prompted run the first 20 tokens cover the prompt; the other began with BOS alone.
            const std::ptrdiff_t given = run["prompt"].get<std::string>().empty() ? 1 : 20;
            prompts.emplace_back(ids.begin(), ids.begin() + given);
            expected.emplace_back(ids.begin() + given, ids.end());
        }
        QVERIFY(expected.at(0).size() > 200);
        GenerationOptions options;
        options.greedy = true;
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            options.maxNewTokens = std::int64_t(expected[i].size());
            const auto responses = generate(m_model, prompts, options, 0);
            QCOMPARE(responses[i].ids, expected[i]);
        }
    }
};

QTEST_GUILESS_MAIN(TestStories260K)
#include "tst_stories260k.moc"

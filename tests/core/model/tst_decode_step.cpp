// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/blocks/thread_team.h"
#include "core/model/decode_step.h"
#include "core/model/model_folder.h"
#include "core/model/packed_batch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <QTest>

#include <algorithm>
#include <numeric>

using namespace mpo;

/// Decoding by a team of threads against full passes, and against itself with other numbers of threads and rows.
class TestDecodeStep : public QObject
{
    Q_OBJECT

    static Json config(const QByteArray& family)
    {
        Json json {{"architectures", {"LlamaForCausalLM"}}, {"model_type", "llama"}, {"vocab_size", 97},
            {"hidden_size", 72}, {"intermediate_size", 50}, {"num_hidden_layers", 3}, {"num_attention_heads", 6},
            {"num_key_value_heads", 2}, {"head_dim", 20}, {"max_position_embeddings", 128}, {"rms_norm_eps", 1e-5},
            {"rope_theta", 10000.0}, {"tie_word_embeddings", true}, {"hidden_act", "silu"}, {"initializer_range", 0.2},
            {"bos_token_id", nullptr}, {"eos_token_id", 0}, {"pad_token_id", 1}};
        if (family == "mistral") {
            json["architectures"] = {"MistralForCausalLM"};
            json["model_type"] = "mistral";
            json["sliding_window"] = 6;
        } else if (family == "qwen2") {
            json["architectures"] = {"Qwen2ForCausalLM"};
            json["model_type"] = "qwen2";
            json.erase("head_dim"); // always hidden_size / heads there
        } else if (family == "phi3") { // one matrix for q, k, v and one for gate and up
            json["architectures"] = {"Phi3ForCausalLM"};
            json["model_type"] = "phi3";
            json.erase("head_dim");
        }
        return json;
    }

    static std::vector<TokenIds> prompts()
    {
        std::vector<TokenIds> rows;
        for (int row = 0; row < 19; ++row) { // more than one tile
            TokenIds ids;
            for (int i = 0; i < 1 + row * 7 % 11; ++i)
                ids.push_back(2 + (row * 31 + i * 17) % 95);
            rows.push_back(ids);
        }
        return rows;
    }
    static constexpr int kSteps = 4;
    static TokenId drawn(std::size_t row, int step) { return TokenId(2 + (row * 13 + std::size_t(step) * 29) % 95); }

    /// Hidden states of `kSteps` tokens behind some of the prompts: (steps, rows, D)
    static at::Tensor decoded(
        const Model& model, const std::vector<TokenIds>& prompts, const std::vector<std::size_t>& rows)
    {
        PackedBatchBuilder builder;
        std::vector<std::int64_t> lengths;
        for (const TokenIds& prompt : prompts) {
            builder.add(prompt);
            lengths.push_back(std::int64_t(prompt.size()));
        }
        KvCache cache = model.trunk->makeCache();
        cache.addRows(lengths, 2); // has to grow on the way
        model.trunk->prefill(builder.build(), cache);
        cache.keepRows({rows.begin(), rows.end()});
        std::vector<at::Tensor> states;
        for (int step = 0; step < kSteps; ++step) {
            std::vector<std::int64_t> tokens;
            for (const std::size_t row : rows)
                tokens.push_back(drawn(row, step));
            states.push_back(model.trunk->decode(at::tensor(tokens, at::kLong), cache).clone());
        }
        return at::stack(states);
    }

private Q_SLOTS:
    void equalsAFullPass_data()
    {
        QTest::addColumn<QByteArray>("family");
        QTest::addColumn<bool>("half");
        for (const char* family : {"llama", "mistral", "qwen2", "phi3"})
            for (const bool half : {false, true})
                QTest::addRow("%s %s", family, half ? "bf16" : "fp32") << QByteArray(family) << half;
    }

    void equalsAFullPass()
    {
        QFETCH(QByteArray, family);
        QFETCH(bool, half);
        Model model = createModel(config(family), 7, nullptr);
        for (auto& [name, tensor] : model.parameters()) // norms and biases that matter
            if (tensor.dim() == 1)
                tensor.add_(at::linspace(-0.5, 0.5, tensor.size(0)));
        model.trunk->computeType = half ? ComputeType::BFloat16 : ComputeType::Float32;
        model.trunk->packForDecoding();
        const auto all = prompts();
        std::vector<std::size_t> rows(all.size());
        std::iota(rows.begin(), rows.end(), std::size_t(0));
        const int threads = at::get_num_threads();
        const at::Tensor states = decoded(model, all, rows);

        // Bit for bit with other numbers of threads and beside other rows.
        for (const int other : {1, 3}) {
            at::set_num_threads(other);
            QVERIFY(at::equal(decoded(model, all, rows), states));
        }
        at::set_num_threads(threads);
        for (const std::vector<std::size_t>& some : {std::vector<std::size_t> {5}, {18, 2, 11}}) {
            const at::Tensor part = decoded(model, all, some);
            for (std::size_t i = 0; i < some.size(); ++i)
                QVERIFY(at::equal(part.select(1, std::int64_t(i)), states.select(1, std::int64_t(some[i]))));
        }
        model.trunk->unpack();

        // A full pass over prompt and tokens.
        for (const std::size_t row : {0UL, 7UL, 18UL}) {
            TokenIds ids = all[row];
            for (int step = 0; step < kSteps; ++step)
                ids.push_back(drawn(row, step));
            PackedBatchBuilder builder;
            builder.add(ids);
            const at::NoGradGuard noGrad;
            const at::Tensor wanted
                = model.trunk->hidden(builder.build()).narrow(0, std::int64_t(all[row].size()), kSteps);
            const double apart = ((states.select(1, std::int64_t(row)) - wanted).norm() / wanted.norm()).item<double>();
            QVERIFY2(apart < (half ? 0.03 : 2e-6), qPrintable(QString::number(apart)));
        }
    }

    void teamDoesEveryPartInOrder()
    {
        std::atomic<int> count {0};
        std::vector<int> seen(64, 0);
        inTeam([&](int thread, TeamBarrier& barrier) {
            for (int round = 0; round < 500; ++round) {
                ++count;
                barrier.wait();
                if (count != (round + 1) * barrier.threads())
                    seen[std::size_t(thread)] = round + 1;
                barrier.wait();
            }
        });
        QVERIFY(count > 0 && count % 500 == 0);
        QVERIFY(std::all_of(seen.begin(), seen.end(), [](int wrong) { return wrong == 0; }));
        std::vector<int> taken(17, 0);
        for (int thread = 0; thread < 4; ++thread)
            for (auto [i, end] = TeamShare(17, thread, 4); i < end; ++i)
                ++taken[std::size_t(i)];
        QVERIFY(std::all_of(taken.begin(), taken.end(), [](int times) { return times == 1; }));
    }
};

QTEST_GUILESS_MAIN(TestDecodeStep)
#include "tst_decode_step.moc"

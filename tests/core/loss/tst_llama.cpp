// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loss/log_probs.h"
#include "core/model/generation.h"
#include "core/model/model_family.h"
#include "core/model/model_folder.h"
#include "core/support/json.h"
#include "tests/common/near.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>

#include <fstream>

using namespace mpo;
namespace fs = std::filesystem;

/// Against transformers: tests/fixtures/model/make_model_fixture.py.
class TestLlama : public QObject
{
    Q_OBJECT
    Json m_golden;
    TokenIds m_prompt, m_chosen, m_rejected;

    static Model load(const QByteArray& name)
    {
        return loadModel(fs::path(MPO_FIXTURES) / "model" / name.toStdString());
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_golden = readJsonFile(fs::path(MPO_FIXTURES) / "model/golden.json");
        m_prompt = m_golden["prompt"].get<TokenIds>();
        m_chosen = m_golden["chosen"].get<TokenIds>();
        m_rejected = m_golden["rejected"].get<TokenIds>();
    }

    void logitsEqualTransformers_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("tied embeddings") << QByteArray("tied");
        QTest::newRow("lm_head and attention bias") << QByteArray("untied");
        QTest::newRow("feed-forward bias, wide heads, another rotary base") << QByteArray("wide");
    }
    void logitsEqualTransformers()
    {
        QFETCH(QByteArray, name);
        const Model model = load(name);
        TokenIds ids = m_prompt;
        ids.insert(ids.end(), m_chosen.begin(), m_chosen.end());
        PackedBatchBuilder builder;
        builder.add(ids);
        const at::Tensor logits = model.trunk->hidden(builder.build()).matmul(model.trunk->outputWeight().t());
        const Json& expected = m_golden[name.toStdString()]["logits"];
        for (std::size_t row = 0; row < ids.size(); ++row) {
            const at::Tensor theirs = at::tensor(expected[row].get<std::vector<float>>());
            COMPARE_NEAR((logits[std::int64_t(row)] - theirs).abs().max().item<double>(), 0.0, 1e-4);
        }
    }

    /// One pass over prompt, chosen and rejected, the prompt shared, equals transformers' two passes: values and
    /// gradients.
    void pairWithSharedPromptEqualsTransformers_data() { logitsEqualTransformers_data(); }
    void pairWithSharedPromptEqualsTransformers()
    {
        QFETCH(QByteArray, name);
        Model model = load(name);
        model.setRequiresGrad(true);
        PackedBatchBuilder builder;
        const std::int64_t prompt = builder.add(m_prompt);
        const std::int64_t responses[] = {builder.add(m_chosen, prompt), builder.add(m_rejected, prompt)};
        const auto logProbs = responseLogProbs(*model.trunk, builder.build(), responses);
        const at::Tensor summed = logProbs.summed();
        const Json& expected = m_golden[name.toStdString()];
        COMPARE_NEAR(summed[0].item<double>(), expected["chosen"].get<double>(), 1e-4);
        COMPARE_NEAR(summed[1].item<double>(), expected["rejected"].get<double>(), 1e-4);
        (summed[0] - 0.5 * summed[1]).backward();
        for (const auto& [tensor, parameter] : model.parameters())
            if (expected["gradients"].contains(tensor)) {
                const at::Tensor theirs = at::tensor(expected["gradients"][tensor].get<std::vector<float>>());
                const double norm = expected["gradient_norms"][tensor].get<double>();
                COMPARE_NEAR(
                    (parameter.grad().flatten().narrow(0, 0, theirs.size(0)) - theirs).abs().max().item<double>(), 0.0,
                    1e-4 * norm);
                COMPARE_NEAR(parameter.grad().norm().item<double>(), norm, 1e-4 * norm);
            }
    }

    void greedyTextEqualsTransformers_data() { logitsEqualTransformers_data(); }
    void greedyTextEqualsTransformers()
    {
        QFETCH(QByteArray, name);
        const Model model = load(name);
        GenerationOptions options;
        options.greedy = true;
        options.maxNewTokens = 12;
        options.stopIds = {2};
        const auto responses = generate(model, {m_prompt}, options, 1);
        QCOMPARE(responses[0].ids, m_golden[name.toStdString()]["greedy"].get<TokenIds>());
    }

    void rewardScoresEqualTransformers()
    {
        const Model model = load("reward");
        QVERIFY(model.isReward());
        PackedBatchBuilder builder;
        const std::int64_t prompt = builder.add(m_prompt);
        const std::int64_t responses[] = {builder.add(m_chosen, prompt), builder.add(m_rejected, prompt)};
        const at::Tensor values = scores(model, builder.build(), responses);
        COMPARE_NEAR(values[0].item<double>(), m_golden["reward"]["chosen"].get<double>(), 1e-4);
        COMPARE_NEAR(values[1].item<double>(), m_golden["reward"]["rejected"].get<double>(), 1e-4);
    }

    /// Rows of different lengths, decoded together with finished rows leaving, draw what each draws alone; the
    /// log-probs recorded while decoding are those of a full pass.
    void samplingDoesNotDependOnTheBatch()
    {
        const Model model = load("untied");
        const std::vector<TokenIds> prompts {m_prompt, {3}, {9, 9, 8, 7, 6, 5, 4}, {11, 12}, m_chosen};
        GenerationOptions options;
        options.maxNewTokens = 20;
        options.temperature = 0.8;
        options.stopIds = {2, 5, 40};
        const auto together = generate(model, prompts, options, 9);
        options.batchRows = 1;
        const auto alone = generate(model, prompts, options, 9);
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            QCOMPARE(together[i].ids, alone[i].ids);
            PackedBatchBuilder builder;
            const std::int64_t response[] = {builder.add(together[i].ids, builder.add(prompts[i]))};
            const auto full = responseLogProbs(*model.trunk, builder.build(), response, {.temperature = 0.8});
            for (std::size_t t = 0; t < together[i].ids.size(); ++t)
                COMPARE_NEAR(together[i].logProbs[t], full.tokens.logProbs[std::int64_t(t)].item<double>(), 1e-4);
        }
    }

    void savedModelIsTheSame()
    {
        QTemporaryDir folder;
        const fs::path target = fs::path(folder.path().toStdString()) / "copy";
        const Model model = load("reward");
        saveModel(model, target);
        saveModel(model, target); // replaced as a whole
        QCOMPARE(modelDigest(loadModel(target)), modelDigest(model));
        QCOMPARE(
            std::distance(fs::directory_iterator(target.parent_path()), fs::directory_iterator()), std::ptrdiff_t(1));
    }

    void cutFileGivesOneSentence()
    {
        QTemporaryDir folder;
        const fs::path target = folder.path().toStdString();
        fs::copy(fs::path(MPO_FIXTURES) / "model/tied", target,
            fs::copy_options::recursive | fs::copy_options::overwrite_existing);
        const fs::path file = target / "model.safetensors";
        std::ifstream in(file, std::ios::binary);
        const std::string whole((std::istreambuf_iterator<char>(in)), {});
        for (std::size_t length = 0; length < whole.size(); length += length < 2500 ? 13 : 4099) {
            std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
            try {
                loadModel(target);
                QFAIL("a cut file was read");
            } catch (const std::exception& error) {
                QVERIFY2(QString::fromUtf8(error.what()).contains(QStringLiteral("model.safetensors")), error.what());
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestLlama)
#include "tst_llama.moc"

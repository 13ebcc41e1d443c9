// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/adapter.h"
#include "core/model/adapter_folder.h"
#include "core/model/model_folder.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/random.h"
#include "tests/common/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <ATen/ATen.h>

using namespace mpo;
namespace fs = std::filesystem;

/// What an adapter does to a model and to folders. Numbers against PEFT: tests/parity.
class TestAdapter : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;

    static Model tiny(const char* name = "wide") { return loadModel(fs::path(MPO_FIXTURES) / "model" / name); }
    fs::path place(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

    static at::Tensor hidden(const Model& model)
    {
        const at::NoGradGuard noGrad;
        PackedBatchBuilder builder;
        builder.add(TokenIds {3, 17, 42, 9, 60, 5});
        return model.trunk->hidden(builder.build());
    }
    static double distance(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

    /// Gives the matrices that training would have moved some numbers.
    static void shake(Model& model, std::uint64_t seed)
    {
        for (Linear* linear : model.trunk->linears())
            if (linear->lowRank)
                linear->lowRank->b = linear->lowRank->b
                    + 0.1
                        * at::sin(at::arange(linear->lowRank->b.numel()) * double(seed))
                              .view(linear->lowRank->b.sizes());
    }
    static LoraOptions rank(std::int64_t rank, std::vector<std::string> targets = {})
    {
        LoraOptions options;
        options.rank = rank;
        options.targets = std::move(targets);
        return options;
    }

private Q_SLOTS:
    void aNewAdapterChangesNothingAndIsAllThatIsTrained()
    {
        Model model = tiny();
        const at::Tensor before = hidden(model);
        addAdapter(model, rank(2, {"q_proj", "mlp.down_proj"}), 1);
        QVERIFY(at::equal(hidden(model), before));
        model.setRequiresGrad(true);
        PackedBatchBuilder builder;
        builder.add(TokenIds {3, 17, 42});
        model.trunk->hidden(builder.build()).sum().backward();
        QCOMPARE(model.trainable().size(), std::size_t(2 * 2 * model.config().layers));
        for (const auto& [name, tensor] : model.trainable()) {
            QVERIFY2(tensor.grad().defined(), name.c_str());
            QVERIFY2(name.starts_with("base_model.model.model.layers."), name.c_str());
        }
        for (const auto& [name, tensor] : model.parameters())
            QVERIFY2(!tensor.requires_grad() && !tensor.grad().defined(), name.c_str());
    }

    /// In bf16 the products of an adapter are made in one operation with gradients of its own.
    void bfloat16FollowsFloat32_data()
    {
        QTest::addColumn<bool>("transposed");
        QTest::addColumn<bool>("recomputes");
        for (const bool transposed : {false, true}) // as GPT-2 has its weights
            for (const bool recomputes : {false, true})
                QTest::addRow("%s%s", transposed ? "(in, out)" : "(out, in)", recomputes ? ", recomputed" : "")
                    << transposed << recomputes;
    }
    void bfloat16FollowsFloat32()
    {
        QFETCH(bool, transposed);
        QFETCH(bool, recomputes);
        Model model = tiny();
        for (Linear* linear : model.trunk->linears())
            if (transposed) {
                linear->weight = linear->weight.t().contiguous();
                linear->transposed = true;
            }
        LoraOptions options = rank(4);
        options.alpha = 12;
        addAdapter(model, options, 1);
        shake(model, 2);
        const auto gradients = [&](ComputeType type) {
            model.trunk->computeType = type;
            model.trunk->recomputesLayers = recomputes && type == ComputeType::BFloat16;
            model.setRequiresGrad(true);
            for (const auto& [name, tensor] : model.trainable())
                tensor.mutable_grad() = at::Tensor();
            PackedBatchBuilder builder;
            for (int i = 0; i < 40; ++i)
                builder.add(TokenIds {3, 17, TokenId(i), 9, 60, 5});
            const at::Tensor states = model.trunk->hidden(builder.build());
            at::manual_seed(3);
            (states * at::randn(states.sizes())).sum().backward();
            std::vector<at::Tensor> all {states.detach()};
            for (const auto& [name, tensor] : model.trainable())
                all.push_back(tensor.grad().clone());
            return all;
        };
        const std::vector<at::Tensor> exact = gradients(ComputeType::Float32), ours = gradients(ComputeType::BFloat16);
        QCOMPARE(ours.size(), exact.size());
        QVERIFY(ours.size() > 8);
        for (std::size_t i = 0; i < exact.size(); ++i) {
            QCOMPARE(ours[i].scalar_type(), at::kFloat);
            const double difference = ((ours[i] - exact[i]).norm() / exact[i].norm()).item<double>();
            QVERIFY2(difference > 1e-6 && difference < 0.08, qPrintable(QString::number(difference)));
        }
    }

    void mergingKeepsTheNumbersAndLeavesSharedWeightsAlone()
    {
        Model model = tiny();
        addAdapter(model, rank(3), 1);
        const at::Tensor base = hidden(model);
        const Model reference = frozenCopy(model); // B is zero: the base
        shake(model, 2);
        const at::Tensor adapted = hidden(model);
        QVERIFY(distance(adapted, base) > 1e-2);
        mergeAdapter(model);
        QVERIFY(distance(hidden(model), adapted) < 1e-5);
        QVERIFY(at::equal(hidden(reference), base));
        saveModel(model, place("merged"));
        QVERIFY(distance(hidden(loadModel(place("merged"))), adapted) < 1e-5);
    }

    void frozenCopySharesWeightsAndKeepsTheAdapterAsItIs()
    {
        Model model = tiny();
        addAdapter(model, rank(3), 1);
        shake(model, 2);
        const Model copy = frozenCopy(model);
        const at::Tensor before = hidden(model);
        QVERIFY(model.parameters().front().second.is_same(copy.parameters().front().second));
        shake(model, 3);
        QVERIFY(at::equal(hidden(copy), before));
        QVERIFY(distance(hidden(model), before) > 1e-3);
    }

    /// Stage 2 of MPO: the adapter of stage 1 is merged and a new one trained; the folder holds both in one.
    void anAdapterOnAnAdapterIsSavedAsOne()
    {
        Model first = tiny();
        addAdapter(first, rank(2, {"q_proj", "v_proj"}), 1);
        shake(first, 2);
        saveModel(first, place("first"));

        Model second = loadModel(place("first"));
        QVERIFY(distance(hidden(second), hidden(first)) < 1e-6);
        addAdapter(second, rank(3, {"v_proj", "o_proj"}), 4);
        QVERIFY(distance(hidden(second), hidden(first)) < 1e-5);
        shake(second, 5);
        saveModel(second, place("second"));

        const Json config = readJsonFile(place("second") / "adapter_config.json");
        QVERIFY(config["base_model_name_or_path"]
            == readJsonFile(place("first") / "adapter_config.json")["base_model_name_or_path"]);
        QVERIFY(config["rank_pattern"]["model.layers.0.self_attn.q_proj"] == 2);
        QVERIFY(config["rank_pattern"]["model.layers.0.self_attn.v_proj"] == 5);
        QVERIFY(config["rank_pattern"]["model.layers.0.self_attn.o_proj"] == 3);
        QVERIFY(distance(hidden(loadModel(place("second"))), hidden(second)) < 1e-5);
    }

    void rewardModelsKeepTheirHeadInTheFolder()
    {
        Model reward = rewardModelFrom(tiny(), 3);
        reward.folder = fs::path(MPO_FIXTURES) / "model/wide";
        addAdapter(reward, rank(2), 1);
        shake(reward, 2);
        saveModel(reward, place("reward"));
        const Model read = loadModel(place("reward"));
        QVERIFY(read.isReward() && at::equal(read.head, reward.head));
        QVERIFY(distance(hidden(read), hidden(reward)) < 1e-6);
        QVERIFY(readJsonFile(place("reward") / "adapter_config.json")["modules_to_save"] == Json::array({"score"}));
    }

    void dropoutFollowsItsSeedAndIsOffOtherwise()
    {
        Model model = tiny();
        LoraOptions options = rank(2);
        options.dropout = 0.5;
        addAdapter(model, options, 1);
        shake(model, 2);
        const at::Tensor plain = hidden(model);
        DropoutState& state = *model.adapter->dropout;
        state = {true, 7};
        const at::Tensor first = hidden(model);
        QVERIFY(distance(first, plain) > 1e-3);
        QVERIFY(at::equal(hidden(model), first));
        state.seed = 8;
        QVERIFY(distance(hidden(model), first) > 1e-3);
        state.active = false;
        QVERIFY(at::equal(hidden(model), plain));
    }

    void whatCannotBeReadIsSaid_data()
    {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("says");
        QTest::newRow("no base") << "base_model_name_or_path"
                                 << "\"/nowhere/at/all\""
                                 << "/nowhere/at/all is not there";
        QTest::newRow("no base named") << "base_model_name_or_path"
                                       << "null"
                                       << "base_model_name_or_path";
        QTest::newRow("pissa") << "init_lora_weights"
                               << "\"pissa\""
                               << "pissa";
        QTest::newRow("embeddings") << "modules_to_save"
                                    << R"(["embed_tokens"])"
                                    << "embed_tokens";
        QTest::newRow("alpha") << "lora_alpha"
                               << "-1"
                               << "lora_alpha";
        QTest::newRow("dropout") << "lora_dropout"
                                 << "1.5"
                                 << "lora_dropout";
        QTest::newRow("kind") << "peft_type"
                              << "\"PREFIX_TUNING\""
                              << "PREFIX_TUNING";
    }
    void whatCannotBeReadIsSaid()
    {
        QFETCH(QString, field);
        QFETCH(QString, value);
        QFETCH(QString, says);
        Model model = tiny();
        addAdapter(model, rank(2), 1);
        const fs::path folder = place("damaged");
        saveModel(model, folder);
        Json config = readJsonFile(folder / "adapter_config.json");
        config[field.toStdString()] = Json::parse(value.toStdString());
        writeJsonFile(folder / "adapter_config.json", config);
        const std::string message = messageOf([&] { loadModel(folder); });
        QVERIFY2(message.find(says.toStdString()) != std::string::npos, message.c_str());
    }

    void anAdapterOfAnotherModelIsRefused()
    {
        Model model = tiny();
        addAdapter(model, rank(2), 1);
        saveModel(model, place("of-wide"));
        Model other = tiny("tied");
        const std::string message = messageOf([&] { readAdapter(other, place("of-wide")); });
        QVERIFY2(message.find("belongs to another model") != std::string::npos
                || message.find("is no linear layer") != std::string::npos,
            message.c_str());
        const std::string target = messageOf([&] { addAdapter(model, rank(2, {"query"}), 1); });
        QVERIFY2(target.find("\"query\"") != std::string::npos && target.find("q_proj") != std::string::npos,
            target.c_str());
    }
};

QTEST_GUILESS_MAIN(TestAdapter)
#include "tst_adapter.moc"

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_family.h"
#include "core/model/model_folder.h"
#include "core/model/weight_source.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "tests/common/near.h"

#include <QTemporaryDir>

#include <ATen/ATen.h>

using namespace mpo;
namespace fs = std::filesystem;

/// Folders: what is read, what is refused and with which words, what is written. Numbers: tst_llama.
class TestModelFamily : public QObject
{
    Q_OBJECT
    QTemporaryDir m_folder;
    int m_count = 0;

    static fs::path fixture(const char* name) { return fs::path(MPO_FIXTURES) / "model" / name; }

    /// A copy of a fixture whose config.json went through `change`.
    template<class Change>
    fs::path changed(const char* name, Change change)
    {
        const fs::path folder = fs::path(m_folder.path().toStdString()) / std::to_string(++m_count);
        fs::copy(fixture(name), folder);
        Json config = readJsonFile(folder / "config.json");
        change(config);
        writeJsonFile(folder / "config.json", config);
        return folder;
    }

    static QString refusal(const fs::path& folder)
    {
        try {
            loadModel(folder);
            return {};
        } catch (const Error& error) {
            return QString::fromUtf8(error.what());
        }
    }

    static at::Tensor hidden(const Model& model, int segments = 1)
    {
        PackedBatchBuilder builder;
        for (int i = 0; i < segments; ++i)
            builder.add(TokenIds {3, 17, 42, TokenId(i % 60), 60, 5});
        return model.trunk->hidden(builder.build());
    }

private Q_SLOTS:
    /// transformers 4 wrote rope_theta and torch_dtype at the top; some folders name no architecture.
    void olderConfigsGiveTheSameModel()
    {
        const fs::path older = changed("wide", [](Json& config) {
            config["rope_theta"] = config["rope_parameters"]["rope_theta"];
            config["rope_scaling"] = nullptr;
            config["torch_dtype"] = "float32";
            for (const char* field :
                {"rope_parameters", "dtype", "architectures", "pad_token_id", "num_key_value_heads_"})
                config.erase(field);
        });
        const Model model = loadModel(older), reference = loadModel(fixture("wide"));
        QVERIFY(at::equal(hidden(model), hidden(reference)));
        QCOMPARE(model.config().headWidth, std::int64_t(16));
        QCOMPARE(model.config().padId, std::int64_t(-1));
    }

    void bareDecoderNamesAreRead()
    {
        const fs::path folder = changed("tied", [](Json&) {});
        NamedTensors renamed;
        for (const auto& [name, tensor] : readModelTensors(folder))
            renamed.emplace_back(name.substr(std::string("model.").size()), tensor);
        writeTensorFile(folder / "model.safetensors", renamed);
        QVERIFY(at::equal(hidden(loadModel(folder)), hidden(loadModel(fixture("tied")))));
    }

    void halfPrecisionFoldersAreRead()
    {
        const fs::path folder = changed("tied", [](Json& config) { config["dtype"] = "bfloat16"; });
        NamedTensors rounded;
        for (const auto& [name, tensor] : readModelTensors(folder))
            rounded.emplace_back(name, tensor.to(at::kBFloat16));
        writeTensorFile(folder / "model.safetensors", rounded);
        const Model model = loadModel(folder);
        for (const auto& [name, tensor] : model.parameters()) {
            QCOMPARE(tensor.scalar_type(), at::kFloat);
            QVERIFY(tensor.is_leaf());
        }
        QVERIFY((hidden(model) - hidden(loadModel(fixture("tied")))).abs().max().item<double>() > 0.0);
        const fs::path saved = fs::path(m_folder.path().toStdString()) / "saved";
        saveModel(model, saved);
        QCOMPARE(readJsonFile(saved / "config.json")["dtype"].get<std::string>(), std::string("float32"));
        QCOMPARE(modelDigest(loadModel(saved)), modelDigest(model));
    }

    void endOfResponseComesFromTheGenerationConfig()
    {
        const fs::path folder = changed("tied", [](Json&) {});
        writeJsonFile(folder / "generation_config.json", {{"eos_token_id", {7, 2}}, {"temperature", 0.6}});
        const Model model = loadModel(folder);
        QCOMPARE(model.config().eosIds, (std::vector<std::int64_t> {7, 2}));
        QCOMPARE(model.config().eosId, std::int64_t(7));
        const fs::path saved = fs::path(m_folder.path().toStdString()) / "with-generation";
        saveModel(cloneModel(model), saved);
        QVERIFY(readJsonFile(saved / "generation_config.json") == readJsonFile(folder / "generation_config.json"));
        QCOMPARE(readJsonFile(saved / "config.json")["eos_token_id"].get<int>(), 2);
        fs::remove(folder / "generation_config.json");
        QCOMPARE(loadModel(folder).config().eosIds, std::vector<std::int64_t> {2});
    }

    void badFoldersAreRefusedInOneSentence_data()
    {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("value"); // empty: the field is taken away
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* field, const char* value, const char* file, const char* says) {
            QTest::addRow("%s = %s", field, value)
                << QByteArray(field) << QByteArray(value) << QString::fromUtf8(file) << QString::fromUtf8(says);
        };
        row("model_type", "\"mamba\"", "config.json", "mamba");
        row("model_type", "", "config.json", "model_type");
        row("model_type", "3", "config.json", "model_type");
        row("hidden_size", "", "config.json", "hidden_size");
        row("hidden_size", "-4", "config.json", "hidden_size");
        row("hidden_size", "32.5", "config.json", "hidden_size");
        row("num_hidden_layers", "99999999999999999999", "config.json", "num_hidden_layers");
        row("num_key_value_heads", "3", "config.json", "divide");
        row("head_dim", "7", "config.json", "head_dim");
        row("rms_norm_eps", "\"small\"", "config.json", "rms_norm_eps");
        row("tie_word_embeddings", "1", "config.json", "tie_word_embeddings");
        row("hidden_act", "\"mish\"", "config.json", "mish");
        row("rope_scaling", R"({"type":"linear"})", "config.json", "factor");
        row("rope_scaling", R"({"type":"mrope"})", "config.json", "mrope");
        row("rope_scaling", R"({"type":"longrope","short_factor":[1],"long_factor":[1]})", "config.json",
            "short_factor");
        row("quantization_config", R"({"bits":4})", "config.json", "quantization_config");
        row("eos_token_id", "\"two\"", "config.json", "eos_token_id");
        row("vocab_size", "97", "model.safetensors",
            "tensor model.embed_tokens.weight has the shape (96, 32) instead of (97, 32)");
        row("intermediate_size", "47", "model.safetensors",
            "tensor model.layers.0.mlp.gate_proj.weight has the shape (48, 32) instead of (47, 32)");
        row("num_hidden_layers", "3", "model.safetensors", "tensor model.layers.2.self_attn.q_proj.weight is missing");
        row("attention_bias", "true", "model.safetensors", "tensor model.layers.0.self_attn.q_proj.bias is missing");
        row("tie_word_embeddings", "false", "model.safetensors", "tensor lm_head.weight is missing");
    }
    void badFoldersAreRefusedInOneSentence()
    {
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, value);
        QFETCH(QString, file);
        QFETCH(QString, says);
        const QString sentence = refusal(changed("tied", [&](Json& config) {
            if (value.isEmpty())
                config.erase(field.toStdString());
            else
                config[field.toStdString()] = Json::parse(value.toStdString());
        }));
        QVERIFY2(sentence.contains(file) && sentence.contains(says) && !sentence.contains(QLatin1Char('\n')),
            qPrintable(sentence));
    }

    void otherFoldersAreRefused()
    {
        const fs::path folder = fs::path(m_folder.path().toStdString()) / "adapter";
        QVERIFY(refusal(folder).contains(QStringLiteral("no such model folder")));
        fs::create_directories(folder);
        QVERIFY(refusal(folder).contains(QStringLiteral("no config.json")));
        writeFileAtomically(folder / "adapter_config.json", "{}");
        QVERIFY(refusal(folder).contains(QStringLiteral("adapter")));
        writeFileAtomically(folder / "config.json", "{\"a\": ");
        QVERIFY(refusal(folder).contains(QStringLiteral("config.json")));
        writeFileAtomically(folder / "config.json", "[]");
        QVERIFY(refusal(folder).contains(QStringLiteral("config.json")));

        const fs::path classifier = changed("reward", [](Json&) {});
        NamedTensors tensors;
        for (const auto& [name, tensor] : readModelTensors(classifier))
            tensors.emplace_back(name, name == "score.weight" ? at::zeros({2, 32}) : tensor);
        writeTensorFile(classifier / "model.safetensors", tensors);
        QVERIFY(refusal(classifier).contains(QStringLiteral("(2, 32) instead of (1, 32)")));
    }

    void idsOutsideTheVocabularyAreNamed()
    {
        const Model model = loadModel(fixture("tied"));
        for (const TokenId id : {-1, 96}) {
            PackedBatchBuilder builder;
            builder.add(TokenIds {3, id, 4});
            QVERIFY_EXCEPTION_THROWN(model.trunk->hidden(builder.build()), Error);
        }
    }

    void savedFoldersEqualWhatWasRead_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"tied", "untied", "wide", "reward"})
            QTest::newRow(name) << QByteArray(name);
    }
    void savedFoldersEqualWhatWasRead()
    {
        QFETCH(QByteArray, name);
        const Model model = loadModel(fixture(name.constData()));
        const fs::path target = fs::path(m_folder.path().toStdString()) / "parents" / "are made" / name.toStdString();
        saveModel(model, target);
        const auto before = readModelTensors(fixture(name.constData())), after = readModelTensors(target);
        QCOMPARE(after.size(), before.size());
        for (const auto& [tensorName, tensor] : before)
            QVERIFY2(at::equal(after.at(tensorName), tensor), tensorName.c_str());
        const Json config = readJsonFile(target / "config.json");
        QCOMPARE(config["architectures"][0].get<std::string>(),
            std::string(name == "reward" ? "LlamaForSequenceClassification" : "LlamaForCausalLM"));
        QCOMPARE(config["hidden_size"].get<int>(), 32);
    }

    void anExistingFolderIsReplacedAsAWhole()
    {
        const fs::path parent = fs::path(m_folder.path().toStdString()) / "replace", target = parent / "model";
        saveModel(loadModel(fixture("untied")), target);
        writeFileAtomically(target / "left over.txt", "from before");
        const Model other = loadModel(fixture("tied"));
        saveModel(other, target / ""); // a slash at the end
        QVERIFY(!fs::exists(target / "left over.txt"));
        QCOMPARE(modelDigest(loadModel(target)), modelDigest(other));
        QCOMPARE(std::distance(fs::directory_iterator(parent), fs::directory_iterator()), std::ptrdiff_t(1));

        // Where writing is impossible, one sentence comes and nothing is left.
        writeFileAtomically(parent / "a file", "x");
        QVERIFY_EXCEPTION_THROWN(saveModel(other, parent / "a file" / "model"), Error);
        QCOMPARE(std::distance(fs::directory_iterator(parent), fs::directory_iterator()), std::ptrdiff_t(2));
    }

    void copiesHaveWeightsOfTheirOwn()
    {
        Model model = loadModel(fixture("untied"));
        const std::string digest = modelDigest(model);
        const Model clone = cloneModel(model);
        QCOMPARE(modelDigest(clone), digest);
        model.parameters().front().second.add_(1.0);
        QVERIFY(modelDigest(model) != digest);
        QCOMPARE(modelDigest(clone), digest);

        const Model reward = rewardModelFrom(clone, 5);
        QVERIFY(reward.isReward());
        QVERIFY(!reward.parameters().empty() && reward.parameters().back().first == "score.weight");
        QCOMPARE(reward.parameterCount(), clone.parameterCount() - 96 * 32 + 32); // lm_head gives way to the head
        QVERIFY(at::equal(hidden(reward), hidden(clone)));
        QVERIFY(at::equal(rewardModelFrom(clone, 5).head, reward.head)
            && !at::equal(rewardModelFrom(clone, 6).head, reward.head));
        QCOMPARE(modelDigest(cloneModel(reward)), modelDigest(reward));
        const fs::path target = fs::path(m_folder.path().toStdString()) / "new reward";
        saveModel(reward, target);
        QCOMPARE(modelDigest(loadModel(target)), modelDigest(reward));
    }

    void randomModelsFollowTheirSeed()
    {
        const Json config {{"model_type", "llama"}, {"vocab_size", 300}, {"hidden_size", 64}, {"intermediate_size", 96},
            {"num_hidden_layers", 2}, {"num_attention_heads", 4}, {"num_key_value_heads", 2},
            {"initializer_range", 0.05}, {"mlp_bias", true}};
        const Model model = createModel(config, 4, nullptr);
        QCOMPARE(modelDigest(model), modelDigest(createModel(config, 4, nullptr)));
        QVERIFY(modelDigest(model) != modelDigest(createModel(config, 5, nullptr)));
        for (const auto& [name, tensor] : model.parameters()) {
            if (name.ends_with("norm.weight"))
                QVERIFY(at::equal(tensor, at::ones_like(tensor)));
            else if (name.ends_with("bias"))
                QVERIFY(at::equal(tensor, at::zeros_like(tensor)));
            else
                COMPARE_NEAR(tensor.std().item<double>(), 0.05,
                    0.05 * 4.0 / std::sqrt(2.0 * double(tensor.numel()))); // four standard errors
        }
        // D V + 2 layers of (q, o: D D; k, v: D D / 2; gate, up, down: D F with their biases; two norms) + norm +
        // lm_head
        QCOMPARE(
            model.parameterCount(), 64 * 300 + 2 * (3 * 64 * 64 + 3 * 64 * 96 + 96 + 96 + 64 + 2 * 64) + 64 + 64 * 300);
    }

    void gradientsReachTheMasterWeightsInBf16_data()
    {
        QTest::addColumn<int>("segments");
        QTest::newRow("few tokens") << 1;
        QTest::newRow("642 tokens, filled up to 672") << 107;
    }
    void gradientsReachTheMasterWeightsInBf16()
    {
        QFETCH(int, segments);
        Model model = loadModel(fixture("wide"));
        model.setRequiresGrad(true);
        const at::Tensor exact = hidden(model, segments);
        at::manual_seed(1);
        const at::Tensor direction = at::randn(exact.sizes());
        (exact * direction).sum().backward();
        std::vector<at::Tensor> expected;
        for (const auto& [name, tensor] : model.parameters())
            expected.push_back(tensor.grad().clone());
        model.setRequiresGrad(false);
        model.setRequiresGrad(true);
        model.trunk->computeType = ComputeType::BFloat16;
        const at::Tensor rounded = hidden(model, segments);
        QCOMPARE(rounded.scalar_type(), at::kFloat);
        QCOMPARE(rounded.sizes(), exact.sizes());
        const double difference = ((rounded - exact).norm() / exact.norm()).item<double>();
        QVERIFY2(difference > 1e-5 && difference < 0.03, qPrintable(QString::number(difference))); // bf16 has 8 bits
        (rounded * direction).sum().backward();
        std::size_t i = 0;
        for (const auto& [name, tensor] : model.parameters()) {
            const at::Tensor& reference = expected[i++];
            QCOMPARE(tensor.grad().scalar_type(), at::kFloat);
            const double angle
                = ((tensor.grad() * reference).sum() / (tensor.grad().norm() * reference.norm())).item<double>();
            QVERIFY2(angle > 0.99, qPrintable(QStringLiteral("%1: %2").arg(QString::fromStdString(name)).arg(angle)));
        }
    }

    /// transformers: the last token that is not the padding id (reference: modeling_layers.py of transformers 5.23).
    /// "auto" is bf16 where the processor has it, but not for narrow models.
    void typeOfTheProducts()
    {
        ModelConfig narrow, wide;
        narrow.hidden = 64;
        wide.hidden = 576;
        QVERIFY(computeTypeFor("auto", narrow) == ComputeType::Float32);
        QCOMPARE(computeTypeFor("auto", wide) == ComputeType::BFloat16, processorHasBFloat16());
        QVERIFY(computeTypeFor("bf16", narrow) == ComputeType::BFloat16);
        QVERIFY(computeTypeFor("fp32", wide) == ComputeType::Float32);
        QVERIFY_EXCEPTION_THROWN(computeTypeFor("fp16", wide), Error);
    }

    void paddingIsNotScored()
    {
        ModelConfig config;
        config.padId = 2;
        const auto length = [&](TokenIds ids) { return scoredLength(config, ids); };
        QCOMPARE(length({5, 6, 2}), std::int64_t(2));
        QCOMPARE(length({5, 2, 6}), std::int64_t(3));
        QCOMPARE(length({5, 2, 2}), std::int64_t(1));
        QCOMPARE(length({2, 2}), std::int64_t(0));
        config.padId = -1;
        QCOMPARE(length({5, 6, 2}), std::int64_t(3));
    }
};

QTEST_GUILESS_MAIN(TestModelFamily)
#include "tst_model_family.moc"

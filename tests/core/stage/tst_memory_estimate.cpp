// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What `mpo train --preflight` says against the peak of the resident set that the same training has then, each in a
// process of its own. The model is large enough (34 M parameters) that the program itself does not decide.
#include "core/model/model_folder.h"
#include "core/stage/memory_estimate.h"
#include "core/support/random.h"
#include "tests/common/program.h"

#include <QTest>

using namespace mpo;

class TestMemoryEstimate : public QObject
{
    Q_OBJECT

    static constexpr double kWithin = 0.15;

    Program m_program;

    static Json config()
    {
        return Json {{"architectures", {"LlamaForCausalLM"}}, {"model_type", "llama"}, {"vocab_size", 16000},
            {"hidden_size", 512}, {"intermediate_size", 1408}, {"num_hidden_layers", 8}, {"num_attention_heads", 8},
            {"num_key_value_heads", 4}, {"max_position_embeddings", 2048}, {"rms_norm_eps", 1e-5},
            {"rope_theta", 10000.0}, {"tie_word_embeddings", true}, {"hidden_act", "silu"}, {"initializer_range", 0.02},
            {"bos_token_id", nullptr}, {"eos_token_id", 0}, {"pad_token_id", 1}};
    }
    QList<QJsonObject> run(const QString& arguments) const
    {
        return m_program.run(arguments.split(QLatin1Char(' '))).rows();
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_program.isValid());
        saveModel(createModel(config(), 1, nullptr), m_program.path(QStringLiteral("model")).toStdString());
        saveModel(rewardModelFrom(createModel(config(), 1, nullptr), 1),
            m_program.path(QStringLiteral("reward")).toStdString());
        RandomStream random(3, "lengths");
        QByteArray rows;
        const auto ids = [&](std::int64_t count) {
            QByteArray text = "[2";
            for (std::int64_t i = 1; i < count; ++i)
                text += ',' + QByteArray::number(qint64(2 + random.below(15000)));
            return text + "]";
        };
        for (int i = 0; i < 16; ++i)
            rows += R"({"prompt_ids":)" + ids(40 + random.below(80)) + R"(,"chosen_ids":)" + ids(40 + random.below(120))
                + R"(,"rejected_ids":)" + ids(40 + random.below(120)) + "}\n";
        m_program.write(QStringLiteral("pairs.jsonl"), rows);
    }

    void withinFifteenPerCent_data()
    {
        QTest::addColumn<QString>("arguments");
        const auto row
            = [](const char* name, const char* arguments) { QTest::newRow(name) << QString::fromLatin1(arguments); };
        row("sft", "sft --batch-size 8");
        row("sft lora", "sft --batch-size 8 --lora-rank 16");
        row("sft accumulated", "sft --batch-size 4 --gradient-accumulation 2");
        row("reward", "reward --batch-size 8 --eval-share 0");
        row("reward lora", "reward --batch-size 8 --eval-share 0 --lora-rank 16");
        row("dpo", "dpo --batch-size 8");
        row("dpo lora", "dpo --batch-size 8 --lora-rank 16");
        row("dpo few", "dpo --batch-size 3 --lora-rank 16");
        row("dpo checkpointed", "dpo --batch-size 8 --gradient-checkpointing");
        row("dpo bf16", "dpo --batch-size 8 --dtype bf16");
        row("ppo lora",
            "ppo --reward-model reward --rollout-batch 8 --minibatch-size 8 --micro-batch 8 --max-new-tokens 32 "
            "--ppo-epochs 1 --lora-rank 16 --value-model policy");
        row("ppo",
            "ppo --reward-model reward --rollout-batch 8 --minibatch-size 8 --micro-batch 8 --max-new-tokens 32 "
            "--ppo-epochs 1");
    }

    void withinFifteenPerCent()
    {
        QFETCH(QString, arguments);
        const QString command = QStringLiteral("--project p.mpo --json train ") + arguments
            + QStringLiteral(" --model model --data pairs.jsonl --max-steps 2 --out made --restart");
        const auto told = run(command + QStringLiteral(" --preflight"));
        QCOMPARE(told.size(), 1);
        const double mib = 1024.0 * 1024.0, expected = number(told[0], "bytes") / mib;
        double peak = 0.0;
        for (const QJsonObject& step : run(command))
            peak = std::max(peak, step.value(QLatin1String("peak_rss_mb")).toDouble());
        QVERIFY(peak > 0.0);
        qInfo("told %.0f MB, measured %.0f MB (%+.1f %%)", expected, peak, 100.0 * (expected / peak - 1.0));
        QVERIFY(std::abs(expected / peak - 1.0) < kWithin);
    }

    void countsParameters()
    {
        const Model model = createModel(config(), 1, nullptr);
        const double counted = double(parameterCount(model.config())), real = double(model.parameterCount());
        QVERIFY(std::abs(counted / real - 1.0) < 0.001);
    }

    /// The largest micro-batch is the one that the loop meets, not the longest rows together.
    void largestBatchFollowsTheOrder()
    {
        std::vector<RowLengths> rows(6, RowLengths {1, 1, 1});
        rows[1] = rows[4] = {10, 10, 10};
        Settings settings(StageKind::Dpo);
        settings.set("batch_size", std::int64_t(2));
        settings.set("shuffle", false);
        QCOMPARE(largestMicroBatch(StageKind::Dpo, settings, rows).tokens, std::int64_t(33)); // (0,1) (2,3) (4,5)
        rows[5] = {10, 10, 10};
        QCOMPARE(largestMicroBatch(StageKind::Dpo, settings, rows).tokens, std::int64_t(60));
        settings.set("max_steps", std::int64_t(1)); // it never comes to them
        QCOMPARE(largestMicroBatch(StageKind::Dpo, settings, rows).tokens, std::int64_t(33));
    }

    void proposesWhatFits()
    {
        MemoryInput input;
        input.model = createModel(config(), 1, nullptr).config();
        input.settings.set("batch_size", std::int64_t(16));
        input.rows.assign(64, RowLengths {400, 200, 200});
        const std::int64_t needed = estimateMemory(input).total();
        const auto proposals = proposalsFor(input, needed / 2);
        QVERIFY(!proposals.empty() && proposals.front().fits);
        for (const MemoryProposal& proposal : proposals) {
            MemoryInput changed = input;
            for (const auto& [name, value] : proposal.settings)
                changed.settings.setFromText(name, value);
            QCOMPARE(estimateMemory(changed).total(), proposal.total);
            QCOMPARE(proposal.fits, proposal.total <= needed / 2);
            QCOMPARE(changed.settings.integer("batch_size") * changed.settings.integer("gradient_accumulation"),
                std::int64_t(16)); // the same examples to a step
        }
        for (const MemoryProposal& proposal : proposalsFor(input, 1))
            QVERIFY(!proposal.fits);
    }
};

QTEST_GUILESS_MAIN(TestMemoryEstimate)
#include "tst_memory_estimate.moc"

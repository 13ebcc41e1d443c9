// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/common/near.h"
#include "tests/parity/parity.h"

using namespace parity;

namespace {

constexpr double kTolerance = 2e-5; ///< as in tst_parity_models
constexpr double kMergedTolerance = 5e-5; ///< W + s B A is rounded once more

QString text(const QJsonObject& object, const char* key) { return object.value(QLatin1String(key)).toString(); }

} // namespace

/// LoRA folders of PEFT: beside their base, by themselves, merged; and what is no plain LoRA is refused.
class TestParityAdapters : public QObject
{
    Q_OBJECT

    Program m_program;
    QJsonObject m_adapters = readJson(fixture(QStringLiteral("adapters.json")));
    double m_worst = 0.0, m_worstMerged = 0.0;

    void addCases(const char* list) const
    {
        QTest::addColumn<QJsonObject>("adapter");
        for (const QJsonValue& value : m_adapters.value(QLatin1String(list)).toArray())
            QTest::newRow(qPrintable(text(value.toObject(), "name"))) << value.toObject();
    }
    /// base -> models/BASE, adapter -> adapters/NAME: then ../../models/BASE leads from one to the other.
    void addFolders(const QJsonObject& adapter) const
    {
        for (const auto& [kind, key] : {std::pair {"models/", "base"}, {"adapters/", "folder"}}) {
            const QString folder = QLatin1String(kind) + text(adapter, key);
            copyFolder(fixture(folder), m_program.path(folder));
        }
    }
    static QString base(const QJsonObject& adapter) { return QStringLiteral("models/") + text(adapter, "base"); }
    static QString folder(const QJsonObject& adapter) { return QStringLiteral("adapters/") + text(adapter, "folder"); }
    static bool isReward(const QJsonObject& adapter) { return text(adapter, "kind") == QLatin1String("reward"); }

    Result run(const QString& arguments) const { return m_program.run(arguments.split(QLatin1Char(' '))); }
    /// Log-probs or scores of the rows by a model, named as on the command line, against those of PEFT.
    double difference(const QJsonObject& adapter, const QString& model)
    {
        const Result result = run((isReward(adapter) ? QStringLiteral("score") : QStringLiteral("logprobs"))
            + QStringLiteral(" --json --data rows.jsonl --model ") + model);
        if (result.status != 0) {
            qWarning("%s", result.err.constData());
            return HUGE_VAL;
        }
        return worstOfPair(result.rows(), isReward(adapter) ? "_score" : "_logprob", adapter);
    }

private Q_SLOTS:
    void initTestCase();
    void besideItsBase_data() { addCases("cases"); }
    void besideItsBase();
    void byItself_data() { addCases("cases"); }
    void byItself();
    void merged_data() { addCases("cases"); }
    void merged();
    void decodes_data() { addCases("cases"); }
    void decodes();
    void trains();
    void refuses_data() { addCases("refused"); }
    void refuses();
    void cleanupTestCase();
};

void TestParityAdapters::initTestCase()
{
    QVERIFY(m_program.isValid());
    m_program.write(QStringLiteral("rows.jsonl"), jsonLines(m_adapters.value(QLatin1String("rows")).toArray()));
    for (const char* list : {"cases", "refused"})
        for (const QJsonValue& adapter : m_adapters.value(QLatin1String(list)).toArray())
            addFolders(adapter.toObject());
}

void TestParityAdapters::besideItsBase()
{
    QFETCH(QJsonObject, adapter);
    const double worst = difference(adapter, base(adapter) + QStringLiteral(" --adapter ") + folder(adapter));
    m_worst = qMax(m_worst, worst);
    COMPARE_NEAR(worst, 0.0, kTolerance);
}

/// The base is found by the adapter's configuration: relative to its folder, or absolute.
void TestParityAdapters::byItself()
{
    QFETCH(QJsonObject, adapter);
    COMPARE_NEAR(difference(adapter, folder(adapter)), 0.0, kTolerance);
    const QString moved = QStringLiteral("moved_") + text(adapter, "folder");
    copyFolder(m_program.path(folder(adapter)), m_program.path(moved));
    changeJson(m_program.path(moved + QStringLiteral("/adapter_config.json")),
        {{QStringLiteral("base_model_name_or_path"), m_program.path(base(adapter))}});
    COMPARE_NEAR(difference(adapter, moved), 0.0, kTolerance);
}

void TestParityAdapters::merged()
{
    QFETCH(QJsonObject, adapter);
    const QString out = QStringLiteral("./merged_") + text(adapter, "name");
    const Result result = run(QStringLiteral("model export --merge ") + folder(adapter) + QLatin1Char(' ') + out);
    QVERIFY2(result.status == 0, result.err.constData());
    QVERIFY(!QFile::exists(m_program.path(out + QStringLiteral("/adapter_config.json"))));
    const double worst = difference(adapter, out);
    m_worstMerged = qMax(m_worstMerged, worst);
    COMPARE_NEAR(worst, 0.0, kMergedTolerance);
}

void TestParityAdapters::decodes()
{
    QFETCH(QJsonObject, adapter);
    if (isReward(adapter))
        return;
    const QJsonArray all = m_adapters.value(QLatin1String("rows")).toArray();
    QJsonArray prompts;
    for (const QJsonValue& row : adapter.value(QLatin1String("greedy_rows")).toArray())
        prompts.append(QJsonObject {
            {QStringLiteral("prompt_ids"), all[row.toInt()].toObject().value(QLatin1String("prompt_ids"))}});
    m_program.write(QStringLiteral("prompts.jsonl"), jsonLines(prompts));
    const Result result = run(QStringLiteral("sample --json --greedy --max-new-tokens 24 --data prompts.jsonl --model ")
        + base(adapter) + QStringLiteral(" --adapter ") + folder(adapter));
    QVERIFY2(result.status == 0, result.err.constData());
    const auto rows = result.rows();
    const QJsonArray expected = adapter.value(QLatin1String("greedy")).toArray();
    QCOMPARE(rows.size(), expected.size());
    for (qsizetype i = 0; i < rows.size(); ++i)
        QCOMPARE(rows[i].value(QLatin1String("ids")).toArray(), expected[i].toArray());
}

/// A new LoRA is written as a PEFT folder; by itself, and merged, it computes the same.
void TestParityAdapters::trains()
{
    const Result trained = run(
        QStringLiteral("train dpo --json --model models/llama --data rows.jsonl --out ./new --project p.mpo "
                       "--set lora_rank=2 lora_alpha=4 lora_targets=q_proj,v_proj learning_rate=0.05 max_steps=4"));
    QVERIFY2(trained.status == 0, trained.err.constData());
    QVERIFY(QFile::exists(m_program.path(QStringLiteral("new/adapter_model.safetensors"))));
    QVERIFY(!QFile::exists(m_program.path(QStringLiteral("new/model.safetensors"))));
    const QJsonObject config = readJson(m_program.path(QStringLiteral("new/adapter_config.json")));
    QCOMPARE(text(config, "peft_type"), QStringLiteral("LORA"));
    QCOMPARE(text(config, "task_type"), QStringLiteral("CAUSAL_LM"));
    QCOMPARE(config.value(QLatin1String("r")).toInt(), 2);
    QCOMPARE(config.value(QLatin1String("lora_alpha")).toDouble(), 4.0);

    const auto logProbs = [&](const char* model) {
        const Result result = run(QStringLiteral("logprobs --json --data rows.jsonl --model ") + QLatin1String(model));
        return column(result.rows(), QStringLiteral("chosen_logprob"));
    };
    const QList<double> by = logProbs("new"), beside = logProbs("models/llama --adapter new"),
                        before = logProbs("models/llama");
    QCOMPARE(run(QStringLiteral("model export --merge new ./new_merged")).status, 0);
    const QList<double> after = logProbs("new_merged");
    QCOMPARE(by.size(), before.size());
    double change = 0.0;
    for (qsizetype i = 0; i < by.size(); ++i) {
        COMPARE_NEAR(beside[i], by[i], 1e-9);
        COMPARE_NEAR(after[i], by[i], kMergedTolerance * qMax(1.0, std::abs(by[i])));
        change = qMax(change, std::abs(by[i] - before[i]));
    }
    QVERIFY2(change > 0.1, "training has changed nothing");
}

void TestParityAdapters::refuses()
{
    QFETCH(QJsonObject, adapter);
    static const QMap<QString, QByteArray> says {{QStringLiteral("dora"), "use_dora"},
        {QStringLiteral("bias"), "\"bias\""}, {QStringLiteral("lora_bias"), "lora_bias"},
        {QStringLiteral("lm_head"), "lm_head"}, {QStringLiteral("ia3"), "IA3"}};
    for (const QString& model : {base(adapter) + QStringLiteral(" --adapter ") + folder(adapter), folder(adapter)}) {
        const Result result = run(QStringLiteral("logprobs --data rows.jsonl --model ") + model);
        QCOMPARE(result.status, 1);
        QVERIFY2(result.isOneSentence(), result.err.constData());
        QVERIFY2(result.err.contains(says.value(text(adapter, "name"))), result.err.constData());
        QVERIFY2(result.err.contains(text(adapter, "folder").toUtf8()), result.err.constData());
    }
}

void TestParityAdapters::cleanupTestCase()
{
    qInfo("worst relative difference: %.1e, merged %.1e", m_worst, m_worstMerged);
}

QTEST_GUILESS_MAIN(TestParityAdapters)
#include "tst_parity_adapters.moc"

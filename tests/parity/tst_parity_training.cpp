// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/parity/parity.h"

#include <QMap>

using namespace parity;

namespace {

constexpr int kPad = 0, kEos = 2; ///< of the tokenizer
/// Of loss, gradient norm and log-probs, relative to their size; README.md has what is measured.
constexpr double kTolerance = 2e-4;
/// Rewards and scores are differences of larger numbers: relative to 1 where they are smaller.
bool isDifference(const QString& metric)
{
    return metric.startsWith(QLatin1String("rewards/")) || metric == QLatin1String("margin")
        || metric.endsWith(QLatin1String("_reward"));
}
/// The bias of gpt2's last norm adds the same to every score: its gradient is 0 but for rounding, which AdamW blows up
/// to steps of any direction. Where scores lie is thus open, by up to the learning rate a step; their differences are
/// not.
constexpr double kLevelTolerance = 1e-3;
double toleranceOf(const QString& metric, const QJsonObject& trace)
{
    const bool isLevel = metric.endsWith(QLatin1String("_reward"));
    const bool drifts = trace.value(QLatin1String("base")).toString().startsWith(QLatin1String("gpt"));
    return isLevel && drifts ? kLevelTolerance : kTolerance;
}
/// With a margin so small, which side is larger is a matter of rounding; TRL's first DPO step has only such.
constexpr double kNoMargin = 1e-3;

} // namespace

/// Six steps of SFT, reward model and DPO against TRL's logs.
class TestParityTraining : public QObject
{
    Q_OBJECT

    Program m_program;
    QJsonObject m_traces = readJson(fixture(QStringLiteral("traces.json")));
    QMap<QString, double> m_worst; ///< by metric

    /// `pad`: what config.json says; TRL takes the tokenizer's padding, else EOS, whatever it is.
    QString folderOf(const QString& base, bool padded, const QJsonValue& pad) const
    {
        const QString folder = m_program.path(base + (padded ? QString() : QStringLiteral("_no_pad")));
        copyFolder(fixture(QStringLiteral("models/") + base), folder);
        // The traces were made with the tokenizer's EOS.
        QFile::remove(folder + QStringLiteral("/generation_config.json"));
        changeJson(folder + QStringLiteral("/config.json"),
            {{QStringLiteral("eos_token_id"), kEos}, {QStringLiteral("pad_token_id"), pad}});
        addTokenizer(folder, padded ? Padding::Token : Padding::None);
        return folder;
    }
    QString adapterOf(const QString& adapter, const QString& base) const
    {
        const QString folder = m_program.path(adapter);
        copyFolder(fixture(QStringLiteral("adapters/") + adapter), folder);
        changeJson(
            folder + QStringLiteral("/adapter_config.json"), {{QStringLiteral("base_model_name_or_path"), base}});
        return folder;
    }
    QStringList commandOf(const QJsonObject& trace) const
    {
        const auto text = [&](const char* key) { return trace.value(QLatin1String(key)).toString(); };
        const QString base = folderOf(
            text("base"), trace.value(QLatin1String("pad")).toBool(), trace.value(QLatin1String("config_pad")));
        const QString rows = text("rows").isEmpty() ? text("stage") : text("rows");
        QStringList command {QStringLiteral("train"), text("stage"), QStringLiteral("--json"),
            QStringLiteral("--model"), base, QStringLiteral("--data"), rows + QStringLiteral(".jsonl"),
            QStringLiteral("--out"), text("name"), QStringLiteral("--project"), QStringLiteral("p.mpo"),
            QStringLiteral("--restart"), QStringLiteral("--set")};
        const QJsonObject settings = trace.value(QLatin1String("settings")).toObject();
        for (auto setting = settings.begin(); setting != settings.end(); ++setting)
            command.append(setting.key() + QLatin1Char('=') + setting.value().toVariant().toString());
        if (!text("reference").isEmpty())
            command << QStringLiteral("--reference") << folderOf(text("reference"), true, kPad);
        if (!text("adapter").isEmpty())
            command << QStringLiteral("--adapter") << adapterOf(text("adapter"), base);
        return command;
    }
    void addCases(const QString& stage) const
    {
        QTest::addColumn<QJsonObject>("trace");
        for (const QJsonValue& value : m_traces.value(QLatin1String("cases")).toArray()) {
            QJsonObject trace = value.toObject();
            const QString name = trace.value(QLatin1String("name")).toString();
            if (trace.value(QLatin1String("stage")).toString() != stage)
                continue;
            const auto add = [&](const char* variant, const QJsonValue& pad) {
                trace.insert(QStringLiteral("config_pad"), pad);
                QTest::newRow(qPrintable(name + QLatin1String(variant))) << trace;
            };
            if (trace.value(QLatin1String("pad")).toBool()) {
                add("", kPad);
                continue;
            }
            add(", EOS in config.json", kEos);
            add(", none in config.json", {});
            add(", another in config.json", kPad);
        }
    }
    void compare(const QJsonObject& trace);

private Q_SLOTS:
    void initTestCase();
    void sft_data() { addCases(QStringLiteral("sft")); }
    void sft();
    void reward_data() { addCases(QStringLiteral("reward")); }
    void reward();
    void dpo_data() { addCases(QStringLiteral("dpo")); }
    void dpo();
    void cleanupTestCase();
};

void TestParityTraining::initTestCase()
{
    QVERIFY(m_program.isValid());
    QJsonArray completions, texts;
    const QJsonArray rows = m_traces.value(QLatin1String("rows")).toArray();
    for (const QJsonValue& row : rows)
        completions.append(QJsonObject {{QStringLiteral("prompt"), row.toObject().value(QLatin1String("prompt"))},
            {QStringLiteral("completion"), row.toObject().value(QLatin1String("chosen"))}});
    for (const QJsonValue& row : rows) {
        QString text = row.toObject().value(QLatin1String("prompt")).toString()
            + row.toObject().value(QLatin1String("chosen")).toString();
        if (text.endsWith(QLatin1String("</s>")))
            text.chop(4); // as make_parity.py wrote the rows of "sft_text"
        texts.append(QJsonObject {{QStringLiteral("text"), text}});
    }
    m_program.write(QStringLiteral("text.jsonl"), jsonLines(texts));
    m_program.write(QStringLiteral("dpo.jsonl"), jsonLines(rows));
    m_program.write(QStringLiteral("reward.jsonl"), jsonLines(rows));
    m_program.write(QStringLiteral("sft.jsonl"), jsonLines(completions));
}

void TestParityTraining::compare(const QJsonObject& trace)
{
    const Result result = m_program.run(commandOf(trace));
    QVERIFY2(result.status == 0, result.err.constData());
    const QList<QJsonObject> rows = result.rows();
    const QJsonArray steps = trace.value(QLatin1String("steps")).toArray();
    QCOMPARE(rows.size(), steps.size() + 1); // the last line says that the run has ended
    for (qsizetype i = 0; i < steps.size(); ++i) {
        const QJsonObject expected = steps[i].toObject();
        for (auto metric = expected.begin(); metric != expected.end(); ++metric) {
            if (metric.key() == QLatin1String("rewards/accuracies")
                && std::abs(number(expected, "rewards/margins")) < kNoMargin)
                continue;
            if (metric.key() == QLatin1String("num_tokens") && !trace.value(QLatin1String("pad")).toBool())
                continue;
            const double wanted = metric.value().toDouble(), found = number(rows[i], metric.key());
            const double scale = isDifference(metric.key()) ? qMax(1.0, std::abs(wanted)) : std::abs(wanted);
            const double difference = found == wanted ? 0.0 : std::abs(found - wanted) / scale;
            QVERIFY2(difference <= toleranceOf(metric.key(), trace),
                qPrintable(QStringLiteral("step %1, %2: %3 instead of %4 (relative difference %5)")
                               .arg(i + 1)
                               .arg(metric.key())
                               .arg(found, 0, 'g', 9)
                               .arg(wanted, 0, 'g', 9)
                               .arg(difference, 0, 'g', 2)));
            m_worst[metric.key()] = qMax(m_worst[metric.key()], difference);
        }
    }
}

void TestParityTraining::sft()
{
    QFETCH(QJsonObject, trace);
    compare(trace);
}

void TestParityTraining::reward()
{
    QFETCH(QJsonObject, trace);
    compare(trace);
}

void TestParityTraining::dpo()
{
    QFETCH(QJsonObject, trace);
    compare(trace);
}

void TestParityTraining::cleanupTestCase()
{
    for (auto metric = m_worst.constBegin(); metric != m_worst.constEnd(); ++metric)
        qInfo("worst relative difference of %s: %.1e", qPrintable(metric.key()), metric.value());
}

QTEST_GUILESS_MAIN(TestParityTraining)
#include "tst_parity_training.moc"
